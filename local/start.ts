import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { systemClock } from '../shared/base/clock.ts';
import { type Log, silentLog } from '../shared/base/log.ts';
import { openLocalRuntime } from '../shared/runtime/local-runtime.ts';

export type StartOptions = {
  /** Folder of the data. Without it everything is in memory and gone with the process. */
  data?: string;
  /** The address to listen on. Default 127.0.0.1: nothing is authenticated here. */
  host?: string;
  /** 0 takes a free port. Default 0. */
  restPort?: number;
  /** `num.partitions` of topics that are created without a number. Default 1. */
  defaultPartitions?: number;
  /** Origins that browsers may call from; `*` for any. Default none. */
  corsOrigins?: readonly string[];
  log?: Log;
};

/** A running Millrace. */
export type Running = {
  /** Where the HTTP door is, e.g. `http://127.0.0.1:8082`. */
  readonly restUrl: string;
  /** Answers what is in flight, ends the jobs and closes the stores. May be called twice. */
  stop(): Promise<void>;
};

/** Requests in flight have this long to end when the process stops; what waits for records is cut then. */
const graceMs = 1_000;

/**
 * Runs Millrace in this process: the HTTP door, the log and the background jobs. Rejects with a message that
 * says what to do when the port is taken or the data folder cannot be used.
 */
export async function start(options: StartOptions = {}): Promise<Running> {
  const host = options.host ?? '127.0.0.1';
  const bound = { host, restPort: options.restPort ?? 0 };
  const runtime = await openLocalRuntime({
    folder: options.data,
    address: () => bound,
    log: options.log ?? silentLog,
    ...(options.defaultPartitions === undefined ? {} : { defaultPartitions: options.defaultPartitions }),
    ...(options.corsOrigins === undefined ? {} : { corsOrigins: options.corsOrigins }),
  });
  const server = httpServer((request) => runtime.rest.fetch(request));
  try {
    bound.restPort = await listen(server, host, bound.restPort);
  } catch (error) {
    await runtime.close();
    throw error;
  }
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await closeServer(server);
    await runtime.close();
  };
  const urlHost = host.includes(':') ? `[${host}]` : host;
  return {
    restUrl: `http://${urlHost}:${bound.restPort}`,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/**
 * One request may last: a client streams records for as long as it likes, so only the headers have a time
 * limit.
 */
function httpServer(serve: (request: Request) => Promise<Response>): Server {
  const listener = getRequestListener(serve, { errorHandler: notUnderstood, overrideGlobalObjects: false });
  return createServer({ requestTimeout: 0, keepAliveTimeout: 30_000 }, listener);
}

/** What is no HTTP request that a URL could be made of. */
function notUnderstood(): Response {
  const message = 'The request cannot be understood: its path or its Host header is not valid.';
  return Response.json({ error_code: 400, message }, { status: 400 });
}

/** Resolves with the port that is listened on. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, host, port)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken: stop what listens there, or choose another with --rest-port.`,
    EACCES: `This user may not listen on port ${port}: choose one above 1023 with --rest-port.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: choose another with --host.`,
    ENOTFOUND: `There is no host named ${host}: choose another with --host.`,
  };
  return new Error(reasons[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const inTime = new AbortController();
  const cut = systemClock.sleep(graceMs, inTime.signal).then(() => server.closeAllConnections());
  await closed;
  inTime.abort();
  await cut;
}

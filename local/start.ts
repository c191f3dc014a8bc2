import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { Budget } from '../gateway/budget.ts';
import { defaultGatewayLimits } from '../gateway/limits.ts';
import { type Listener, listen } from '../gateway/listener.ts';
import { systemClock } from '../shared/base/clock.ts';
import { type Log, silentLog } from '../shared/base/log.ts';
import type { Broker } from '../shared/broker/broker.ts';
import type { BrokerNode } from '../shared/broker/broker-context.ts';
import { type LocalRuntimeOptions, openLocalRuntime } from '../shared/runtime/local-runtime.ts';

export type StartOptions = {
  /** Folder of the data. Without it everything is in memory and gone with the process. */
  data?: string;
  /** The address to listen on. Default 127.0.0.1: nothing is authenticated here. */
  host?: string;
  /**
   * The address that Kafka clients are told to connect to. Default: `host`, or 127.0.0.1 where that means
   * all.
   */
  advertisedHost?: string;
  /** 0 takes a free port. Default 0. */
  restPort?: number;
  /** The first broker's port; further brokers take the next ones. 0 takes free ports. Default 0. */
  kafkaPort?: number;
  /** How many brokers, each with a listener of its own, share the partitions. Default 1. */
  brokers?: number;
  /** `num.partitions` of topics that are created without a number. Default 1. */
  defaultPartitions?: number;
  /** What is chosen about groups, e.g. `consumerSessionTimeoutMs`; the rest is Kafka's default. */
  groupSettings?: NonNullable<LocalRuntimeOptions['groupSettings']>;
  /** Origins that browsers may call from; `*` for any. Default none. */
  corsOrigins?: readonly string[];
  log?: Log;
};

/** A running Millrace. */
export type Running = {
  /** Where the HTTP door is, e.g. `http://127.0.0.1:8082`. */
  readonly restUrl: string;
  /** Where Kafka clients begin, e.g. `127.0.0.1:9092`; several are joined by commas. */
  readonly bootstrapServers: string;
  /** Closes one broker's listener, as if that broker had died: the others take over its partitions. */
  stopBroker(brokerId: number): Promise<void>;
  /** Answers what is in flight, ends the jobs and closes the stores. May be called twice. */
  stop(): Promise<void>;
};

type FetchCallback = Parameters<typeof getRequestListener>[0];

/** Requests in flight have this long to end when the process stops; what waits for records is cut then. */
const graceMs = 1_000;

/**
 * Runs Millrace in this process: the HTTP door, the log and the background jobs. Rejects with a message that
 * says what to do when the port is taken or the data folder cannot be used.
 */
export async function start(options: StartOptions = {}): Promise<Running> {
  const { host = '127.0.0.1', log = silentLog } = options;
  const nodes: BrokerNode[] = [];
  const runtime = await openLocalRuntime({
    folder: options.data,
    nodes: () => nodes,
    log,
    ...chosen(options),
  });
  const server = httpServer((request, body) => runtime.rest.fetch(request, undefined, body));
  const listeners = new Map<number, Listener>();
  const stop = async (): Promise<void> => {
    await Promise.all([
      closeServer(server),
      ...[...listeners.values()].map((listener) => listener.stop(graceMs)),
    ]);
    await runtime.close();
  };
  try {
    await openListeners(options, runtime.broker, nodes, listeners);
    const restPort = await listenHttp(server, host, options.restPort ?? 0);
    let stopped: Promise<void> | undefined;
    return {
      restUrl: `http://${inUrl(host)}:${restPort}`,
      bootstrapServers: nodes.map(({ host: name, port }) => `${inUrl(name)}:${port}`).join(','),
      stopBroker: async (brokerId) => {
        runtime.cluster.stop(brokerId);
        await listeners.get(brokerId)?.stop(0);
        listeners.delete(brokerId);
      },
      stop: () => {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const chosen = ({ defaultPartitions, groupSettings, corsOrigins }: StartOptions) => ({
  ...(defaultPartitions === undefined ? {} : { defaultPartitions }),
  ...(groupSettings === undefined ? {} : { groupSettings }),
  ...(corsOrigins === undefined ? {} : { corsOrigins }),
});

/** One listener a broker, on neighbouring ports. */
async function openListeners(
  options: StartOptions,
  broker: Broker,
  nodes: BrokerNode[],
  listeners: Map<number, Listener>,
): Promise<void> {
  const { host = '127.0.0.1', kafkaPort = 0, brokers = 1, log = silentLog } = options;
  const isAnyAddress = host === '0.0.0.0' || host === '::';
  const advertised = options.advertisedHost ?? (isAnyAddress ? '127.0.0.1' : host);
  const budget = new Budget(defaultGatewayLimits.totalBytesMax);
  for (let brokerId = 1; brokerId <= brokers; brokerId++) {
    const port = kafkaPort === 0 ? 0 : kafkaPort + brokerId - 1;
    const world = { budget, clock: systemClock, log };
    const listener = await listen({ broker, brokerId, host, port, ...world }).catch((error) => {
      throw explained(error, host, port, '--kafka-port');
    });
    listeners.set(brokerId, listener);
    nodes.push({ id: brokerId, host: advertised, port: listener.port, rack: null });
  }
}

/**
 * One request may last: a client streams records for as long as it likes, so only the headers have a time
 * limit.
 */
function httpServer(serve: (request: Request, body?: Body) => Promise<Response>): Server {
  const answer: FetchCallback = (request, env) => serve(request, bodyOfGet(env));
  // HTTP/1.0 has no Host; in HTTP/1.1 Node refuses a request without one.
  const options = { hostname: 'localhost', errorHandler: notUnderstood, overrideGlobalObjects: false };
  const listener = getRequestListener(answer, options);
  return createServer({ requestTimeout: 0, keepAliveTimeout: 30_000 }, listener);
}

type Body = () => ReadableStream<Uint8Array>;

/** The REST Proxy has a GET with a body, which a `Request` cannot carry. */
function bodyOfGet({ incoming }: Parameters<FetchCallback>[1]): Body | undefined {
  const isGet = incoming.method === 'GET' || incoming.method === 'HEAD';
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = incoming.headers;
  const hasBody = encoding !== undefined || Number(length) > 0;
  return isGet && hasBody
    ? () => Readable.toWeb(incoming as IncomingMessage) as ReadableStream<Uint8Array>
    : undefined;
}

/** What is no HTTP request that a URL could be made of. */
function notUnderstood(): Response {
  const message = 'The request cannot be understood: its path or its Host header is not valid.';
  return Response.json({ error_code: 400, message }, { status: 400 });
}

/** Resolves with the port that is listened on. */
function listenHttp(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(explained(error, host, port, '--rest-port')),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function explained(error: NodeJS.ErrnoException, host: string, port: number, flag: string): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken: stop what listens there, or choose another with ${flag}.`,
    EACCES: `This user may not listen on port ${port}: choose one above 1023 with ${flag}.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: choose another with --host.`,
    ENOTFOUND: `There is no host named ${host}: choose another with --host.`,
  };
  return new Error(reasons[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const inTime = new AbortController();
  const cut = systemClock.sleep(graceMs, inTime.signal).then(() => server.closeAllConnections());
  await closed;
  inTime.abort();
  await cut;
}

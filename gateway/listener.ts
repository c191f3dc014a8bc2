import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../shared/base/clock.ts';
import type { Log } from '../shared/base/log.ts';
import type { Broker } from '../shared/broker/broker.ts';
import { Budget } from './budget.ts';
import { Connection } from './connection.ts';
import { type GatewayLimits, gatewayLimits } from './limits.ts';

export type ListenerOptions = {
  readonly broker: Pick<Broker, 'serve'>;
  readonly brokerId: number;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits?: Partial<GatewayLimits>;
  /**
   * Shared by the listeners of a process, so that they keep to `totalBytesMax` together. Default: one of its
   * own.
   */
  readonly budget?: Budget;
  readonly clock: Clock;
  readonly log: Log;
};

/** A Kafka port that is listened on. */
export type Listener = {
  readonly port: number;
  /** Open connections, and the bytes of requests and unread answers that they hold. */
  readonly connections: number;
  readonly heldBytes: number;
  /** Answers what is in flight, for `graceMs` at most, and closes every connection. */
  stop(graceMs: number): Promise<void>;
};

const idleCheckMs = 1_000;

/** Listens for Kafka clients. Rejects with the system's error when it cannot. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const limits = gatewayLimits(options.limits);
  const connections = new Set<Connection>();
  const budget = options.budget ?? new Budget(limits.totalBytesMax);
  const server = createServer((socket) => accept(socket, options, limits, budget, connections));
  const port = await opened(server, options);
  const stopping = new AbortController();
  const watching = closeIdleOnes(options.clock, connections, stopping.signal);
  server.on('error', (error) => options.log.error('a connection could not be accepted', { error }));
  return {
    port,
    get connections() {
      return connections.size;
    },
    get heldBytes() {
      return budget.heldBytes;
    },
    stop: async (graceMs) => {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await endConnections(options.clock, connections, graceMs);
      await Promise.all([closed, watching]);
    },
  };
}

function accept(
  socket: Socket,
  { broker, brokerId, clock, log }: ListenerOptions,
  limits: GatewayLimits,
  budget: Budget,
  connections: Set<Connection>,
): void {
  const clientHost = socket.remoteAddress ?? 'unknown';
  if (connections.size >= limits.connectionsMax) {
    log.warn('too many connections: one is refused', {
      client: clientHost,
      connectionsMax: limits.connectionsMax,
    });
    socket.on('error', () => {});
    socket.destroy();
    return;
  }
  const caller = { principal: 'User:ANONYMOUS', clientHost, brokerId };
  const connection = new Connection({ socket, broker, caller, limits, budget, clock, log });
  connections.add(connection);
  void connection.closed.then(() => connections.delete(connection));
}

function opened(server: Server, { host, port }: ListenerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

async function closeIdleOnes(
  clock: Clock,
  connections: ReadonlySet<Connection>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(idleCheckMs, signal);
    for (const connection of connections) connection.closeIfIdle();
  }
}

async function endConnections(
  clock: Clock,
  connections: ReadonlySet<Connection>,
  graceMs: number,
): Promise<void> {
  const inTime = new AbortController();
  const cut = clock.sleep(graceMs, inTime.signal).then(() => {
    for (const connection of connections) connection.destroy();
  });
  await Promise.all(
    [...connections].map((connection) => {
      void connection.finish();
      return connection.closed;
    }),
  );
  inTime.abort();
  await cut;
}

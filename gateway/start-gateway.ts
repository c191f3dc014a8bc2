import { systemClock } from '../shared/base/clock.ts';
import { type Log, silentLog } from '../shared/base/log.ts';
import { type AwsDataOptions, openAwsGateway } from '../shared/runtime/aws-gateway.ts';
import type { GatewayRuntime } from '../shared/runtime/gateway-runtime.ts';
import { openInvokeGateway } from './invoke/open-invoke-gateway.ts';
import type { GatewayLimits } from './limits.ts';
import { type Listener, listen } from './listener.ts';

export type GatewayOptions = AwsDataOptions & {
  /**
   * `direct`: the broker runs in this process, with the caller's rights on table and bucket. `invoke`: the
   * functions of the stack serve, and this process needs no right but to invoke them. Default `direct`.
   */
  readonly mode?: 'direct' | 'invoke';
  /** The address to listen on. Default 127.0.0.1: nothing is authenticated here. */
  readonly host?: string;
  /** 0 takes a free one. Default 9092. */
  readonly port?: number;
  /** Where clients are told to connect to. Default: `host`, or 127.0.0.1 where that means all. */
  readonly advertisedHost?: string;
  /** Default: the port that is listened on. */
  readonly advertisedPort?: number;
  /**
   * Find the other gateways on the same table and share the partitions with them. Default: advertise only
   * this one. Needs an address that clients of the others reach.
   */
  readonly cluster?: boolean;
  /** Default: 1 alone, any free id in a cluster. */
  readonly brokerId?: number;
  /** `num.partitions` of topics that are created without a number. Default 1. */
  readonly defaultPartitions?: number;
  /**
   * `produce.linger.ms`: batches wait so long for those of other connections and partitions, to share an
   * object and updates with them. Default 0.
   */
  readonly lingerMs?: number;
  /** Memory from which what passed through in the last minutes is served. Default 256 MB; 0: none. */
  readonly cacheBytesMax?: number;
  /**
   * `gateway.heartbeat.hold.ms`: so long a member of a classic group is told that all is well without another
   * look; a sixth of its session or rebalance timeout at most. Default 0.
   */
  readonly heartbeatHoldMs?: number;
  readonly limits?: Partial<GatewayLimits>;
  readonly log?: Log;
};

export type RunningGateway = {
  /** Where clients are told to connect to, e.g. `127.0.0.1:9092`. */
  readonly bootstrapServers: string;
  /** May change in a cluster, when the lease on the id was lost. */
  readonly brokerId: number;
  /** Resolves with the reason when this gateway can no longer be the broker that it must be. */
  readonly lost: Promise<Error>;
  /** Leaves the cluster, answers what is in flight, closes everything. May be called twice. */
  stop(): Promise<void>;
};

/** Options that do not fit together. */
export class GatewayMisconfigured extends Error {
  override name = 'GatewayMisconfigured';
}

/** Requests in flight have this long to end when the process stops; what waits for records is cut then. */
const graceMs = 1_000;
const defaultPort = 9092;

/**
 * Opens a Kafka port on a Millrace in AWS. Rejects with a message that says what to do when the options do
 * not fit, the data cannot be used, the port is taken or the broker id is.
 */
export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const advertisedHost = advertisedHostOf(options);
  const runtime = await openRuntime(options);
  const { membership } = runtime;
  let listener: Listener | undefined;
  const stop = async (): Promise<void> => {
    await membership.leave();
    await listener?.stop(graceMs);
    await runtime.close();
  };
  try {
    const { port = defaultPort, advertisedPort } = options;
    // Where the port is known it is advertised first: whoever connects meets a broker that knows itself.
    if (port === 0) listener = await open(options, runtime);
    const address = { host: advertisedHost, port: advertisedPort ?? listener?.port ?? port };
    await membership.join(address);
    listener ??= await open(options, runtime);
    let stopped: Promise<void> | undefined;
    return {
      bootstrapServers: `${inUrl(address.host)}:${address.port}`,
      get brokerId() {
        return membership.brokerId;
      },
      lost: membership.lost,
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

/** The one place where the modes part. */
function openRuntime({ mode = 'direct', cluster = false, log = silentLog, ...options }: GatewayOptions) {
  if (mode === 'direct') return openAwsGateway({ ...options, inCluster: cluster, log });
  if (cluster)
    throw new GatewayMisconfigured('In mode invoke a gateway advertises only itself: leave --cluster out.');
  return openInvokeGateway({ ...options, log });
}

function open(options: GatewayOptions, { broker, membership }: GatewayRuntime): Promise<Listener> {
  const { host = '127.0.0.1', port = defaultPort, limits, log = silentLog } = options;
  const listening = listen({
    broker,
    get brokerId() {
      return membership.brokerId;
    },
    host,
    port,
    clock: systemClock,
    log,
    ...(limits === undefined ? {} : { limits }),
  });
  return listening.catch((error: NodeJS.ErrnoException) => {
    throw explained(error, host, port);
  });
}

function advertisedHostOf({ host = '127.0.0.1', advertisedHost, cluster = false }: GatewayOptions): string {
  if (advertisedHost !== undefined) return advertisedHost;
  const isAnyAddress = host === '0.0.0.0' || host === '::';
  if (cluster && isAnyAddress) {
    const why = 'clients of the other gateways are sent to it';
    throw new GatewayMisconfigured(`In a cluster the gateway needs an address (--advertised-host): ${why}.`);
  }
  return isAnyAddress ? '127.0.0.1' : host;
}

const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken: stop what listens there, or choose another with --port.`,
    EACCES: `This user may not listen on port ${port}: choose one above 1023 with --port.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: choose another with --host.`,
    ENOTFOUND: `There is no host named ${host}: choose another with --host.`,
  };
  return new Error(reasons[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { Broker } from '../broker/broker.ts';
import { defaultBrokerSettings } from '../broker/broker-context.ts';
import { BrokerLeases } from '../catalog/broker-leases.ts';
import { ClientQuotas } from '../catalog/client-quotas.ts';
import { ClusterInfo } from '../catalog/cluster.ts';
import { ProducerIds } from '../catalog/producer-ids.ts';
import { Topics } from '../catalog/topics.ts';
import { CommittedOffsets } from '../groups/committed-offsets.ts';
import { GroupCoordinator } from '../groups/group-coordinator.ts';
import { openGroupRoom } from '../groups/group-room.ts';
import { openPartitionLogs } from '../log/partition-logs.ts';
import { defaultWatchTimes } from '../log/partition-watch.ts';
import { openNativeCodecs } from '../records/codecs-native.ts';
import { withReadCache } from '../storage/read-cache.ts';
import type { Stores } from '../storage/stores.ts';
import { GatewayAlone, GatewayCluster, type GatewayMembership } from './gateway-cluster.ts';
import { keepTopicLonger } from './jobs.ts';
import { awsLimits } from './settings.ts';

export type GatewayRuntimeOptions = {
  readonly stores: Stores & { close(): Promise<void> };
  /** Whether gateways on these stores find each other and share the partitions. */
  readonly inCluster: boolean;
  /** The broker that this gateway is. Default: 1 where it is alone, any free id in a cluster. */
  readonly brokerId?: number;
  /** `num.partitions` of topics that do not say. Default 1. */
  readonly defaultPartitions?: number;
  /** `produce.linger.ms`. Default 0. */
  readonly lingerMs?: number;
  /** What passed through in the last minutes is served from this much memory. Default 256 MB; 0: none. */
  readonly cacheBytesMax?: number;
  /** `gateway.heartbeat.hold.ms`. Default 0. */
  readonly heartbeatHoldMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

/** A broker in a gateway's own process, and its place among the others. */
export type GatewayRuntime = {
  readonly broker: Pick<Broker, 'serve'>;
  readonly membership: GatewayMembership;
  /** Waits for what goes on behind answers, and closes the stores. */
  close(): Promise<void>;
};

/** Other processes hear of a changed config this much later. */
const topicCacheMs = 5_000;
/** Another gateway may still be at the batch before: the connection to it broke, and the client came here. */
const earlyMsMax = 500;
const defaultCacheBytes = 256 * 1024 * 1024;

/**
 * The Kafka API on stores that other processes use too: other gateways, functions, jobs. It runs no
 * background job of its own.
 */
export async function openGatewayRuntime(options: GatewayRuntimeOptions): Promise<GatewayRuntime> {
  const { clock, random, log, defaultPartitions = 1, lingerMs = 0 } = options;
  const { cacheBytesMax = defaultCacheBytes, heartbeatHoldMs = 0 } = options;
  const stores = cacheBytesMax > 0 ? cached(options, cacheBytesMax) : options.stores;
  const world = { stores, clock, random, log };
  const codecs = await openNativeCodecs();
  const logs = openPartitionLogs({
    ...world,
    codecs,
    watch: defaultWatchTimes,
    settings: { lingerMs, earlyMsMax },
  });
  const topics = new Topics({
    ...world,
    settings: {
      defaultPartitions,
      cacheMs: topicCacheMs,
      cacheElsewhereMs: topicCacheMs,
      // The functions beside this gateway must be able to carry every batch, too.
      messageBytesCap: awsLimits.batchBytesMax,
    },
    keepLonger: (topic) => keepTopicLonger(logs.context, topic),
  });
  const membership = await openMembership(options);
  const room = openGroupRoom({ ...world, topics, settings: { heartbeatHoldMs } });
  const broker = new Broker({
    ...world,
    topics,
    logs,
    groups: new GroupCoordinator(room),
    offsets: new CommittedOffsets(room),
    producerIds: new ProducerIds(world),
    quotas: new ClientQuotas(world),
    cluster: membership.cluster,
    settings: { ...defaultBrokerSettings, defaultPartitions, produceRefusedAs: 'NOT_ENOUGH_REPLICAS' },
  });
  const close = async (): Promise<void> => {
    await logs.drain();
    await stores.close();
  };
  return { broker, membership, close };
}

const cached = ({ stores, clock }: GatewayRuntimeOptions, bytesMax: number) =>
  withReadCache(stores, { bytesMax, clock });

async function openMembership(options: GatewayRuntimeOptions): Promise<GatewayMembership> {
  const { inCluster, brokerId, clock, log } = options;
  const clusterId = await new ClusterInfo(options).clusterId();
  if (!inCluster) return new GatewayAlone(clusterId, brokerId ?? 1);
  const leases = new BrokerLeases(options);
  return new GatewayCluster({ clusterId, leases, wantedId: brokerId, clock, log });
}

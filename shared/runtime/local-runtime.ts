import { type Clock, systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { Broker } from '../broker/broker.ts';
import { type BrokerNode, type BrokerSettings, defaultBrokerSettings } from '../broker/broker-context.ts';
import { ClientQuotas } from '../catalog/client-quotas.ts';
import { ClusterInfo } from '../catalog/cluster.ts';
import { ProducerIds } from '../catalog/producer-ids.ts';
import { Topics } from '../catalog/topics.ts';
import type { GroupSettings } from '../groups/group-settings.ts';
import { openGroups } from '../groups/groups.ts';
import { brokerConfigEntries } from '../kafka/broker-config-keys.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../log/partition-logs.ts';
import { openNativeCodecs } from '../records/codecs-native.ts';
import { createRestApp, type RestApp } from '../rest/app.ts';
import { expireInstances } from '../rest/consumers/expire-instances.ts';
import { defaultRestSettings, type RestCluster } from '../rest/deps.ts';
import { openEmbeddedStores } from '../storage/embedded/open-embedded-stores.ts';
import { openMemoryStores } from '../storage/memory/open-memory-stores.ts';
import type { Stores } from '../storage/stores.ts';
import { type GroupJobs, JobLoop, type JobTimes, keepTopicLonger, localJobTimes } from './jobs.ts';
import { LocalCluster } from './local-cluster.ts';

export type LocalRuntimeOptions = {
  /** Where the data lies; undefined: in memory, gone with the process. */
  folder: string | undefined;
  /** The Kafka listeners, as clients reach them; known once they are open. */
  nodes: () => readonly BrokerNode[];
  log: Log;
  /** `num.partitions` of topics that do not say. Default 1. */
  defaultPartitions?: number;
  corsOrigins?: readonly string[];
  groupSettings?: Partial<GroupSettings>;
  jobTimes?: Partial<JobTimes>;
  clock?: Clock;
  random?: Random;
};

/** Everything behind the doors of one process. */
export type LocalRuntime = {
  readonly rest: RestApp;
  readonly broker: Broker;
  readonly cluster: LocalCluster;
  readonly topics: Topics;
  readonly logs: OpenPartitionLogs;
  /** Ends the jobs, waits for what goes on behind answers, closes the stores. */
  close(): Promise<void>;
};

const topicCacheMs = 60_000; // changes come through this process, which drops what it changed

/** Opens stores, domain and HTTP door in this process, and starts the background jobs. */
export async function openLocalRuntime(options: LocalRuntimeOptions): Promise<LocalRuntime> {
  const { log, clock = systemClock, random = systemRandom } = options;
  const world = { clock, random, log };
  const stores = await openStores(options.folder, world);
  try {
    const codecs = await openNativeCodecs();
    const loop: { jobs?: JobLoop } = {};
    const logs = openPartitionLogs({
      ...world,
      stores,
      codecs,
      pagedOut: (partition, head) => loop.jobs?.pagedOut(partition, head.pagedBytes),
    });
    const topics = new Topics({
      ...world,
      stores,
      settings: { defaultPartitions: partitionsOf(options), cacheMs: topicCacheMs },
      keepLonger: (topic) => keepTopicLonger(logs.context, topic),
    });
    const groups = openGroups({ ...world, stores, topics, settings: options.groupSettings ?? {} });
    const groupJobs: GroupJobs = {
      expireOffsets: groups.expireOffsets,
      expireInstances: () => expireInstances({ ...world, metadata: stores.metadata, groups }),
    };
    const jobTimes = { ...localJobTimes, ...options.jobTimes };
    const jobs = new JobLoop({ topics, log: logs.context, groups: groupJobs }, jobTimes);
    loop.jobs = jobs;
    const clusterId = await new ClusterInfo({ stores, clock, random }).clusterId();
    const cluster = new LocalCluster(clusterId, options.nodes);
    const producerIds = new ProducerIds({ stores, clock, random });
    const quotas = new ClientQuotas({ ...world, stores });
    const brokerSettings = { ...defaultBrokerSettings, defaultPartitions: partitionsOf(options) };
    const ofBroker = { groups: groups.coordinator, offsets: groups.offsets };
    const domain = { ...world, topics, logs, producerIds };
    const broker = new Broker({ ...domain, ...ofBroker, quotas, cluster, settings: brokerSettings });
    const rest = createRestApp({
      ...domain,
      codecs,
      groups,
      metadata: stores.metadata,
      cluster: restCluster(cluster, brokerSettings),
      settings: { ...defaultRestSettings, corsOrigins: options.corsOrigins ?? [] },
    });
    jobs.start();
    const close = async (): Promise<void> => {
      await jobs.stop();
      await logs.drain();
      await stores.close();
    };
    return { rest, broker, cluster, topics, logs, close };
  } catch (error) {
    await stores.close();
    throw error;
  }
}

const openStores = (
  folder: string | undefined,
  world: { clock: Clock; random: Random; log: Log },
): Promise<Stores & { close(): Promise<void> }> =>
  folder === undefined ? Promise.resolve(openMemoryStores(world)) : openEmbeddedStores({ folder, ...world });

const partitionsOf = ({ defaultPartitions = 1 }: LocalRuntimeOptions): number => defaultPartitions;

/** What the HTTP door tells of the same brokers. */
const restCluster = (cluster: LocalCluster, settings: BrokerSettings): RestCluster => ({
  clusterId: cluster.clusterId,
  get brokers() {
    return cluster.brokers;
  },
  get controllerId() {
    return cluster.controllerId;
  },
  leaderOf: (topicId, partition) => cluster.leaderOf(topicId, partition),
  configsOf: (brokerId) => brokerConfigEntries({ brokerId, ...settings }),
});

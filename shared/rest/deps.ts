import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Topic } from '../catalog/topic-cache.ts';
import type { Topics } from '../catalog/topics.ts';
import type { Groups } from '../groups/groups.ts';
import type { ConfigEntry } from '../kafka/config-keys.ts';
import type { PartitionLogs } from '../log/api.ts';
import type { CompressionType, RecordCodecs } from '../records/compression.ts';
import type { MetadataStore } from '../storage/metadata-store.ts';

export type RestTopic = Topic;

/** What the door needs of the catalog. */
export type RestTopics = Pick<
  Topics,
  'find' | 'list' | 'create' | 'addPartitions' | 'delete' | 'alterConfigs' | 'describeConfigs' | 'forget'
>;

/**
 * Who calls, as the platform in front of the door has found out; nothing that the client says is believed.
 */
export type Caller = {
  /** Kafka's spelling, e.g. `User:ANONYMOUS`. */
  readonly principal: string;
  /**
   * Where the client sees the door, without a slash at the end, when the platform knows better than the
   * headers.
   */
  readonly baseUrl?: string;
};

export type RestBroker = {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
};

/** What the door needs of consumer groups. */
export type RestGroups = Pick<Groups, 'coordinator' | 'offsets'>;

/** What the door tells about the cluster. */
export type RestCluster = {
  readonly clusterId: string;
  readonly brokers: readonly RestBroker[];
  readonly controllerId: number;
  /** The id of the broker that leads the partition. */
  leaderOf(topicId: string, partition: number): number;
  /** What DescribeConfigs shows of a broker. */
  configsOf(brokerId: number): readonly ConfigEntry[];
};

export type RestSettings = {
  /** Larger bodies, after decompression, are refused with 413; of a stream of records, a larger record. */
  readonly bodyBytesMax: number;
  /** No read answers more; the reader goes on where the answer ended. */
  readonly answerBytesMax: number;
  /**
   * What the platform can carry of any answer, where it has such a bound (AWS Lambda quotas). Records whose
   * answers would exceed it are refused before they are stored: the answer to what was stored must arrive.
   */
  readonly platformAnswerBytesMax?: number;
  /** A read that finds nothing waits at most this long, whatever it asks for. */
  readonly waitMsMax: number;
  /**
   * What a reader that got nothing is told to wait, where the next call costs less than a longer wait
   * (aws.md).
   */
  readonly pollAfterMs?: number;
  /** Origins that browsers may call from; `*` for any. */
  readonly corsOrigins: readonly string[];
  /** `consumer.instance.timeout.ms`: a consumer instance that nobody calls for so long is removed. */
  readonly consumerInstanceTimeoutMs: number;
  /** R takes 10 entries in one `records:batch`. */
  readonly batchEntriesMax: number;
  /**
   * Batches larger than `aboveBytes` are compressed when that saves a quarter, where the topic leaves it to
   * the producer.
   */
  readonly compression?: { readonly type: CompressionType; readonly aboveBytes: number };
};

export const defaultRestSettings: RestSettings = {
  bodyBytesMax: 32 * 1024 * 1024,
  answerBytesMax: 6_000_000,
  waitMsMax: 30_000,
  corsOrigins: [],
  consumerInstanceTimeoutMs: 300_000,
  batchEntriesMax: 10,
  // Up to 4 KB a batch is one item of the store, which compression does not make cheaper (storage.md,
  // staging).
  compression: { type: 'gzip', aboveBytes: 4096 },
};

export type RestDeps = {
  readonly topics: RestTopics;
  readonly logs: PartitionLogs;
  readonly codecs: RecordCodecs;
  readonly cluster: RestCluster;
  readonly groups: RestGroups;
  /** Where consumer instances lie. */
  readonly metadata: MetadataStore;
  /** Hands out ids for idempotent producers. */
  readonly producerIds: { next(): Promise<bigint> };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: RestSettings;
};

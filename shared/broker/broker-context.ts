import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Ulid } from '../base/ulid.ts';
import type { ClientQuotas } from '../catalog/client-quotas.ts';
import type { ProducerIds } from '../catalog/producer-ids.ts';
import type { Topics } from '../catalog/topics.ts';
import type { CommittedOffsets } from '../groups/committed-offsets.ts';
import type { GroupCoordinator } from '../groups/group-coordinator.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import type { AppendRepeat } from '../log/api.ts';
import type { OpenPartitionLogs } from '../log/partition-logs.ts';
import type { QuotaThrottle } from './quota-throttle.ts';

/** What every handler stands on. */
export type BrokerContext = {
  readonly topics: Topics;
  readonly logs: OpenPartitionLogs;
  readonly cluster: BrokerCluster;
  readonly groups: GroupCoordinator;
  readonly offsets: CommittedOffsets;
  readonly producerIds: ProducerIds;
  readonly quotas: ClientQuotas;
  readonly throttle: QuotaThrottle;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: BrokerSettings;
};

export type BrokerSettings = {
  /** `auto.create.topics.enable`. */
  readonly autoCreateTopics: boolean;
  /** `num.partitions`. */
  readonly defaultPartitions: number;
  /** A fetch waits no longer than this, whatever it asks for. */
  readonly fetchWaitMsMax: number;
  /** `fetch.max.bytes` of the broker: an answer holds no more, but for a first batch that is larger. */
  readonly fetchBytesMax: number;
  /**
   * What a producer hears when the store cannot be used and its batch is surely not stored. Both are retried;
   * KAFKA_STORAGE_ERROR, the truth of a full disk, makes clients look for another leader first, which a store
   * that all brokers share does not deserve.
   */
  readonly produceRefusedAs: 'KAFKA_STORAGE_ERROR' | 'NOT_ENOUGH_REPLICAS';
};

export const defaultBrokerSettings: BrokerSettings = {
  autoCreateTopics: true,
  defaultPartitions: 1,
  fetchWaitMsMax: 30_000,
  fetchBytesMax: 55 * 1024 * 1024,
  produceRefusedAs: 'KAFKA_STORAGE_ERROR',
};

/** One gateway, as its clients see it: a broker. */
export type BrokerNode = {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
};

/** Who is there, and who is told to lead what. Leadership is advice: any broker serves any partition. */
export interface BrokerCluster {
  readonly clusterId: string;
  /** The living brokers, by id. */
  readonly brokers: readonly BrokerNode[];
  readonly controllerId: number;
  leaderOf(topicId: TopicId, partition: number): number;
  /** The broker that clients are sent to for a group or a transactional id. */
  coordinatorOf(key: string): number;
}

/** Who sent a request, as the listener has found out. */
export type Caller = {
  /** Kafka's spelling, e.g. `User:ANONYMOUS`. */
  readonly principal: string;
  readonly clientHost: string;
  /** The broker whose listener took the request. */
  readonly brokerId: number;
};

/** What a handler knows of the one request that it serves. */
export type Call = {
  readonly version: number;
  readonly clientId: string | null;
  readonly caller: Caller;
  /** Aborted when the connection is gone or the broker stops: waiting ends, and what there is is answered. */
  readonly signal: AbortSignal;
  readonly invoked?: Invocation;
};

/** What a gateway in another process tells of a request that it hands to a function. */
export type Invocation = {
  /** The brokers as the gateway's clients see them. */
  readonly cluster: BrokerCluster;
  readonly settings: BrokerSettings;
  /** Of a Produce: one for each partition of the request, in its order. */
  readonly repeats?: readonly AppendRepeat[];
  /** Of JoinGroup: minted where the frame was read, the same in every call for one request. */
  readonly requestId?: Ulid;
  /** JoinGroup and SyncGroup wait so long (ms); then the gateway calls again. */
  readonly parkMsMax: number;
  /** It calls again, as this member. */
  readonly again?: { readonly memberId: string };
};

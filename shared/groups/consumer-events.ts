import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import type { TopicPartitions } from '../storage/items/consumer-members.ts';
import type { Moment } from './classic-events.ts';

/** What can happen to a KIP-848 group. */
export type ConsumerEvent = HeartbeatEvent | ConsumerLeaveEvent | ConsumerExpireEvent;

export type HeartbeatEvent = {
  readonly kind: 'heartbeat';
  readonly memberId: string;
  /** 0 joins. */
  readonly memberEpoch: number;
  /** Null, and -1 of the timeout: as it was in the last heartbeat that said it. */
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  /** What it owns; null: as it was. */
  readonly owned: TopicPartitions | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** It says everything, so it is told everything. */
  readonly isFull: boolean;
  /** Folded before by this process, which does not know with what outcome. */
  readonly mayBeFolded: boolean;
};

/** Epoch -1, or -2: a static member that may come back. */
export type ConsumerLeaveEvent = {
  readonly kind: 'consumerLeave';
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly comesBack: boolean;
};

export type ConsumerExpireEvent = { readonly kind: 'consumerExpire'; readonly memberId: string };

export type KnownTopic = { readonly topicId: TopicId; readonly partitions: number };

/** What the pure rules of a KIP-848 group know of the world. */
export type ConsumerMoment = Moment & {
  /** Every topic that exists among those subscribed to, by name. */
  readonly topics: ReadonlyMap<string, KnownTopic>;
  /** The names of the topics that each regex of a member matches. */
  readonly matches: ReadonlyMap<string, readonly string[]>;
};

export type ConsumerAnswer =
  | { readonly is: 'done' }
  | {
      readonly is: 'heartbeat';
      readonly memberId: string;
      readonly memberEpoch: number;
      /** Null: as it was in the last answer. */
      readonly assignment: TopicPartitions | null;
      /** It waits for others, or its target is not computed yet: it should come back soon. */
      readonly isSettled: boolean;
    }
  | { readonly is: 'refused'; readonly error: KafkaErrorName };

import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { IsolationLevel, Offset } from '../kafka/offsets.ts';
import type { TopicId, TopicPartition } from '../kafka/topic-partition.ts';

/** What the doors ask of committed offsets, in Kafka's words. */

export type OffsetToCommit = TopicPartition & {
  readonly offset: Offset;
  /** -1: unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string | null;
};

export type OffsetCommitRequest = {
  readonly groupId: string;
  /** The generation id, or a KIP-848 member's epoch; -1 of a tool. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Version 9 and up. */
  readonly knowsMemberEpochs: boolean;
  readonly offsets: readonly OffsetToCommit[];
};

export type PartitionError = TopicPartition & { readonly error: KafkaErrorName };

export type OffsetFetchRequest = {
  readonly groupId: string;
  /** Null: all that are committed; this only reads. */
  readonly partitions: readonly TopicPartition[] | null;
  /** Version 9 and up; before, '' and -1. */
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly requireStable: boolean;
};

export type FetchedOffset = TopicPartition & {
  readonly error: KafkaErrorName;
  /** -1: none is committed. */
  readonly offset: Offset;
  readonly leaderEpoch: number;
  readonly metadata: string;
};

export type OffsetFetchResponse = {
  readonly error: KafkaErrorName;
  readonly offsets: readonly FetchedOffset[];
};

export type OffsetDeleteResponse = {
  readonly error: KafkaErrorName;
  readonly partitions: readonly PartitionError[];
};

export type LagRequest = {
  readonly groupId: string;
  /** Null: all partitions with a commit. */
  readonly partitions: readonly TopicPartition[] | null;
  readonly isolationLevel: IsolationLevel;
};

export type PartitionLag = TopicPartition & {
  readonly topicId: TopicId;
  /** Null: none is committed, so there is no lag either. */
  readonly committed: {
    readonly offset: Offset;
    readonly leaderEpoch: number;
    readonly metadata: string;
  } | null;
  /** The log end offset; reading committed, the last stable one. */
  readonly endOffset: Offset;
  readonly lag: bigint | null;
};

import type { KafkaError } from '../kafka/error-codes.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import type { IsolationLevel, Offset, PartitionOffsets } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';

/** One record batch (v2, as a client sent it) for one partition. */
export type AppendRequest = {
  readonly partition: PartitionId;
  readonly config: LogConfig;
  readonly batch: Uint8Array;
  /**
   * How long whoever asks waits for an answer: while the store throttles, half of it is waited here. Default:
   * the log's own limit.
   */
  readonly timeoutMs?: number;
  readonly repeat?: AppendRepeat;
};

/** Of a caller that sends an append again, to any process, when an answer was lost. */
export type AppendRepeat = {
  /** 10 random bytes, the same in every try: they tell the batch apart from equal ones in the log. */
  readonly stagingId: Uint8Array;
  /** Which try this is, from 0. From 1 on the log is looked at first: an earlier try may have stored it. */
  readonly tries: number;
  /** A log end offset that was seen before the first try. Without it a plain batch may be past finding. */
  readonly nextBefore?: Offset;
};

export type Appended = {
  readonly baseOffset: Offset;
  /** The time stamped on every record where `message.timestamp.type` is LogAppendTime; else -1. */
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: Offset;
};

export type ReadRequest = {
  readonly partition: PartitionId;
  readonly config: LogConfig;
  readonly offset: Offset;
  /** Bytes of batches to answer at most; the first batch is always given whole (KIP-74). */
  readonly maxBytes: number;
  readonly isolationLevel?: IsolationLevel;
};

export type AbortedTransaction = { readonly producerId: bigint; readonly firstOffset: Offset };

export type ReadResult = PartitionOffsets & {
  /**
   * Whole batches with base offset and leader epoch in place; the first may begin below the wanted offset.
   */
  readonly batches: readonly Uint8Array[];
  /** Where to read on: the offset behind the last batch, or the wanted one if there is none. */
  readonly nextOffset: Offset;
  readonly abortedTransactions: readonly AbortedTransaction[];
};

export type WaitOptions = {
  /** Answer when there are this many bytes, or after `maxWaitMs`. */
  readonly minBytes: number;
  readonly maxWaitMs: number;
  /** Bytes of all batches together at most, but for a first one that is larger. Default: no limit. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
};

export type TimestampOffset = { readonly offset: Offset; readonly timestamp: bigint };

/** All partitions' logs, as the doors see them. One bad request never fails its neighbours (I14). */
export interface PartitionLogs {
  /** Appends all; each answer stands for the request at its place. Never throws for one of them. */
  append(requests: readonly AppendRequest[]): Promise<(Appended | KafkaError)[]>;
  /** What is there now. Throws KafkaError (OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, …). */
  read(request: ReadRequest): Promise<ReadResult>;
  /** Reads all, and waits for records where there are too few. An error in one answers at once. */
  readWaiting(requests: readonly ReadRequest[], options: WaitOptions): Promise<(ReadResult | KafkaError)[]>;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION when there is no such partition. */
  offsets(partition: PartitionId): Promise<PartitionOffsets>;
  /**
   * The first record whose timestamp is at or after `timestamp` (ms); undefined when there is none. Exact.
   */
  offsetForTimestamp(
    partition: PartitionId,

    timestamp: bigint,
  ): Promise<TimestampOffset | undefined>;
  /** The first record with the largest timestamp; undefined when the log is empty (KIP-734). */
  offsetOfMaxTimestamp(partition: PartitionId): Promise<TimestampOffset | undefined>;
  /** DeleteRecords: moves the log start offset up to `offset` and answers where it is now. */
  deleteRecordsBefore(partition: PartitionId, offset: Offset): Promise<Offset>;
}

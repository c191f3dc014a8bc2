import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { type RetryPolicy, retry } from '../base/retry.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import type { RecordCodecs } from '../records/compression.ts';
import { type PartitionHead, partitionHeadKey, readPartitionHead } from '../storage/items/partition-head.ts';
import { isStoreError, mayRepeat } from '../storage/store-error.ts';
import type { Stores } from '../storage/stores.ts';

/** What every piece of the log needs of the world. */
export type LogContext = {
  readonly stores: Stores;
  readonly codecs: RecordCodecs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: LogSettings;
};

/**
 * Every limit of the log, by name. Sizes of entries, groups and tails belong to the engine:
 * `StagingThresholds`.
 */
export type LogSettings = {
  /**
   * A page is the shortest run of entries that reaches one of the two. A format: all processes must agree.
   */
  readonly pageEntries: number;
  readonly pageBytes: number;
  /** More producers than this leave the head when its entries are paged out. */
  readonly producersInHeadMax: number;
  /** `producer.id.expiration.ms`: an evicted producer is forgotten after this. */
  readonly producerIdExpirationMs: number;
  /** How far back a repeat of an idempotent batch is looked for: pages, segments, batches of its producer. */
  readonly repeatPagesMax: number;
  readonly repeatSegmentsMax: number;
  readonly repeatBatchesMax: number;
  /** How long an append tries before it answers an error. */
  readonly appendTimeoutMs: number;
  /** The same for one whose caller said how long it waits: half of that, and never more than half of this. */
  readonly throttledMsMax: number;
  /**
   * How long a batch that comes too early in its producer's sequence waits for the one before it, which may
   * be under way in another process; what comes for its partition meanwhile waits with it.
   */
  readonly earlyMsMax: number;
  /** The most that decompressing one batch may take in memory. */
  readonly decompressedBytesMax: number;
  /** A segment's index has a slot each so many bytes, and at most so many slots. */
  readonly indexSlotBytes: number;
  readonly indexSlotsMax: number;
  /** A segment is never larger, whatever `segment.bytes` says: a roll holds it in memory. */
  readonly segmentBytesMax: number;
  /** What is staged, and named by nothing, is removed when it is older than this. */
  readonly sweepAgeMs: number;
  /** One object of staged batches is not made larger than this (or than one batch). */
  readonly batchObjectBytesMax: number;
  /**
   * `produce.linger.ms`: appends of this process wait so long for others, to share objects and updates of
   * heads with them. 0: they do not wait.
   */
  readonly lingerMs: number;
  /** How often a waiting read looks when nothing in this process wakes it: doubling from first to max. */
  readonly pollFirstMs: number;
  readonly pollMaxMs: number;
  /** Bytes that all waiting reads may bring together: each its share, and at least `readShareBytesMin`. */
  readonly readBytesMax: number;
  readonly readShareBytesMin: number;
};

export const defaultLogSettings: LogSettings = {
  pageEntries: 16,
  pageBytes: 768,
  producersInHeadMax: 16,
  producerIdExpirationMs: 86_400_000,
  repeatPagesMax: 256,
  repeatSegmentsMax: 8,
  repeatBatchesMax: 5,
  appendTimeoutMs: 10_000,
  throttledMsMax: 60_000,
  earlyMsMax: 0,
  decompressedBytesMax: 64 * 1024 * 1024,
  indexSlotBytes: 64 * 1024,
  indexSlotsMax: 64,
  segmentBytesMax: 64 * 1024 * 1024,
  sweepAgeMs: 86_400_000,
  batchObjectBytesMax: 8 * 1024 * 1024,
  lingerMs: 0,
  pollFirstMs: 30,
  pollMaxMs: 500,
  readBytesMax: 1024 * 1024 * 1024,
  readShareBytesMin: 1024 * 1024,
};

/**
 * Appends that are throttled spread far, and writes that every append waits for (page-out) try again at
 * once: they must get through among hundreds of appends that try for the same units. With equal waits one
 * partition on DynamoDB collapses at four times its limit (test/simulation/overload.test.ts).
 */
export const appendRetry = (context: LogContext): RetryPolicy => ({
  firstDelayMs: 100,
  delayMsMax: 2_000,
  totalMsMax: context.settings.appendTimeoutMs / 2,
  clock: context.clock,
  random: context.random,
});

export const reliefRetry = (context: LogContext): RetryPolicy => ({
  ...appendRetry(context),
  firstDelayMs: 2,
  delayMsMax: 8,
});

/** Repeats what was surely not applied (throttled, conflict), with the waits of `policy`. */
export const repeated = <T>(policy: RetryPolicy, call: () => Promise<T>): Promise<T> =>
  retry(policy, mayRepeat, call);

/** A consistent read of the head. Throws UNKNOWN_TOPIC_OR_PARTITION when there is none. */
export async function loadHead(context: LogContext, partition: PartitionId): Promise<PartitionHead> {
  const head = await findHead(context, partition);
  if (head === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  return head;
}

export async function findHead(
  context: LogContext,
  partition: PartitionId,
): Promise<PartitionHead | undefined> {
  const { metadata } = context.stores;
  const item = await repeated(reliefRetry(context), () => metadata.get(partitionHeadKey(partition)));
  return item === undefined ? undefined : readPartitionHead(item);
}

/**
 * A store failure as Kafka names it: throttled is NOT_ENOUGH_REPLICAS (surely not stored, try again),
 * unavailable is KAFKA_STORAGE_ERROR, a lost answer is REQUEST_TIMED_OUT. Anything else passes through.
 */
export function asKafkaError(error: unknown): unknown {
  if (isStoreError(error, 'throttled', 'conflict', 'conditionFailed')) {
    return new KafkaError(
      'NOT_ENOUGH_REPLICAS',
      `The store is throttling: try again later. (${error.message})`,
    );
  }
  if (isStoreError(error, 'unavailable')) {
    return new KafkaError('KAFKA_STORAGE_ERROR', `The store cannot be used: ${error.message}`);
  }
  if (isStoreError(error, 'unknown')) {
    return new KafkaError(
      'REQUEST_TIMED_OUT',
      `The store did not answer: the outcome is unknown. (${error.message})`,
    );
  }
  return error;
}

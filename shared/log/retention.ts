import type { LogConfig } from '../kafka/log-config.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { abortRange } from '../storage/items/abort.ts';
import { type PartitionHead, tailEntries } from '../storage/items/partition-head.ts';
import { readSegment, type Segment, segmentKey, segmentRange } from '../storage/items/segment.ts';
import { equals, queryAll } from '../storage/metadata-store.ts';
import { isRolledObject } from '../storage/objects/object-keys.ts';
import { tryWrite } from '../storage/store-error.ts';
import { appendRetry, findHead, type LogContext, repeated } from './log-context.ts';
import { entriesFrom } from './read.ts';
import { advanceStart } from './start-offset.ts';

/**
 * Moves the log start offset to what `retention.ms` and `retention.bytes` still keep, then removes what lies
 * wholly below it: index first, data after (I9). Answers the log start offset. Every step may be repeated.
 */
export async function enforceRetention(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
): Promise<Offset | undefined> {
  const head = await findHead(context, partition);
  if (!head) return undefined;
  const start = config.cleanupPolicy.includes('delete')
    ? await keptFrom(context, partition, config, head)
    : head.start;
  if (start > head.start) await advanceStart(context, partition, start);
  await removeBelowStart(context, partition, start);
  return start;
}

/**
 * The first offset that retention keeps: whole segments go, oldest first, as long as one of the limits says
 * so.
 */
async function keptFrom(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  head: PartitionHead,
): Promise<Offset> {
  const oldestMs = config.retentionMs < 0n ? undefined : BigInt(context.clock.nowMs()) - config.retentionMs;
  const tailBytes = tailEntries(head).reduce((sum, { sizeBytes }) => sum + BigInt(sizeBytes), 0n);
  const logBytes = head.pagedBytes + tailBytes;
  let kept = head.start;
  for await (const segment of segmentsNotBelow(context, partition, head)) {
    const bytesAfter = logBytes - segment.bytesBefore - BigInt(segment.sizeBytes);
    const isTooOld = oldestMs !== undefined && segment.maxTimestamp < oldestMs;
    const isTooMuch = config.retentionBytes >= 0n && bytesAfter >= config.retentionBytes;
    if (!isTooOld && !isTooMuch) return kept;
    if (segment.nextOffset > kept) kept = segment.nextOffset;
  }
  if (oldestMs === undefined || kept < head.rolled) return kept;
  return keptOfUnrolled(context, partition, head, kept, oldestMs);
}

/** By time also what is not rolled yet may go: an idle partition keeps no record longer than it should. */
async function keptOfUnrolled(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  from: Offset,
  oldestMs: bigint,
): Promise<Offset> {
  let kept = from;
  for await (const entry of entriesFrom(context, head, partition, from)) {
    if (entry.maxTimestamp >= oldestMs) return kept;
    kept = entry.nextOffset;
  }
  return kept;
}

/** Segments that reach above the log start offset, oldest first, with the one that the head has decided. */
async function* segmentsNotBelow(
  { stores }: LogContext,
  partition: PartitionId,
  { start, newSeg }: PartitionHead,
): AsyncGenerator<Segment> {
  let next = 0n;
  for await (const { item } of queryAll(stores.metadata, { ...segmentRange(partition), limit: 16 })) {
    const segment = readSegment(item);
    next = segment.nextOffset;
    if (segment.nextOffset > start) yield segment;
  }
  if (newSeg && newSeg.baseOffset >= next) yield newSeg;
}

/**
 * Segment items wholly below `start`, each with its object if a roll made it; abort items last [2.d, 3b.b].
 */
async function removeBelowStart(context: LogContext, partition: PartitionId, start: Offset): Promise<void> {
  if (start === 0n) return;
  const { metadata, objects } = context.stores;
  for await (const { item } of queryAll(metadata, {
    ...segmentRange(partition, 0n, start - 1n),
    limit: 16,
  })) {
    const segment = readSegment(item);
    if (segment.nextOffset > start) break;
    const key = segmentKey(partition, segment.baseOffset);
    // Compaction may have pointed it elsewhere since: then it is looked at again by the next run.
    const isOurs = equals(['object'], segment.object);
    const removed = await tryWrite(repeated(appendRetry(context), () => metadata.remove(key, isOurs)));
    if (removed && isRolledObject(segment.object)) await objects.delete([segment.object]);
  }
  for await (const { key } of queryAll(metadata, abortRange(partition, 0n, start - 1n))) {
    await repeated(appendRetry(context), () => metadata.remove(key));
  }
}

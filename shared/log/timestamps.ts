import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { readBatchHeader, readRecords } from '../records/record-batch.ts';
import { type PartitionHead, tailEntries } from '../storage/items/partition-head.ts';
import { readSegment, type Segment, segmentRange } from '../storage/items/segment.ts';
import { queryAll } from '../storage/metadata-store.ts';
import type { TimestampOffset } from './api.ts';
import { fetchEntries } from './fetch-entries.ts';
import { type LogContext, loadHead } from './log-context.ts';
import { Moved, retryWhileMoving } from './moved.ts';
import { pageAtOrBefore, pagesInOrder } from './pages.ts';
import { entriesFrom, segmentContaining } from './read.ts';
import { batchesOfSegment, slotForTimestamp } from './segment-object.ts';
import { mayBeForgotten } from './stage.ts';

/**
 * The first record at or after a time (ListOffsets): exact, and without scanning. Segments and pages carry
 * the largest timestamp up to their end, which only grows, so the place is found by bisection.
 */
export function offsetForTimestamp(
  context: LogContext,
  partition: PartitionId,
  timestamp: bigint,
): Promise<TimestampOffset | undefined> {
  return retryWhileMoving(context, async () => {
    const head = await loadHead(context, partition);
    return (
      (await inSegments(context, partition, head, timestamp)) ??
      (await inUnrolled(context, partition, head, timestamp))
    );
  });
}

/**
 * The first record with the largest timestamp of all (ListOffsets -3, KIP-734); undefined in an empty log.
 * Where retention has removed the record that was dated latest, the items of all segments are looked at.
 */
export async function offsetOfMaxTimestamp(
  context: LogContext,
  partition: PartitionId,
): Promise<TimestampOffset | undefined> {
  const head = await loadHead(context, partition);
  const inTail = tailEntries(head).filter(({ nextOffset }) => nextOffset > head.start);
  const latest = largest([head.pagedMaxTimestamp, ...inTail.map(({ maxTimestamp }) => maxTimestamp)]);
  const found = await offsetForTimestamp(context, partition, latest);
  if (found || head.start >= head.next) return found;
  const left: bigint[] = inTail.map(({ maxTimestamp }) => maxTimestamp);
  for await (const segment of segmentsFrom(context, partition, head, 0n)) {
    if (segment.nextOffset > head.start) left.push(segment.maxTimestamp);
  }
  for await (const page of pagesInOrder(context, partition, head.rolled, head.paged)) {
    left.push(...page.entries.map(({ maxTimestamp }) => maxTimestamp));
  }
  return offsetForTimestamp(context, partition, largest(left));
}

const largest = (timestamps: readonly bigint[]): bigint =>
  timestamps.reduce((most, timestamp) => (timestamp > most ? timestamp : most), -1n);

async function inSegments(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  timestamp: bigint,
): Promise<TimestampOffset | undefined> {
  if (head.start >= head.rolled) return undefined;
  const from = await firstSegmentWorthReading(context, partition, head, timestamp);
  for await (const segment of segmentsFrom(context, partition, head, from)) {
    if (segment.maxTimestamp < timestamp) continue;
    for await (const { bytes, nextOffset } of batchesOfSegment(
      context,
      segment,
      slotForTimestamp(segment, timestamp),
    )) {
      const found = nextOffset > head.start ? inBatch(context, bytes, head.start, timestamp) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

/** The base offset of the first segment that can hold the record. */
async function firstSegmentWorthReading(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  timestamp: bigint,
): Promise<Offset> {
  const first = await segmentContaining(context, head, partition, head.start);
  // What retention removed may have been dated later than all that is left: then bisection says nothing.
  if (first.maxTimestampSoFar >= timestamp) return first.baseOffset;
  return bisect(first.nextOffset, head.rolled, async (offset) => {
    const { baseOffset, nextOffset, maxTimestampSoFar } = await segmentContaining(
      context,
      head,
      partition,
      offset,
    );
    return { baseOffset, nextOffset, isEnough: maxTimestampSoFar >= timestamp };
  });
}

async function* segmentsFrom(
  { stores }: LogContext,
  partition: PartitionId,
  { rolled, newSeg }: PartitionHead,
  from: Offset,
): AsyncGenerator<Segment> {
  if (from >= rolled) return;
  let next = from;
  for await (const { item } of queryAll(stores.metadata, {
    ...segmentRange(partition, from, rolled - 1n),
    limit: 8,
  })) {
    const segment = readSegment(item);
    next = segment.nextOffset;
    yield segment;
  }
  if (newSeg && newSeg.baseOffset >= next) yield newSeg;
}

async function inUnrolled(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  timestamp: bigint,
): Promise<TimestampOffset | undefined> {
  const from = await firstEntryWorthReading(context, partition, head, timestamp);
  for await (const entry of entriesFrom(context, head, partition, from)) {
    if (entry.maxTimestamp < timestamp || entry.nextOffset <= head.start) continue;
    const [fetched] = await fetchEntries(context, partition, [entry], head.epoch);
    if (fetched?.fault === 'missing' && mayBeForgotten(context, entry)) continue; // retention has let it go
    if (fetched?.fault === 'missing') throw new Moved(`the batch at offset ${entry.baseOffset}`);
    if (fetched?.fault) throw fetched.fault;
    const found = fetched?.batch && inBatch(context, fetched.batch.bytes, head.start, timestamp);
    if (found) return found;
  }
  return undefined;
}

async function firstEntryWorthReading(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  timestamp: bigint,
): Promise<Offset> {
  const begin = head.start > head.rolled ? head.start : head.rolled;
  if (begin >= head.paged)
    return tailEntries(head).find(({ nextOffset }) => nextOffset > begin)?.baseOffset ?? head.next;
  const first = await pageContaining(context, partition, head, begin);
  if (first.maxTimestampSoFar >= timestamp) return begin;
  return bisect(first.nextOffset, head.paged, async (offset) => {
    const { baseOffset, nextOffset, maxTimestampSoFar } = await pageContaining(
      context,
      partition,
      head,
      offset,
    );
    return { baseOffset, nextOffset, isEnough: maxTimestampSoFar >= timestamp };
  });
}

async function pageContaining(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  offset: Offset,
) {
  const page = await pageAtOrBefore(context, partition, offset);
  if (page && page.nextOffset > offset && page.baseOffset < head.paged) return page;
  throw new Moved(`the page that contains offset ${offset}`);
}

type Probe = { baseOffset: Offset; nextOffset: Offset; isEnough: boolean };

/**
 * The base of the first of neighbouring ranges in [from, to) that is enough, given that all after it are;
 * else `to`.
 */
async function bisect(from: Offset, to: Offset, probe: (offset: Offset) => Promise<Probe>): Promise<Offset> {
  let low = from;
  let high = to;
  while (low < high) {
    const { baseOffset, nextOffset, isEnough } = await probe(low + (high - low) / 2n);
    if (isEnough) high = baseOffset > low ? baseOffset : low;
    else low = nextOffset;
  }
  return high;
}

function inBatch(
  context: LogContext,
  batch: Uint8Array,
  start: Offset,
  timestamp: bigint,
): TimestampOffset | undefined {
  const header = readBatchHeader(batch);
  if (header.maxTimestamp < timestamp || header.isControl) return undefined;
  const limits = { decompressedBytesMax: context.settings.decompressedBytesMax };
  for (const record of readRecords(batch, context.codecs, limits)) {
    if (record.offset >= start && record.timestamp >= timestamp) {
      return { offset: record.offset, timestamp: record.timestamp };
    }
  }
  return undefined;
}

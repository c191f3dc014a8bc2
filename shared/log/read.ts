import { KafkaError } from '../kafka/error-codes.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { abortRange, readAbort } from '../storage/items/abort.ts';
import type { PlacedEntry } from '../storage/items/entry.ts';
import { lastStableOffset, type PartitionHead, tailEntries } from '../storage/items/partition-head.ts';
import { readSegment, type Segment, segmentRange } from '../storage/items/segment.ts';
import { queryAll } from '../storage/metadata-store.ts';
import type { AbortedTransaction, ReadRequest, ReadResult } from './api.ts';
import { fetchEntries, withoutBytes } from './fetch-entries.ts';
import { type LogContext, loadHead } from './log-context.ts';
import { Moved, retryWhileMoving } from './moved.ts';
import { pageAtOrBefore, pagesInOrder } from './pages.ts';
import { batchesOfSegment, slotForOffset } from './segment-object.ts';
import { hasExpired } from './stage.ts';
import { advanceStart } from './start-offset.ts';
import type { StoredBatch } from './stored-batch.ts';

/** Reads whole batches from `offset` on; everything in one answer follows one head (I2, I8). */
export function read(context: LogContext, request: ReadRequest): Promise<ReadResult> {
  return retryWhileMoving(context, async () => {
    const head = await loadHead(context, request.partition);
    checkRange(head, request.offset);
    return readFrom(context, head, request);
  });
}

export function checkRange(head: PartitionHead, offset: Offset): void {
  if (offset >= head.start && offset <= head.next) return;
  const range = `the log begins at ${head.start} and ends at ${head.next}`;
  throw new KafkaError('OFFSET_OUT_OF_RANGE', `There is no offset ${offset}: ${range}.`);
}

async function readFrom(context: LogContext, head: PartitionHead, request: ReadRequest): Promise<ReadResult> {
  const stable = lastStableOffset(head);
  const isCommitted = request.isolationLevel === 'read_committed';
  const end = isCommitted ? stable : head.next;
  // Abort items before data: data that is gone takes its abort items with it last [3b.c].
  const aborts = isCommitted && request.offset < end ? await abortsFrom(context, head, request) : [];
  const { batches, nextOffset } = await collect(context, head, request, end);
  return {
    logStartOffset: head.start,
    highWatermark: head.next,
    lastStableOffset: stable,
    batches,
    nextOffset,
    abortedTransactions: aborts.filter(({ firstOffset }) => firstOffset < nextOffset),
  };
}

/** Up to `next`, not the last stable offset: a marker above it may decide about records below [3b.a]. */
async function abortsFrom(
  { stores }: LogContext,
  head: PartitionHead,
  { partition, offset }: ReadRequest,
): Promise<AbortedTransaction[]> {
  const aborts: AbortedTransaction[] = [];
  for await (const { item } of queryAll(stores.metadata, abortRange(partition, offset, head.next))) {
    aborts.push(readAbort(item));
  }
  return aborts;
}

type Collected = { batches: Uint8Array[]; nextOffset: Offset };

/**
 * Takes batches from segments, pages and tail, each beginning where the one before ended, until the answer is
 * full.
 */
async function collect(
  context: LogContext,
  head: PartitionHead,
  request: ReadRequest,
  end: Offset,
): Promise<Collected> {
  const batches: Uint8Array[] = [];
  let offset = request.offset;
  let room = request.maxBytes;
  while (offset < end && (room > 0 || batches.length === 0)) {
    const part =
      offset >= head.rolled
        ? readUnrolled(context, head, request, offset, { room, isFirst: batches.length === 0 })
        : readSegmentFrom(context, head, request.partition, offset, room, batches.length === 0);
    const before = offset;
    for (const { bytes, nextOffset } of await orNothing(part, batches.length > 0)) {
      if (bytes.length > 0) batches.push(bytes);
      room -= bytes.length;
      offset = nextOffset;
    }
    if (offset === before) break;
  }
  return { batches, nextOffset: offset };
}

/**
 * What fails behind good batches is left to the next read, which begins there: an error stands for its
 * offsets only.
 */
const orNothing = (part: Promise<StoredBatch[]>, isAllowed: boolean): Promise<StoredBatch[]> =>
  part.catch((error: unknown) => {
    if (!isAllowed) throw error;
    return [];
  });

type Room = { room: number; isFirst: boolean };

/** From pages and tail: chooses entries by their size, then gets their bytes at once. */
async function readUnrolled(
  context: LogContext,
  head: PartitionHead,
  { partition, config }: ReadRequest,
  offset: Offset,
  { room, isFirst }: Room,
): Promise<StoredBatch[]> {
  const chosen: PlacedEntry[] = [];
  let bytes = 0;
  for await (const entry of entriesFrom(context, head, partition, offset)) {
    if (chosen.length === 0 && hasExpired(context, config, entry)) {
      await passExpired(context, head, partition, config, entry);
    }
    if (bytes + entry.sizeBytes > room && !(isFirst && chosen.length === 0)) break;
    chosen.push(entry);
    bytes += entry.sizeBytes;
  }
  const batches: StoredBatch[] = [];
  for (const { entry, batch, fault } of await fetchEntries(context, partition, chosen, head.epoch)) {
    if (batch) batches.push(batch);
    else if (fault === 'missing' && hasExpired(context, config, entry)) batches.push(withoutBytes(entry));
    else if (batches.length > 0) break;
    else throw fault === 'missing' || !fault ? new Moved(`the batch at offset ${entry.baseOffset}`) : fault;
  }
  return batches;
}

/**
 * The log begins behind an expired entry, if retention keeps nothing before it: then the reader begins again.
 * Otherwise the entry is served for as long as the store has its payload, and stepped over afterwards. It
 * must not take newer records with it: what was staged days before it got its offset, or lies behind a record
 * dated ahead, expires first.
 */
async function passExpired(
  context: LogContext,
  head: PartitionHead,
  partition: PartitionId,
  config: LogConfig,
  entry: PlacedEntry,
): Promise<void> {
  const latest = await latestTimestampUpTo(context, head, partition, entry);
  if (latest + config.retentionMs >= BigInt(context.clock.nowMs())) return;
  await advanceStart(context, partition, entry.nextOffset);
  throw new Moved(`offset ${entry.baseOffset} has expired`);
}

/**
 * The largest timestamp of all records that were ever at or before the entry; perhaps of some behind it, too.
 */
async function latestTimestampUpTo(
  context: LogContext,
  head: PartitionHead,
  partition: PartitionId,
  entry: PlacedEntry,
): Promise<bigint> {
  if (entry.baseOffset < head.paged) {
    const page = await pageAtOrBefore(context, partition, entry.baseOffset);
    if (page && page.nextOffset > entry.baseOffset) return page.maxTimestampSoFar;
    throw new Moved(`the page that contains offset ${entry.baseOffset}`);
  }
  return tailEntries(head)
    .filter(({ baseOffset }) => baseOffset <= entry.baseOffset)
    .reduce((most, { maxTimestamp }) => (maxTimestamp > most ? maxTimestamp : most), head.pagedMaxTimestamp);
}

/** Entries that end behind `offset`, in order, checked to touch each other [2.f]. */
export async function* entriesFrom(
  context: LogContext,
  head: PartitionHead,
  partition: PartitionId,
  offset: Offset,
): AsyncGenerator<PlacedEntry> {
  let expected: Offset | undefined;
  if (offset < head.paged) {
    for await (const page of pagesInOrder(context, partition, offset, head.paged)) {
      const begin = expected ?? offset;
      const touches = expected === undefined ? page.baseOffset <= begin : page.baseOffset === begin;
      if (!touches) throw new Moved(`the page that contains offset ${begin}`);
      yield* page.entries.filter((entry) => entry.nextOffset > offset);
      expected = page.nextOffset;
    }
    if (expected !== head.paged) throw new Moved(`the page that contains offset ${expected ?? offset}`);
  }
  yield* tailEntries(head).filter((entry) => entry.nextOffset > offset);
}

/** The segment that contains `offset`: the item at or before it, or the one that the head has decided. */
export async function segmentContaining(
  { stores }: LogContext,
  head: PartitionHead,
  partition: PartitionId,
  offset: Offset,
): Promise<Segment> {
  const { newSeg } = head;
  if (newSeg && newSeg.baseOffset <= offset && offset < newSeg.nextOffset) return newSeg;
  const range = { ...segmentRange(partition, 0n, offset), descending: true, limit: 1 };
  const { items } = await stores.metadata.query(range);
  const segment = items[0] && readSegment(items[0].item);
  if (segment && segment.baseOffset <= offset && offset < segment.nextOffset) return segment;
  throw new Moved(`the segment that contains offset ${offset}`);
}

async function readSegmentFrom(
  context: LogContext,
  head: PartitionHead,
  partition: PartitionId,
  offset: Offset,
  room: number,
  isFirst: boolean,
): Promise<StoredBatch[]> {
  const segment = await segmentContaining(context, head, partition, offset);
  const slot = slotForOffset(segment, offset);
  const batches: StoredBatch[] = [];
  let bytes = 0;
  const rangeBytes = Math.max(room, 4096) + context.settings.indexSlotBytes;
  try {
    for await (const batch of batchesOfSegment(context, segment, slot, rangeBytes)) {
      if (batch.nextOffset <= offset) continue;
      if (bytes + batch.bytes.length > room && !(isFirst && batches.length === 0)) return batches;
      batches.push(batch);
      bytes += batch.bytes.length;
    }
  } catch (error) {
    if (batches.length === 0) throw error;
    return batches;
  }
  // What compaction removed at the segment's end is stepped over.
  const end = { bytes: new Uint8Array(), baseOffset: segment.nextOffset, nextOffset: segment.nextOffset };
  return batches.at(-1)?.nextOffset === segment.nextOffset ? batches : [...batches, end];
}

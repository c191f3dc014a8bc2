import { present } from '../base/assert.ts';
import { ulid, ulidTimeMs } from '../base/ulid.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { type RecordBatchHeader, readBatchHeader } from '../records/record-batch.ts';
import type { PlacedEntry } from '../storage/items/entry.ts';
import { type Page, pageKey, pageRange, readPage } from '../storage/items/page.ts';
import { type PartitionHead, partitionHeadKey, readPartitionHead } from '../storage/items/partition-head.ts';
import { payloadKey } from '../storage/items/payload.ts';
import { type Segment, segmentKey, writeSegment } from '../storage/items/segment.ts';
import { absent, all, equals, isAtLeast, isBelow, queryAll, set, unset } from '../storage/metadata-store.ts';
import { rolledObjectKey, ulidOfObjectKey } from '../storage/objects/object-keys.ts';
import { outcomeOf, tryWrite } from '../storage/store-error.ts';
import { fetchEntries } from './fetch-entries.ts';
import { appendRetry, findHead, type LogContext, loadHead, repeated } from './log-context.ts';
import { Moved } from './moved.ts';
import { type PlacedPage, placePage } from './pages.ts';
import { removeAll } from './remove-all.ts';
import { indexOf } from './segment-object.ts';
import { hasExpired, isExpiring } from './stage.ts';

export type RollOptions = {
  /** Roll all whole pages, however young and few. */
  force?: boolean;
};

/**
 * Rolls pages into sealed segment objects while a segment is due (`segment.bytes`, `segment.ms`), and
 * finishes what an earlier roller left. Answers how many segments it decided. Any number of rollers may run,
 * each may die anywhere: the head decides, and everything else follows from what it says.
 */
export async function rollPartition(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  options: RollOptions = {},
): Promise<number> {
  for (let segments = 0; ; segments++) {
    const head = await finishRoll(context, partition, config);
    if (!head) return segments;
    const pages = await pagesToRoll(context, partition, config, head, options);
    if (pages.length === 0 || !(await rollPages(context, partition, config, head, pages))) return segments;
  }
}

/**
 * Carries out what the head has decided: the segment's item, then the removal of pages and payloads below
 * `rolled`.
 */
async function finishRoll(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
): Promise<PartitionHead | undefined> {
  let head = await findHead(context, partition);
  if (head?.newSeg) {
    await putSegmentItem(context, partition, head.newSeg);
    head = await findHead(context, partition);
  }
  if (head) await removeRolledPages(context, partition, config, head.rolled);
  return head;
}

/** Step 4: the item from `newSeg`, if absent; a segment item is born once, and only retention ends it. */
export async function putSegmentItem(
  context: LogContext,
  partition: PartitionId,
  segment: Segment,
): Promise<void> {
  const { metadata } = context.stores;
  const key = segmentKey(partition, segment.baseOffset);
  const policy = appendRetry(context);
  await tryWrite(repeated(policy, () => metadata.put(key, writeSegment(segment), absent(['t']))));
  const update = { changes: [unset(['newSeg'])], condition: equals(['newSeg', 'object'], segment.object) };
  await tryWrite(repeated(policy, () => metadata.update(partitionHeadKey(partition), update)));
}

/**
 * Whole pages from `rolled` on, contiguous, only below the `paged` of the head that was read [2.g]; none if
 * not due.
 */
async function pagesToRoll(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  head: PartitionHead,
  { force }: RollOptions,
): Promise<PlacedPage[]> {
  if (head.newSeg || head.rolled >= head.paged) return [];
  const pages: PlacedPage[] = [];
  const wantedBytes = BigInt(Math.min(config.segmentBytes, context.settings.segmentBytesMax));
  let bytes = 0n;
  let next = head.rolled;
  const range = pageRange(partition, head.rolled, head.paged - 1n);
  for await (const { item } of queryAll(context.stores.metadata, range)) {
    const page = placePage(readPage(item));
    if (page.baseOffset !== next || page.nextOffset > head.paged) break;
    if (pages.length > 0 && bytes + page.sizeBytes > wantedBytes) return pages;
    pages.push(page);
    bytes += page.sizeBytes;
    next = page.nextOffset;
  }
  const oldest = pages[0];
  const isOld = oldest !== undefined && BigInt(context.clock.nowMs()) - oldest.pagedOutMs >= config.segmentMs;
  return force || isOld || bytes >= wantedBytes ? pages : [];
}

/**
 * Steps 2 to 5 for one segment. False: somebody else decided; then nothing is deleted, not even one's own
 * object [2.p2].
 */
async function rollPages(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  head: PartitionHead,
  pages: readonly PlacedPage[],
): Promise<boolean> {
  const { segment, bytes } = await encodeSegment(context, partition, config, head, pages);
  const objectMs = ulidTimeMs(
    present(ulidOfObjectKey(segment.object), 'a rolled object has a ULID in its key'),
  );
  await context.stores.objects.put(segment.object, bytes);
  if (!(await decide(context, partition, segment, objectMs))) return false;
  await putSegmentItem(context, partition, segment);
  return true;
}

async function encodeSegment(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  head: PartitionHead,
  pages: readonly PlacedPage[],
): Promise<{ segment: Segment; bytes: Uint8Array }> {
  const { headers, bytes } = await batchesOfPages(context, partition, config, head, pages);
  const first = present(pages[0], 'a segment has pages');
  const last = present(pages.at(-1), 'a segment has pages');
  const segment: Segment = {
    baseOffset: first.baseOffset,
    nextOffset: last.nextOffset,
    object: rolledObjectKey(partition, first.baseOffset, ulid(context.clock, context.random)),
    position: 0,
    sizeBytes: bytes.length,
    firstTimestamp: headers[0]?.baseTimestamp ?? -1n,
    maxTimestamp: headers.reduce(
      (most, { maxTimestamp }) => (maxTimestamp > most ? maxTimestamp : most),
      -1n,
    ),
    maxTimestampSoFar: last.maxTimestampSoFar,
    bytesBefore: first.bytesBefore,
    index: indexOf(context.settings, headers),
  };
  return { segment, bytes };
}

/** So many entries, or bytes of their batches, are held beside the segment that they go into. */
const entriesAtOnce = 100;
const bytesAtOnce = 8 * 1024 * 1024;

/**
 * All batches in order, and their headers. What is below the log start offset, or has expired, may be gone:
 * readers step over it.
 */
async function batchesOfPages(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  head: PartitionHead,
  pages: readonly PlacedPage[],
): Promise<{ headers: RecordBatchHeader[]; bytes: Uint8Array }> {
  const entries = pages.flatMap((page) => page.entries);
  const bytes = new Uint8Array(entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const headers: RecordBatchHeader[] = [];
  let length = 0;
  for (const some of portions(entries)) {
    for (const { entry, batch, fault } of await fetchEntries(context, partition, some, head.epoch)) {
      if (batch && batch.bytes.length > 0) {
        bytes.set(batch.bytes, length);
        length += batch.bytes.length;
        headers.push(readBatchHeader(batch.bytes));
      }
      if (!fault || entry.nextOffset <= head.start) continue;
      if (fault === 'missing' && hasExpired(context, config, entry)) continue;
      throw fault === 'missing' ? new Moved(`the batch at offset ${entry.baseOffset}`) : fault;
    }
  }
  return { headers, bytes: bytes.subarray(0, length) };
}

function* portions(entries: readonly PlacedEntry[]): Generator<PlacedEntry[]> {
  let portion: PlacedEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const isFull = portion.length === entriesAtOnce || bytes + entry.sizeBytes > bytesAtOnce;
    if (isFull && portion.length > 0) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(entry);
    bytes += entry.sizeBytes;
  }
  if (portion.length > 0) yield portion;
}

/**
 * The decision: one conditional update of the head. True also when it shows, after a lost answer, that it was
 * ours.
 */
async function decide(
  context: LogContext,
  partition: PartitionId,
  segment: Segment,
  objectMs: number,
): Promise<boolean> {
  const update = {
    changes: [set(['rolled'], segment.nextOffset), set(['newSeg'], writeSegment(segment))],
    condition: all(
      equals(['rolled'], segment.baseOffset),
      isAtLeast(['paged'], segment.nextOffset),
      isBelow(['swept'], BigInt(objectMs)),
      absent(['newSeg']),
    ),
  };
  const { metadata } = context.stores;
  const key = partitionHeadKey(partition);
  const outcome = await outcomeOf(repeated(appendRetry(context), () => metadata.update(key, update)));
  if (outcome.is === 'done') return readPartitionHead(outcome.value).newSeg?.object === segment.object;
  if (outcome.is === 'notApplied') throw outcome.error;
  return (await loadHead(context, partition)).newSeg?.object === segment.object;
}

/** So many pages, with their payloads, are removed at once. */
const pagesPerRemoval = 64;

/** Step 5: what lies below `rolled` is in segments; first the payloads, then the pages that name them. */
async function removeRolledPages(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  rolled: Offset,
): Promise<void> {
  if (rolled === 0n) return;
  let pages: Page[] = [];
  for await (const { item } of queryAll(context.stores.metadata, pageRange(partition, 0n, rolled - 1n))) {
    const page = readPage(item);
    if (page.nextOffset > rolled) break;
    pages.push(page);
    if (pages.length < pagesPerRemoval) continue;
    await removePages(context, partition, config, pages);
    pages = [];
  }
  await removePages(context, partition, config, pages);
}

/** Payloads that expire by themselves are left to it: a delete costs as much as a put. */
async function removePages(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  pages: readonly Page[],
): Promise<void> {
  const { metadata } = context.stores;
  const entries = pages.flatMap((page) => placePage(page).entries);
  const keys = entries.flatMap(({ at }) => (at.kind === 'item' ? [payloadKey(partition, at.id)] : []));
  const stored = isExpiring(context, config) ? await metadata.getMany(keys, { consistent: false }) : [];
  const toRemove = keys.filter((_, place) => stored[place]?.ttl === undefined);
  await removeAll(context, toRemove);
  await removeAll(
    context,
    pages.map(({ baseOffset }) => pageKey(partition, baseOffset)),
  );
}

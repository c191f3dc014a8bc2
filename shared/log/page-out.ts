import { assert, present } from '../base/assert.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { isAbortMarker } from '../records/control-record.ts';
import { abortKey, writeAbort } from '../storage/items/abort.ts';
import { decodeEntry, type PlacedEntry, placeEntries } from '../storage/items/entry.ts';
import { type Page, pageKey, readPage, writePage } from '../storage/items/page.ts';
import { type PartitionHead, partitionHeadKey, readPartitionHead } from '../storage/items/partition-head.ts';
import { absent, add, dropFirst, equals, set } from '../storage/metadata-store.ts';
import { isStoreError, outcomeOf } from '../storage/store-error.ts';
import { evictProducers } from './evict.ts';
import { type LogContext, type LogSettings, reliefRetry, repeated } from './log-context.ts';

type PageLimits = Pick<LogSettings, 'pageEntries' | 'pageBytes'>;

/** How many entries the next whole page takes from the begin of `entries`; 0 if they do not fill one. */
export function wholePageLength(limits: PageLimits, entries: readonly Uint8Array[], from = 0): number {
  let bytes = 0;
  for (let place = from; place < entries.length; place++) {
    bytes += present(entries[place], 'within the tail').length;
    const length = place - from + 1;
    if (length === limits.pageEntries || bytes >= limits.pageBytes) return length;
  }
  return 0;
}

function wholePages(limits: PageLimits, entries: readonly Uint8Array[]): number {
  let count = 0;
  for (let from = 0; ; count++) {
    const length = wholePageLength(limits, entries, from);
    if (length === 0) return count;
    from += length;
  }
}

/**
 * Whether the newest `own` entries made the tail reach a page boundary: then their writer pages out, nobody
 * else.
 */
export function reachesPageBoundary(limits: PageLimits, tail: readonly Uint8Array[], own: number): boolean {
  return wholePages(limits, tail) > wholePages(limits, tail.slice(0, Math.max(0, tail.length - own)));
}

/**
 * Moves all whole pages out of the tail of the head that was read, and answers the head afterwards; undefined
 * when there was nothing to move or somebody else did. Any step may be repeated, by anybody.
 */
export async function pageOut(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
): Promise<PartitionHead | undefined> {
  try {
    const moved = await putPages(context, partition, head);
    if (moved.entries === 0) return undefined;
    const after = await shortenTail(context, partition, head, moved);
    if (after) await evictProducers(context, partition, after);
    return after;
  } catch (error) {
    if (!isStoreError(error)) throw error;
    // The next refused append tries again; nothing is lost meanwhile.
    context.log.warn('page-out did not get through', { ...partition, reason: error.message });
    return undefined;
  }
}

/** How far the pages reach, and what the partition is like up to there. */
type Moved = { paged: Offset; entries: number; bytes: bigint; maxTimestamp: bigint };

async function putPages(context: LogContext, partition: PartitionId, head: PartitionHead): Promise<Moved> {
  const moved: Moved = {
    paged: head.paged,
    entries: 0,
    bytes: head.pagedBytes,
    maxTimestamp: head.pagedMaxTimestamp,
  };
  const pages = proposedPages(context, head, moved);
  if (pages.length > 1 && (await putTogether(context, partition, pages))) {
    for (const page of pages) await includePage(context, partition, moved, page);
    return moved;
  }
  for (;;) {
    const [proposed] = proposedPages(context, head, moved, 1);
    if (!proposed) return moved;
    const page = await putPage(context, partition, proposed);
    if (moved.entries + page.entries.length > head.tail.length) return moved;
    await includePage(context, partition, moved, page);
  }
}

/** The whole pages that the tail begins with, behind what was moved; at most `most` of them. */
function proposedPages(context: LogContext, head: PartitionHead, from: Moved, most = Infinity): Page[] {
  const pages: Page[] = [];
  let reached = from;
  while (pages.length < most) {
    const length = wholePageLength(context.settings, head.tail, reached.entries);
    if (length === 0) break;
    const page = pageOf(context, reached, head.tail.slice(reached.entries, reached.entries + length));
    pages.push(page);
    reached = behind(reached, page);
  }
  return pages;
}

const behind = ({ entries }: Moved, page: Page): Moved => ({
  paged: page.nextOffset,
  entries: entries + page.entries.length,
  bytes: page.bytesBefore + page.sizeBytes,
  maxTimestamp: page.maxTimestampSoFar,
});

async function includePage(
  context: LogContext,
  partition: PartitionId,
  moved: Moved,
  page: Page,
): Promise<void> {
  await putAborts(context, partition, placeEntries(page.baseOffset, page.entries));
  Object.assign(moved, behind(moved, page));
}

/**
 * Several pages in one store transaction: all are new, or none is put. One by one is then the way, since a
 * page that is there already decides where the next one begins [1.g].
 */
async function putTogether(
  context: LogContext,
  partition: PartitionId,
  pages: readonly Page[],
): Promise<boolean> {
  const actions = pages.map((page) => ({
    put: pageKey(partition, page.baseOffset),
    item: writePage(page),
    condition: absent(['t']),
  }));
  const { metadata } = context.stores;
  const outcome = await outcomeOf(repeated(reliefRetry(context), () => metadata.transact(actions)));
  return outcome.is === 'done';
}

function pageOf({ clock }: LogContext, moved: Moved, encoded: readonly Uint8Array[]): Page {
  const entries = encoded.map(decodeEntry);
  const count = entries.reduce((sum, entry) => sum + entry.recordCount, 0);
  return {
    baseOffset: moved.paged,
    nextOffset: moved.paged + BigInt(count),
    entries: encoded,
    bytesBefore: moved.bytes,
    sizeBytes: entries.reduce((sum, entry) => sum + BigInt(entry.sizeBytes), 0n),
    maxTimestampSoFar: entries.reduce(
      (most, entry) => (entry.maxTimestamp > most ? entry.maxTimestamp : most),
      moved.maxTimestamp,
    ),
    pagedOutMs: BigInt(clock.nowMs()),
  };
}

/**
 * Puts the page if there is none; if one is there, that one counts, also when its boundary is another [1.g].
 */
async function putPage(context: LogContext, partition: PartitionId, page: Page): Promise<Page> {
  const { metadata } = context.stores;
  const key = pageKey(partition, page.baseOffset);
  for (let tries = 1; ; tries++) {
    const outcome = await outcomeOf(
      repeated(reliefRetry(context), () => metadata.put(key, writePage(page), absent(['t']))),
    );
    if (outcome.is === 'done') return page;
    if (outcome.is === 'notApplied') throw outcome.error;
    const stored = await metadata.get(key);
    if (stored) return readPage(stored);
    // Unknown and not there: it may still arrive, or another's may come first. So only ever if there is none.
    if (outcome.is === 'unknown' && tries === pagePutsMax) throw outcome.error;
  }
}

/** How often a page is put whose answer is lost before the page-out is left to the next one. */
const pagePutsMax = 5;

async function putAborts(
  context: LogContext,
  partition: PartitionId,
  entries: readonly PlacedEntry[],
): Promise<void> {
  for (const entry of entries) {
    const { at, producer } = entry;
    if (at.kind !== 'marker' || !isAbortMarker(at.batch)) continue;
    assert(producer !== undefined, 'a marker names its producer');
    const abort = {
      markerOffset: entry.baseOffset,
      producerId: producer.producerId,
      firstOffset: at.firstOffset,
    };
    const key = abortKey(partition, abort.markerOffset);
    await repeated(reliefRetry(context), () => context.stores.metadata.put(key, writeAbort(abort)));
  }
}

async function shortenTail(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  moved: Moved,
): Promise<PartitionHead | undefined> {
  const bytes = head.tail.slice(0, moved.entries).reduce((sum, entry) => sum + BigInt(entry.length), 0n);
  const update = {
    changes: [
      set(['paged'], moved.paged),
      add(['tailBytes'], -bytes),
      dropFirst(['tail'], moved.entries),
      set(['pagedBytes'], moved.bytes),
      set(['pagedMaxTs'], moved.maxTimestamp),
    ],
    condition: equals(['paged'], head.paged),
  };
  const { metadata } = context.stores;
  const outcome = await outcomeOf(
    repeated(reliefRetry(context), () => metadata.update(partitionHeadKey(partition), update)),
  );
  if (outcome.is === 'notApplied') throw outcome.error;
  return outcome.is === 'done' ? readPartitionHead(outcome.value) : undefined;
}

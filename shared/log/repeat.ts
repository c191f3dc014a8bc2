import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { readBatchHeader } from '../records/record-batch.ts';
import type { Entry, EntryProducer } from '../storage/items/entry.ts';
import { pageRange, readPage } from '../storage/items/page.ts';
import { type PartitionHead, tailEntries } from '../storage/items/partition-head.ts';
import { producerKey, readProducer } from '../storage/items/producer.ts';
import { readSegment, type Segment, segmentRange } from '../storage/items/segment.ts';
import { queryAll } from '../storage/metadata-store.ts';
import { type LogContext, loadHead, reliefRetry, repeated } from './log-context.ts';
import { MissingObject } from './moved.ts';
import { placePage } from './pages.ts';
import { batchesOfSegment } from './segment-object.ts';

/** The same batch of the same producer: also its record count, since a client may cut a retry differently. */
export const isSameBatch = (entry: Entry, producer: EntryProducer, recordCount: number): boolean =>
  entry.recordCount === recordCount &&
  entry.producer?.producerId === producer.producerId &&
  entry.producer.producerEpoch === producer.producerEpoch &&
  entry.producer.baseSequence === producer.baseSequence;

/**
 * The value of a producer that was moved out of the head; undefined when there is none, or it has expired.
 */
export async function findEvicted(
  context: LogContext,
  partition: PartitionId,
  producerId: bigint,
): Promise<bigint | undefined> {
  const { metadata } = context.stores;
  const item = await repeated(reliefRetry(context), () => metadata.get(producerKey(partition, producerId)));
  if (item === undefined) return undefined;
  const evicted = readProducer(item);
  // The store forgets it some time later.
  const hasExpired = evicted.ttl * 1000n < BigInt(context.clock.nowMs());
  return hasExpired ? undefined : evicted.value;
}

/**
 * `furtherBack`: beyond five batches of its producer, or beyond the limits; so it may be there, or was once.
 */
export type Repeat = { is: 'found'; baseOffset: Offset } | { is: 'furtherBack' } | { is: 'nowhere' };

/**
 * Where a batch is that lies before the producer's next sequence, newest places first: tail, pages, segments
 * [1.e]. `nowhere`: all that the log holds of the producer was seen, and this is not among it. That is so
 * when its predecessors failed and a later batch was the first that anybody saw of this producer: it was
 * never stored.
 */
export async function findRepeat(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  producer: EntryProducer,
  recordCount: number,
): Promise<Repeat> {
  let seen = 0;
  let before = head.next;
  for await (const candidate of batchesOfProducer(context, partition, head, producer)) {
    if (candidate === 'limit') return { is: 'furtherBack' };
    const { entry, baseOffset } = candidate;
    // Stored since, or seen already: what the search meets moves on from tail to page to segment meanwhile.
    if (baseOffset >= before) continue;
    before = baseOffset;
    if (isSameBatch(entry, producer, recordCount)) return { is: 'found', baseOffset };
    if ((entry.producer?.producerEpoch ?? 0) < producer.producerEpoch) return { is: 'nowhere' };
    if (++seen >= context.settings.repeatBatchesMax) return { is: 'furtherBack' };
  }
  return { is: 'nowhere' };
}

type Candidate = { entry: Entry; baseOffset: Offset };

/** Newest first; `limit` where the search ends before the log does. */
async function* batchesOfProducer(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  { producerId }: EntryProducer,
): AsyncGenerator<Candidate | 'limit'> {
  const isOwn = (entry: Entry): boolean => entry.producer?.producerId === producerId;
  for (const entry of tailEntries(head).filter(isOwn).reverse())
    yield { entry, baseOffset: entry.baseOffset };
  const { metadata } = context.stores;
  const { repeatPagesMax, repeatSegmentsMax } = context.settings;
  let pages = 0;
  const unrolled = pageRange(partition, head.rolled, head.paged);
  for await (const { item } of queryAll(metadata, { ...unrolled, descending: true })) {
    if (++pages > repeatPagesMax) return yield 'limit';
    const { baseOffset, entries } = placePage(readPage(item));
    if (baseOffset >= head.paged) continue; // does not exist for us yet [2.g]
    for (const entry of entries.filter(isOwn).reverse()) yield { entry, baseOffset: entry.baseOffset };
  }
  if (head.newSeg) yield* ownInSegment(context, partition, head.newSeg, producerId);
  let segments = 0;
  for await (const { item } of queryAll(metadata, {
    ...segmentRange(partition, 0n, head.next),
    descending: true,
    limit: 2,
  })) {
    if (++segments > repeatSegmentsMax) return yield 'limit';
    const segment = readSegment(item);
    if (segment.baseOffset !== head.newSeg?.baseOffset)
      yield* ownInSegment(context, partition, segment, producerId);
  }
}

async function* ownInSegment(
  context: LogContext,
  partition: PartitionId,
  segment: Segment,
  producerId: bigint,
): AsyncGenerator<Candidate> {
  try {
    yield* (await ownOldestFirst(context, segment, producerId)).reverse();
  } catch (error) {
    if (!(error instanceof MissingObject)) throw error;
    // Retention has removed it, and a late roller may even have put its item again [6.f2]: nothing is there.
    const { start } = await loadHead(context, partition);
    if (segment.nextOffset > start) throw error;
  }
}

async function ownOldestFirst(
  context: LogContext,
  segment: Segment,
  producerId: bigint,
): Promise<Candidate[]> {
  const own: Candidate[] = [];
  for await (const { bytes } of batchesOfSegment(context, segment)) {
    const header = readBatchHeader(bytes);
    if (header.producerId !== producerId || header.isControl) continue;
    const { producerEpoch, baseSequence, recordCount, maxTimestamp, baseOffset } = header;
    const description = { recordCount, maxTimestamp, sizeBytes: bytes.length };
    const entry: Entry = {
      ...description,
      producer: { producerId, producerEpoch, baseSequence },
      at: { kind: 'gap' },
    };
    own.push({ entry, baseOffset });
  }
  return own;
}

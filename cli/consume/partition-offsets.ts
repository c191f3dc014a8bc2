import * as z from 'zod';
import { forEachAtMost } from '../../shared/base/concurrency.ts';
import type { Door } from '../door/door.ts';
import { binaryType, consumedRecords } from './consumed-record.ts';
import { offsetAt, type PartitionRange, type StartPosition } from './start-position.ts';

/** Questions under way at once, when many partitions are asked about. */
export const askedAtOnce = 8;

export type TopicPartition = { readonly topic: string; readonly partition: number };

const offset = z.union([z.number().int(), z.string().regex(/^[0-9]+$/)]).transform((value) => BigInt(value));
const offsets = z.object({ beginning_offset: offset, end_offset: offset });

/** Where a partition begins and ends. */
export async function rangeOf(
  door: Door,
  { topic, partition }: TopicPartition,
  signal?: AbortSignal,
): Promise<PartitionRange> {
  const { beginning_offset: begin, end_offset: end } = await door.call(
    'getOffsets',
    { topic, partition },
    offsets,
    { signal },
  );
  return { begin, end };
}

/** The offset of the first record at or after a time, or the end. */
export async function offsetAtTime(
  door: Door,
  { topic, partition }: TopicPartition,
  timeMs: number,
  { end }: PartitionRange,
): Promise<bigint> {
  const query = { offset: new Date(timeMs).toISOString(), timeout: '0', max_bytes: '1' };
  const accept = binaryType;
  const records = await door.call('readRecords', { topic, partition }, consumedRecords, { query, accept });
  return records[0]?.offset ?? end;
}

/** The offset of a position in a partition. */
export async function findOffset(
  door: Door,
  place: TopicPartition,
  position: StartPosition,
  range: PartitionRange,
): Promise<bigint> {
  if (position.kind === 'time') return offsetAtTime(door, place, position.timeMs, range);
  return offsetAt(position, range);
}

/** Asks about every item, a few at once; the answers are in the order of the items. */
export async function askEach<T, A>(items: readonly T[], ask: (item: T) => Promise<A>): Promise<A[]> {
  const answers: A[] = [];
  await forEachAtMost(askedAtOnce, items.entries(), async ([at, item]) => {
    answers[at] = await ask(item);
  });
  return answers;
}

import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { offsetDigits, partitionItemsKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** An aborted transaction, by the offset of its marker: what a read_committed reader must leave out. */
export type Abort = { markerOffset: bigint; producerId: bigint; firstOffset: bigint };

export const abortType = 'a';
const format = 1n;
const prefix = 'abort#';

export const abortKey = (partition: PartitionId, markerOffset: bigint): Key => ({
  pk: partitionItemsKey(partition),
  sk: `${prefix}${offsetDigits(markerOffset)}`,
});

/** All abort items with a marker offset in [from, through]. */
export const abortRange = (partition: PartitionId, from: bigint, through: bigint) => ({
  pk: partitionItemsKey(partition),
  from: `${prefix}${offsetDigits(from)}`,
  through: `${prefix}${offsetDigits(through)}`,
});

export const writeAbort = (abort: Abort): Item => ({
  ...stamp(abortType, format),
  marker: abort.markerOffset,
  producer: abort.producerId,
  first: abort.firstOffset,
});

export function readAbort(item: Item): Abort {
  const read = readerOf(item, abortType, format);
  return {
    markerOffset: read.number('marker'),
    producerId: read.number('producer'),
    firstOffset: read.number('first'),
  };
}

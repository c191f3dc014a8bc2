import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { offsetDigits, partitionItemsKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** Entries moved out of a head's tail: a pure function of the entries' sequence, except `pagedOutMs`. */
export type Page = {
  baseOffset: bigint;
  nextOffset: bigint;
  /** Encoded entries, oldest first. */
  entries: readonly Uint8Array[];
  /** Bytes of all batches of the partition before this page. */
  bytesBefore: bigint;
  sizeBytes: bigint;
  /** The largest timestamp of the partition up to the end of this page. */
  maxTimestampSoFar: bigint;
  /** When it was written, in ms: a page is rolled when it is older than `segment.ms`. */
  pagedOutMs: bigint;
};

export const pageType = 'p';
const format = 1n;
const prefix = 'page#';

export const pageKey = (partition: PartitionId, baseOffset: bigint): Key => ({
  pk: partitionItemsKey(partition),
  sk: `${prefix}${offsetDigits(baseOffset)}`,
});

/** All pages with a base offset in [from, through]. */
export const pageRange = (partition: PartitionId, from = 0n, through = (1n << 63n) - 1n) => ({
  pk: partitionItemsKey(partition),
  from: `${prefix}${offsetDigits(from)}`,
  through: `${prefix}${offsetDigits(through)}`,
});

export const writePage = (page: Page): Item => ({
  ...stamp(pageType, format),
  base: page.baseOffset,
  next: page.nextOffset,
  entries: page.entries,
  bytesBefore: page.bytesBefore,
  bytes: page.sizeBytes,
  maxTs: page.maxTimestampSoFar,
  at: page.pagedOutMs,
});

export function readPage(item: Item): Page {
  const read = readerOf(item, pageType, format);
  return {
    baseOffset: read.number('base'),
    nextOffset: read.number('next'),
    entries: read.list<Uint8Array>('entries'),
    bytesBefore: read.number('bytesBefore'),
    sizeBytes: read.number('bytes'),
    maxTimestampSoFar: read.number('maxTs'),
    pagedOutMs: read.number('at'),
  };
}

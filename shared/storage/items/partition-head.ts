import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { type PlacedEntry, placeEntries } from './entry.ts';
import { readSegment, type Segment } from './segment.ts';
import { readerOf, stamp } from './stored-format.ts';

/**
 * The small mutable state of a partition, alone under its key so that nothing else spends its write units.
 * Every attribute exists from creation on, except `newSeg`; no update may create a head.
 */
export type PartitionHead = {
  /** Log end offset. */
  next: bigint;
  /** Offsets below are in pages or segments: the base offset of the first tail entry. */
  paged: bigint;
  /** Offsets below are in segments. */
  rolled: bigint;
  /** Log start offset. */
  start: bigint;
  /** Encoded entries, oldest first. */
  tail: readonly Uint8Array[];
  tailBytes: number;
  /** Producer id -> epoch * 2^32 + next sequence. */
  prod: { readonly [producerId: string]: bigint };
  /** Producer id -> first offset of its open transaction. */
  txnAt: { readonly [producerId: string]: bigint };
  /** Producer id -> number of its open transaction, or minus the number of the last one that ended here. */
  txnNo: { readonly [producerId: string]: bigint };
  /** How many producers were ever moved out of the head. */
  evicted: bigint;
  /** Nothing staged at or before this time (ms) may be named any more. */
  swept: bigint;
  /** A segment decided but not yet an item. */
  newSeg?: Segment;
  /** Leader epoch. */
  epoch: number;
  /** Whether a subscription wants to hear of appends. */
  push: boolean;
  /**
   * Of everything below `paged`, ever: bytes of its batches, and the largest timestamp (-1 when there is
   * none).
   */
  pagedBytes: bigint;
  pagedMaxTimestamp: bigint;
};

export const headType = 'h';
const format = 1n;

export const partitionHeadKey = ({ topicId, partition }: PartitionId): Key => ({
  pk: `p#${topicId}#${partition}`,
  sk: 'head',
});

/** The head of a new partition; `topic` names the topic in head 0 (it proves that all heads were made). */
export const newPartitionHead = (topic?: string): Item => ({
  ...stamp(headType, format),
  next: 0n,
  paged: 0n,
  rolled: 0n,
  start: 0n,
  tail: [],
  tailBytes: 0n,
  prod: {},
  txnAt: {},
  txnNo: {},
  evicted: 0n,
  swept: 0n,
  epoch: 0n,
  push: false,
  pagedBytes: 0n,
  pagedMaxTs: -1n,
  ...(topic === undefined ? {} : { topic }),
});

export function readPartitionHead(item: Item): PartitionHead {
  const read = readerOf(item, headType, format);
  return {
    next: read.number('next'),
    paged: read.number('paged'),
    rolled: read.number('rolled'),
    start: read.number('start'),
    tail: read.list<Uint8Array>('tail'),
    tailBytes: read.int('tailBytes'),
    prod: read.map<bigint>('prod'),
    txnAt: read.map<bigint>('txnAt'),
    txnNo: read.map<bigint>('txnNo'),
    evicted: read.number('evicted'),
    swept: read.number('swept'),
    epoch: read.int('epoch'),
    push: read.flag('push'),
    pagedBytes: read.number('pagedBytes'),
    pagedMaxTimestamp: read.number('pagedMaxTs'),
    ...(item.newSeg === undefined ? {} : { newSeg: readSegment(read.map('newSeg') as Item) }),
  };
}

/** The tail's entries with their offsets. */
export const tailEntries = (head: PartitionHead): PlacedEntry[] => placeEntries(head.paged, head.tail);

/** The last stable offset: no open transaction begins below it (I6). */
export function lastStableOffset(head: PartitionHead): bigint {
  const open = Object.values(head.txnAt);
  const smallest = open.reduce((least, offset) => (offset < least ? offset : least), head.next);
  return smallest > head.start ? smallest : head.start;
}

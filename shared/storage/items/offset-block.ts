import type { TopicId } from '../../kafka/topic-partition.ts';
import type { Attribute, Item, Key } from '../item.ts';
import { groupItemsKey, rangeOfPrefix } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

export type CommittedOffset = {
  readonly offset: bigint;
  /** -1: unknown. */
  readonly leaderEpoch: number;
  readonly committedAtMs: number;
  readonly metadata: string;
};

/** The committed offsets of sixteen partitions: a commit of ten partitions is one write unit, not ten. */
export type OffsetBlock = {
  readonly topicId: TopicId;
  /** The topic's name when the block was made. */
  readonly topic: string;
  readonly block: number;
  readonly offsets: ReadonlyMap<number, CommittedOffset>;
  /** No commit with a lower fence is taken for the partition. */
  readonly fences: ReadonlyMap<number, bigint>;
  /** Partitions with offsets of a transaction that is not completed; the keys are theirs to read. */
  readonly pending: ReadonlyMap<string, Attribute>;
  /** Grows with every write: gives each commit its order. */
  readonly counter: bigint;
};

export const partitionsPerBlock = 16;
export const blockOf = (partition: number): number => Math.floor(partition / partitionsPerBlock);

export const offsetBlockType = 'o';
const format = 1n;
const prefix = 'offset#';

export const offsetBlockKey = (groupId: string, topicId: TopicId, block: number): Key => ({
  pk: groupItemsKey(groupId),
  sk: `${prefix}${topicId}#${String(block).padStart(6, '0')}`,
});

export const offsetBlockRange = (groupId: string) => rangeOfPrefix(groupItemsKey(groupId), prefix);

/** A block before its first commit. `createdMs`: an emptied block stays a day. */
export const newOffsetBlock = (
  { topicId, topic, block }: Pick<OffsetBlock, 'topicId' | 'topic' | 'block'>,
  createdMs: number,
  fences: Readonly<Record<string, bigint>> = {},
): Item => ({
  ...stamp(offsetBlockType, format),
  topicId,
  topic,
  block: BigInt(block),
  created: BigInt(createdMs),
  o: {},
  m: {},
  s: {},
  fence: fences,
  pend: {},
  ps: {},
  c: 0n,
});

/** What `o.#p` holds. */
export const offsetAttribute = ({ offset, leaderEpoch, committedAtMs }: CommittedOffset): Attribute => [
  offset,
  BigInt(leaderEpoch),
  BigInt(committedAtMs),
];

export function readOffsetBlock(item: Item): OffsetBlock {
  const read = readerOf(item, offsetBlockType, format);
  const metadata = read.map<string>('m');
  const offsets = Object.entries(read.map<readonly bigint[]>('o')).map(
    ([partition, [offset = -1n, leaderEpoch = -1n, time = 0n]]): [number, CommittedOffset] => [
      Number(partition),
      {
        offset,
        leaderEpoch: Number(leaderEpoch),
        committedAtMs: Number(time),
        metadata: metadata[partition] ?? '',
      },
    ],
  );
  const fences = Object.entries(read.map<bigint>('fence')).map(([partition, fence]): [number, bigint] => [
    Number(partition),
    fence,
  ]);
  return {
    topicId: read.text('topicId'),
    topic: read.text('topic'),
    block: read.int('block'),
    offsets: new Map(offsets.sort(([a], [b]) => a - b)),
    fences: new Map(fences),
    pending: new Map(Object.entries(read.map<Attribute>('pend'))),
    counter: read.number('c'),
  };
}

/** When the block was made, in ms. */
export const offsetBlockCreatedMs = (item: Item): number =>
  readerOf(item, offsetBlockType, format).int('created');

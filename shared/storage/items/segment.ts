import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { offsetDigits, partitionItemsKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/**
 * A sealed range of offsets and where its batches are: a part of an object, in Kafka's own log format. The
 * range is for ever; compaction changes only where the pointer goes.
 */
export type Segment = {
  baseOffset: bigint;
  nextOffset: bigint;
  /** The key of the object, and the part of it that is this segment. */
  object: string;
  position: number;
  sizeBytes: number;
  firstTimestamp: bigint;
  maxTimestamp: bigint;
  /** The largest timestamp of the partition up to the end of this segment. */
  maxTimestampSoFar: bigint;
  /** Bytes of all batches of the partition before this segment. */
  bytesBefore: bigint;
  index: readonly IndexSlot[];
};

/** One mark of the sparse offset and time index. */
export type IndexSlot = {
  /** A batch begins here. */
  offset: bigint;
  /** Where, from the begin of the segment. */
  position: number;
  /** The largest timestamp from the begin of the segment up to here (exclusive); -1 at its begin. */
  maxTimestampBefore: bigint;
};

export const segmentType = 's';
const format = 1n;
const prefix = 'seg#';

export const segmentKey = (partition: PartitionId, baseOffset: bigint): Key => ({
  pk: partitionItemsKey(partition),
  sk: `${prefix}${offsetDigits(baseOffset)}`,
});

/** All segments with a base offset in [from, through]. */
export const segmentRange = (partition: PartitionId, from = 0n, through = (1n << 63n) - 1n) => ({
  pk: partitionItemsKey(partition),
  from: `${prefix}${offsetDigits(from)}`,
  through: `${prefix}${offsetDigits(through)}`,
});

export const writeSegment = (segment: Segment): Item => ({
  ...stamp(segmentType, format),
  base: segment.baseOffset,
  next: segment.nextOffset,
  object: segment.object,
  position: BigInt(segment.position),
  bytes: BigInt(segment.sizeBytes),
  firstTs: segment.firstTimestamp,
  maxTs: segment.maxTimestamp,
  maxTsSoFar: segment.maxTimestampSoFar,
  bytesBefore: segment.bytesBefore,
  index: encodeIndex(segment),
});

export function readSegment(item: Item): Segment {
  const read = readerOf(item, segmentType, format);
  const baseOffset = read.number('base');
  return {
    baseOffset,
    nextOffset: read.number('next'),
    object: read.text('object'),
    position: read.int('position'),
    sizeBytes: read.int('bytes'),
    firstTimestamp: read.number('firstTs'),
    maxTimestamp: read.number('maxTs'),
    maxTimestampSoFar: read.number('maxTsSoFar'),
    bytesBefore: read.number('bytesBefore'),
    index: decodeIndex(baseOffset, read.bytes('index')),
  };
}

function encodeIndex(segment: Segment): Uint8Array {
  const writer = new ByteWriter(segment.index.length * 12 + 8);
  let offset = segment.baseOffset;
  let position = 0;
  for (const slot of segment.index) {
    writer
      .uvarlong(slot.offset - offset)
      .uvarint(slot.position - position)
      .varlong(slot.maxTimestampBefore);
    offset = slot.offset;
    position = slot.position;
  }
  return writer.finish();
}

function decodeIndex(baseOffset: bigint, bytes: Uint8Array): IndexSlot[] {
  const reader = new ByteReader(bytes);
  const slots: IndexSlot[] = [];
  let offset = baseOffset;
  let position = 0;
  while (reader.remaining > 0) {
    offset += reader.uvarlong();
    position += reader.uvarint();
    slots.push({ offset, position, maxTimestampBefore: reader.varlong() });
  }
  return slots;
}

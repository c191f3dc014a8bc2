import {
  ByteReader,
  ByteWriter,
  concatBytes,
  MalformedBytes,
  utf8Decode,
  utf8Encode,
} from '../../base/bytes.ts';
import type { PartitionId } from '../../kafka/topic-partition.ts';

/**
 * Staged batches of one request or linger window. The header lists the partitions that may name a part of it,
 * so that a sweep knows whom to ask: magic "MRBO", format, count, then (topic id, partition) each; the
 * batches follow.
 */
const magic = 0x4d52424f;
const format = 1;

/** The most that `readBatchObjectPartitions` needs from the begin of an object. */
export const batchObjectHeaderBytesMax = 128 * 1024;

/** The object's bytes, and where in it each batch begins. */
export function encodeBatchObject(batches: readonly { partition: PartitionId; batch: Uint8Array }[]): {
  bytes: Uint8Array;
  positions: number[];
} {
  const header = encodeHeader(batches.map(({ partition }) => partition));
  const positions: number[] = [];
  let position = header.length;
  for (const { batch } of batches) {
    positions.push(position);
    position += batch.length;
  }
  return { bytes: concatBytes([header, ...batches.map(({ batch }) => batch)]), positions };
}

/** Where the batch begins in an object that holds no other. */
export const positionAlone = (partition: PartitionId): number => encodeHeader([partition]).length;

function encodeHeader(partitions: readonly PartitionId[]): Uint8Array {
  const distinct = new Map(partitions.map((id) => [`${id.topicId}#${id.partition}`, id]));
  const writer = new ByteWriter(64).uint32(magic).uint8(format).uvarint(distinct.size);
  for (const { topicId, partition } of distinct.values()) {
    const name = utf8Encode(topicId);
    writer.uvarint(name.length).raw(name).uvarint(partition);
  }
  return writer.finish();
}

/** The partitions that may name a part of the object, from its first `batchObjectHeaderBytesMax` bytes. */
export function readBatchObjectPartitions(bytes: Uint8Array): PartitionId[] {
  const reader = new ByteReader(bytes);
  if (reader.uint32() !== magic || reader.uint8() !== format) {
    throw new MalformedBytes('not a staged batch object of a known format');
  }
  const count = reader.uvarint();
  const partitions: PartitionId[] = [];
  for (let read = 0; read < count; read++) {
    const topicId = utf8Decode(reader.raw(reader.uvarint()));
    partitions.push({ topicId, partition: reader.uvarint() });
  }
  return partitions;
}

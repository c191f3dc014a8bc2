import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import {
  CompressionError,
  type CompressionType,
  compressionTypes,
  type RecordCodecs,
} from './compression.ts';
import {
  type DecodedRecord,
  type ProducedRecord,
  RecordCursor,
  recordBytesMin,
  writeRecord,
} from './record.ts';

export type TimestampType = 'CreateTime' | 'LogAppendTime';

/** The fixed part of a record batch of magic 2 (Kafka's message format since 0.11). */
export type RecordBatchHeader = {
  readonly baseOffset: bigint;
  /** The whole batch with its 12 leading bytes. */
  readonly sizeBytes: number;
  readonly partitionLeaderEpoch: number;
  readonly magic: number;
  /** CRC-32C over everything from the attributes on, unsigned. */
  readonly crc: number;
  readonly attributes: number;
  readonly compression: CompressionType;
  readonly timestampType: TimestampType;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  /** -1: none, as for the next two. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
};

/** Where the fields of a batch begin. */
export const at = {
  baseOffset: 0,
  length: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const;

/** The base offset and the length come before what the length counts. */
const leadingBytes = 12;
/** Bytes of a batch before its records. */
export const batchHeaderBytes: number = at.records;

export const attributeBits = {
  compression: 0b111,
  logAppendTime: 1 << 3,
  transactional: 1 << 4,
  control: 1 << 5,
} as const;

/** Bounds for reading the records of one batch. */
export type RecordLimits = {
  /** How large the records of a batch may become when decompressed. */
  readonly decompressedBytesMax: number;
};

/** Room for 1 MiB that compressed to a 64th: more than clients make, little beside a function's memory. */
export const recordLimits: RecordLimits = { decompressedBytesMax: 64 * 1024 * 1024 };

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Reads the header of the batch at `position`; the records need not be there. Throws CORRUPT_MESSAGE when the
 * bytes are no header of magic 2, UNSUPPORTED_COMPRESSION_TYPE for a compression nobody has defined.
 */
export function readBatchHeader(bytes: Uint8Array, position = 0): RecordBatchHeader {
  if (bytes.length - position < batchHeaderBytes) {
    throw corrupt(`${bytes.length - position} bytes are too few for the header of a record batch`);
  }
  const view = viewOf(bytes);
  const sizeBytes = view.getInt32(position + at.length) + leadingBytes;
  if (sizeBytes < batchHeaderBytes) throw corrupt(`a record batch of ${sizeBytes} bytes`);
  const magic = view.getInt8(position + at.magic);
  if (magic !== 2) throw corrupt(`a record batch of magic ${magic}`);
  const attributes = view.getInt16(position + at.attributes);
  return {
    baseOffset: view.getBigInt64(position + at.baseOffset),
    sizeBytes,
    partitionLeaderEpoch: view.getInt32(position + at.partitionLeaderEpoch),
    magic,
    crc: view.getUint32(position + at.crc),
    attributes,
    compression: compressionOf(attributes),
    timestampType: attributes & attributeBits.logAppendTime ? 'LogAppendTime' : 'CreateTime',
    isTransactional: (attributes & attributeBits.transactional) !== 0,
    isControl: (attributes & attributeBits.control) !== 0,
    lastOffsetDelta: view.getInt32(position + at.lastOffsetDelta),
    baseTimestamp: view.getBigInt64(position + at.baseTimestamp),
    maxTimestamp: view.getBigInt64(position + at.maxTimestamp),
    producerId: view.getBigInt64(position + at.producerId),
    producerEpoch: view.getInt16(position + at.producerEpoch),
    baseSequence: view.getInt32(position + at.baseSequence),
    recordCount: view.getInt32(position + at.recordCount),
  };
}

function compressionOf(attributes: number): CompressionType {
  const number = attributes & attributeBits.compression;
  const type = compressionTypes[number];
  if (type === undefined) throw new KafkaError('UNSUPPORTED_COMPRESSION_TYPE', `compression type ${number}`);
  return type;
}

const corrupt = (message: string): KafkaError => new KafkaError('CORRUPT_MESSAGE', message);

/** Views of the batches that fill the bytes. Throws CORRUPT_MESSAGE when anything else is in between. */
export function splitBatches(bytes: Uint8Array): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let position = 0; position < bytes.length; ) {
    const { sizeBytes } = readBatchHeader(bytes, position);
    if (sizeBytes > bytes.length - position) {
      throw corrupt(`a record batch of ${sizeBytes} bytes where ${bytes.length - position} are left`);
    }
    batches.push(bytes.subarray(position, position + sizeBytes));
    position += sizeBytes;
  }
  return batches;
}

/** Sets what a broker assigns, in place. Both fields are outside the CRC. */
export function patchBatch(
  batch: Uint8Array,
  { baseOffset, partitionLeaderEpoch }: { baseOffset?: bigint; partitionLeaderEpoch?: number },
): void {
  const view = viewOf(batch);
  if (baseOffset !== undefined) view.setBigInt64(at.baseOffset, baseOffset);
  if (partitionLeaderEpoch !== undefined) view.setInt32(at.partitionLeaderEpoch, partitionLeaderEpoch);
}

/** Makes every record of the batch carry the broker's time, in place. */
export function stampLogAppendTime(batch: Uint8Array, timeMs: bigint, codecs: RecordCodecs): void {
  setTimestamps(batch, 'LogAppendTime', timeMs, codecs);
}

/** Says that the records carry their own times, of which `maxTimestamp` is the latest, in place. */
export function correctMaxTimestamp(batch: Uint8Array, maxTimestamp: bigint, codecs: RecordCodecs): void {
  setTimestamps(batch, 'CreateTime', maxTimestamp, codecs);
}

/** Other attribute bits, unused ones too, stay as they are. */
function setTimestamps(
  batch: Uint8Array,
  timestampType: TimestampType,
  maxTimestamp: bigint,
  codecs: RecordCodecs,
): void {
  const view = viewOf(batch);
  const before = view.getInt16(at.attributes);
  const others = before & ~attributeBits.logAppendTime;
  const attributes = timestampType === 'LogAppendTime' ? others | attributeBits.logAppendTime : others;
  if (attributes === before && view.getBigInt64(at.maxTimestamp) === maxTimestamp) return;
  view.setInt16(at.attributes, attributes);
  view.setBigInt64(at.maxTimestamp, maxTimestamp);
  stampCrc(batch, codecs);
}

/** Sets the CRC to what the bytes are now. */
export function stampCrc(batch: Uint8Array, codecs: RecordCodecs): void {
  viewOf(batch).setUint32(at.crc, codecs.crc32c(batch.subarray(at.attributes)));
}

/** True if the bytes from the attributes on are those the CRC was made of. */
export const hasValidCrc = (batch: Uint8Array, codecs: RecordCodecs): boolean =>
  viewOf(batch).getUint32(at.crc) === codecs.crc32c(batch.subarray(at.attributes));

/** Sequences of an idempotent producer go round from 2^31 - 1 to 0. */
export const incrementSequence = (sequence: number, by: number): number => (sequence + by) % 0x8000_0000;

/** The sequence of the batch's last record, -1 for a batch without a producer id. */
export const lastSequence = (header: RecordBatchHeader): number =>
  header.baseSequence < 0 ? -1 : incrementSequence(header.baseSequence, header.lastOffsetDelta);

export type RecordBatchToEncode = {
  /** At least one. */
  readonly records: readonly ProducedRecord[];
  readonly compression: CompressionType;
  readonly timestampType?: TimestampType;
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly baseOffset?: bigint;
  readonly partitionLeaderEpoch?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
};

/** A batch of magic 2, as a Kafka producer makes it: offsets from `baseOffset` (0) on, without gaps. */
export function encodeRecordBatch(batch: RecordBatchToEncode, codecs: RecordCodecs): Uint8Array {
  const first = batch.records[0];
  assert(first !== undefined, 'a batch has at least one record');
  const writer = new ByteWriter(1024);
  let maxTimestamp = first.timestamp;
  for (const [index, record] of batch.records.entries()) {
    writeRecord(writer, record, index, BigInt.asIntN(64, record.timestamp - first.timestamp));
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp;
  }
  const attributes =
    compressionTypes.indexOf(batch.compression) |
    (batch.timestampType === 'LogAppendTime' ? attributeBits.logAppendTime : 0) |
    (batch.isTransactional ? attributeBits.transactional : 0) |
    (batch.isControl ? attributeBits.control : 0);

  const header = new Uint8Array(batchHeaderBytes);
  const view = viewOf(header);
  view.setBigInt64(at.baseOffset, batch.baseOffset ?? 0n);
  view.setInt32(at.partitionLeaderEpoch, batch.partitionLeaderEpoch ?? -1);
  view.setInt8(at.magic, 2);
  view.setInt16(at.attributes, attributes);
  view.setInt32(at.lastOffsetDelta, batch.records.length - 1);
  view.setBigInt64(at.baseTimestamp, first.timestamp);
  view.setBigInt64(at.maxTimestamp, maxTimestamp);
  view.setBigInt64(at.producerId, batch.producerId ?? -1n);
  view.setInt16(at.producerEpoch, batch.producerEpoch ?? -1);
  view.setInt32(at.baseSequence, batch.baseSequence ?? -1);
  view.setInt32(at.recordCount, batch.records.length);
  return assembleBatch(header, codecs.compress(batch.compression, writer.finish()), codecs);
}

/** A new batch of a header's fields and the records as stored; length and CRC are made to fit. */
export function assembleBatch(header: Uint8Array, records: Uint8Array, codecs: RecordCodecs): Uint8Array {
  const batch = new Uint8Array(batchHeaderBytes + records.length);
  batch.set(header.subarray(0, batchHeaderBytes));
  batch.set(records, batchHeaderBytes);
  viewOf(batch).setInt32(at.length, batch.length - leadingBytes);
  stampCrc(batch, codecs);
  return batch;
}

/**
 * The records of a batch as they are before compression: a view, or a new array of at most
 * `decompressedBytesMax`. Throws INVALID_RECORD when they cannot be read within that bound.
 */
export function recordBytes(
  batch: Uint8Array,
  compression: CompressionType,
  codecs: RecordCodecs,
  limits: RecordLimits,
): Uint8Array {
  const stored = batch.subarray(batchHeaderBytes);
  if (compression === 'none') return stored;
  try {
    return codecs.decompress(compression, stored, limits.decompressedBytesMax);
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    throw new KafkaError('INVALID_RECORD', error.message, { cause: error });
  }
}

/** Refuses a count that the bytes cannot hold, before anything is allocated for it. */
export function checkRecordCount(recordCount: number, records: Uint8Array): void {
  if (recordCount < 0 || recordCount * recordBytesMin > records.length) {
    throw new KafkaError('INVALID_RECORD', `${recordCount} records announced in ${records.length} bytes`);
  }
}

/**
 * The records of one batch, read one by one: stop early and the rest costs nothing (but decompression, which
 * happens at once). Keys and values are views. Throws INVALID_RECORD for records that cannot be read.
 */
export function* readRecords(
  batch: Uint8Array,
  codecs: RecordCodecs,
  limits: RecordLimits = recordLimits,
): Generator<DecodedRecord, void, undefined> {
  const header = readBatchHeader(batch);
  const bytes = recordBytes(batch.subarray(0, header.sizeBytes), header.compression, codecs, limits);
  checkRecordCount(header.recordCount, bytes);
  const cursor = new RecordCursor(bytes);
  for (let read = 0; read < header.recordCount; read++) {
    cursor.next();
    yield {
      offset: header.baseOffset + BigInt(cursor.offsetDelta),
      timestamp: recordTimestamp(header, cursor.timestampDelta),
      key: cursor.key(),
      value: cursor.value(),
      headers: cursor.headers(),
    };
  }
  if (!cursor.isAtEnd) throw new KafkaError('INVALID_RECORD', 'bytes follow the last record of a batch');
}

function recordTimestamp(header: RecordBatchHeader, delta: number | bigint): bigint {
  if (header.timestampType === 'LogAppendTime') return header.maxTimestamp;
  return BigInt.asIntN(64, header.baseTimestamp + BigInt(delta));
}

/** All records of one batch; see `readRecords`. */
export const decodeRecords = (
  batch: Uint8Array,
  codecs: RecordCodecs,
  limits: RecordLimits = recordLimits,
): DecodedRecord[] => [...readRecords(batch, codecs, limits)];

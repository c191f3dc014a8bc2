import { ByteWriter } from '../base/bytes.ts';
import { KafkaError, type RecordError } from '../kafka/error-codes.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import { type CompressionType, compressionTypes, type RecordCodecs } from './compression.ts';
import { RecordCursor, rewriteRecord } from './record.ts';
import {
  assembleBatch,
  at,
  attributeBits,
  batchHeaderBytes,
  checkRecordCount,
  correctMaxTimestamp,
  hasValidCrc,
  type RecordBatchHeader,
  type RecordLimits,
  readBatchHeader,
  recordBytes,
  recordLimits,
  stampLogAppendTime,
  viewOf,
} from './record-batch.ts';

export type ValidationRules = {
  readonly config: LogConfig;
  readonly nowMs: number;
  readonly limits?: RecordLimits;
};

export type ValidatedBatch = {
  /** The bytes given, patched in place, or new ones if the records had to be written again. */
  readonly bytes: Uint8Array;
  readonly header: RecordBatchHeader;
};

/**
 * What a broker does with the records of one partition in a Produce request before it stores them, in the
 * order and with the errors of Apache Kafka 4.1 (ProduceRequest, UnifiedLog, LogValidator):
 * - as `checkBatch`;
 * - INVALID_RECORD: records that do not fill the batch exactly, or lack a key on a compacted topic;
 * - INVALID_TIMESTAMP: a record too far from now, or LogAppendTime claimed by the producer;
 * - mended: odd offset deltas, a wrong max timestamp, the timestamp type, a compression the topic overrides.
 * A refused batch is not changed. Compressed records are decompressed within `limits`.
 */
export function validateBatch(
  bytes: Uint8Array,
  codecs: RecordCodecs,
  { config, nowMs, limits = recordLimits }: ValidationRules,
): ValidatedBatch {
  const header = checkBatch(bytes, codecs, config);
  const batch = bytes.subarray(0, header.sizeBytes);
  const records = recordBytes(batch, header.compression, codecs, limits);
  checkRecordCount(header.recordCount, records);
  const scan = scanRecords(records, header, config, nowMs);
  refuseBadRecords(scan);

  const compression = storedCompression(config, header.compression);
  const settled =
    compression === header.compression && !scan.hasOddOffsets
      ? batch
      : storeAgain(batch, scan.hasOddOffsets ? renumber(records) : records, compression, codecs, config);
  if (config.timestampType === 'LogAppendTime') stampLogAppendTime(settled, BigInt(nowMs), codecs);
  else correctMaxTimestamp(settled, BigInt(scan.maxTimestamp), codecs);
  return { bytes: settled, header: readBatchHeader(settled) };
}

/**
 * The part of `validateBatch` that does not look at records, a few microseconds. Throws CORRUPT_MESSAGE
 * (a length, magic or CRC that is wrong), MESSAGE_TOO_LARGE (over `max.message.bytes`),
 * UNSUPPORTED_COMPRESSION_TYPE, or INVALID_RECORD (no batch or more than one, an old magic, a base offset
 * that is not 0, counts that differ, a control batch, bad producer fields).
 */
export function checkBatch(bytes: Uint8Array, codecs: RecordCodecs, config: LogConfig): RecordBatchHeader {
  const sizeBytes = batchSize(bytes);
  if (sizeBytes === undefined) throw invalid('the records of a partition are no whole batch');
  const magic = bytes[at.magic] as number;
  if (magic > 2) throw corrupt(`a record batch of magic ${magic}`);
  if (magic < 2) throw invalid(`magic ${magic}: only record batches of magic 2 are taken`);
  const rest = bytes.subarray(sizeBytes);
  if (batchSize(rest) !== undefined) throw invalid('more than one record batch for a partition');
  if (viewOf(bytes).getBigInt64(at.baseOffset) !== 0n) throw invalid('the base offset of a batch must be 0');
  if (sizeBytes > config.batchBytesMax) throw batchTooLarge(sizeBytes, config);
  const batch = bytes.subarray(0, sizeBytes);
  if (sizeBytes < batchHeaderBytes || !hasValidCrc(batch, codecs))
    throw corrupt('the CRC of a batch is wrong');
  if (rest.length > 0) throw invalid(`${rest.length} bytes follow the record batch`);
  const header = readBatchHeader(batch);
  checkHeader(header);
  return header;
}

/** The size the batch at the start claims, undefined if the bytes end before. */
function batchSize(bytes: Uint8Array): number | undefined {
  if (bytes.length < at.magic + 1) return undefined;
  const length = viewOf(bytes).getInt32(at.length);
  // The smallest length that Kafka reads on with is that of a message of magic 0.
  if (length < 14) throw corrupt(`a record batch of length ${length}`);
  return length + at.partitionLeaderEpoch > bytes.length ? undefined : length + at.partitionLeaderEpoch;
}

function checkHeader(header: RecordBatchHeader): void {
  const { recordCount, lastOffsetDelta, producerId } = header;
  if (recordCount <= 0 || lastOffsetDelta !== recordCount - 1) {
    throw invalid(`${recordCount} records with a last offset delta of ${lastOffsetDelta}`);
  }
  if (header.isControl) throw invalid('clients may not write control records');
  if (producerId < -1n) throw invalid(`producer id ${producerId}`);
  if (producerId >= 0n && header.baseSequence < 0) throw invalid(`base sequence ${header.baseSequence}`);
  if (producerId >= 0n && header.producerEpoch < 0) throw invalid(`producer epoch ${header.producerEpoch}`);
  if (producerId < 0n && header.isTransactional) throw invalid('a transactional batch without a producer id');
}

const invalid = (message: string): KafkaError => new KafkaError('INVALID_RECORD', message);
const corrupt = (message: string): KafkaError => new KafkaError('CORRUPT_MESSAGE', message);
const batchTooLarge = (sizeBytes: number, { batchBytesMax }: LogConfig): KafkaError =>
  new KafkaError('MESSAGE_TOO_LARGE', `a record batch of ${sizeBytes} bytes; ${batchBytesMax} are allowed`);

type Scan = {
  maxTimestamp: number | bigint;
  /** Offset deltas other than 0, 1, 2… */
  hasOddOffsets: boolean;
  hasBadTimestamp: boolean;
  badRecordCount: number;
  /** The first of them. */
  recordErrors: RecordError[];
};

/** How many bad records an error names. */
const recordErrorsMax = 16;

function scanRecords(bytes: Uint8Array, header: RecordBatchHeader, config: LogConfig, nowMs: number): Scan {
  const scan: Scan = {
    maxTimestamp: -1,
    hasOddOffsets: false,
    hasBadTimestamp: false,
    badRecordCount: 0,
    recordErrors: [],
  };
  const timestampProblem = timestampRule(header, config, nowMs);
  const needsKeys = config.cleanupPolicy.includes('compact');
  const base = narrow(header.baseTimestamp);
  const cursor = new RecordCursor(bytes);
  for (let index = 0; index < header.recordCount; index++) {
    cursor.next();
    const timestamp = sum(base, cursor.timestampDelta);
    if (timestamp > scan.maxTimestamp) scan.maxTimestamp = timestamp;
    if (cursor.offsetDelta !== index) scan.hasOddOffsets = true;
    const isKeyMissing = needsKeys && cursor.keyLength < 0;
    const message = isKeyMissing
      ? 'a compacted topic takes no record without a key'
      : timestampProblem(timestamp);
    if (message === undefined) continue;
    if (!isKeyMissing) scan.hasBadTimestamp = true;
    scan.badRecordCount++;
    if (scan.recordErrors.length < recordErrorsMax) scan.recordErrors.push({ batchIndex: index, message });
  }
  if (!cursor.isAtEnd) throw invalid('bytes follow the last record of a batch');
  return scan;
}

/** The largest int64: the default of `message.timestamp.before.max.ms`, which is no limit at all. */
const unlimited = 2n ** 63n - 1n;

/**
 * What is wrong with a record's timestamp. -1 means that it has none. On a CreateTime topic a producer's
 * claim of LogAppendTime is dropped, so what counts are the records' own times.
 */
function timestampRule(
  header: RecordBatchHeader,
  config: LogConfig,
  nowMs: number,
): (timestamp: number | bigint) => string | undefined {
  if (config.timestampType === 'LogAppendTime') {
    const claim = 'only the broker may set the timestamp type LogAppendTime';
    return () => (header.timestampType === 'LogAppendTime' ? claim : undefined);
  }
  const { timestampBeforeMaxMs: before, timestampAfterMaxMs: after } = config;
  const earliest = before === unlimited ? -Infinity : narrow(BigInt(nowMs) - before);
  const latest = after === unlimited ? Infinity : narrow(BigInt(nowMs) + after);
  return (timestamp) =>
    timestamp === -1 || (timestamp >= earliest && timestamp <= latest)
      ? undefined
      : `timestamp ${timestamp} is not between ${earliest} and ${latest}`;
}

/** A number where it is exact: the arithmetic of nearly all timestamps, without bigints for every record. */
const narrow = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;

function sum(base: number | bigint, delta: number | bigint): number | bigint {
  if (typeof base === 'number' && typeof delta === 'number') {
    const exact = base + delta;
    if (Number.isSafeInteger(exact)) return exact;
  }
  return narrow(BigInt.asIntN(64, BigInt(base) + BigInt(delta)));
}

/** One bad record refuses the batch; any bad timestamp gives the error its name. */
function refuseBadRecords({ badRecordCount, hasBadTimestamp, recordErrors }: Scan): void {
  if (badRecordCount === 0) return;
  const name = hasBadTimestamp ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD';
  const first = recordErrors[0];
  const message = `${badRecordCount} bad records; record ${first?.batchIndex}: ${first?.message}`;
  throw new KafkaError(name, message, { recordErrors });
}

function storedCompression({ compressionType }: LogConfig, produced: CompressionType): CompressionType {
  if (compressionType === 'producer') return produced;
  return compressionType === 'uncompressed' ? 'none' : compressionType;
}

/** The records with offset deltas 0, 1, 2…, as some old clients fail to write them. */
function renumber(records: Uint8Array): Uint8Array {
  const writer = new ByteWriter(records.length + 64);
  const cursor = new RecordCursor(records);
  for (let index = 0; !cursor.isAtEnd; index++) {
    cursor.next();
    rewriteRecord(writer, cursor, index);
  }
  return writer.finish();
}

function storeAgain(
  batch: Uint8Array,
  records: Uint8Array,
  compression: CompressionType,
  codecs: RecordCodecs,
  config: LogConfig,
): Uint8Array {
  const header = batch.slice(0, batchHeaderBytes);
  const view = viewOf(header);
  const otherBits = view.getInt16(at.attributes) & ~attributeBits.compression;
  view.setInt16(at.attributes, otherBits | compressionTypes.indexOf(compression));
  const stored = assembleBatch(header, codecs.compress(compression, records), codecs);
  if (stored.length > config.batchBytesMax) throw batchTooLarge(stored.length, config);
  return stored;
}

import { createHash } from 'node:crypto';
import { utf8Decode, utf8Encode } from '../../shared/base/bytes.ts';
import type { RecordCodecs } from '../../shared/records/compression.ts';
import { crc32c } from '../../shared/records/crc32c.ts';
import { decodeRecords, encodeRecordBatch, readBatchHeader } from '../../shared/records/record-batch.ts';
import type { BatchSeen, Producer, RecordSeen } from './history.ts';

/** Nothing is compressed here: what is simulated is what happens to batches, not what is in them. */
export const plainCodecs: RecordCodecs = {
  compress: (_type, bytes) => bytes,
  decompress: (_type, bytes) => bytes,
  crc32c,
};

/** The batch that a producer sends; `padding` bytes in each record make it as large as wanted. */
export function batchOf(
  records: readonly RecordSeen[],
  timestampMs: number,
  padding: number,
  producer: Producer | undefined,
): Uint8Array {
  const batch = {
    records: records.map(({ key, value }) => ({
      timestamp: BigInt(timestampMs),
      key: utf8Encode(key),
      value: utf8Encode(value.padEnd(value.length + padding, '.')),
      headers: [],
    })),
    compression: 'none' as const,
    ...(producer ?? {}),
  };
  return encodeRecordBatch(batch, plainCodecs);
}

export function batchSeen(bytes: Uint8Array): BatchSeen {
  const records = decodeRecords(bytes, plainCodecs, { decompressedBytesMax: 1 << 20 });
  return {
    baseOffset: readBatchHeader(bytes).baseOffset,
    records: records.map(({ key, value }) => ({
      key: utf8Decode(key ?? new Uint8Array()),
      value: utf8Decode(value ?? new Uint8Array()).replace(/\.*$/, ''),
    })),
    timestampsMs: records.map(({ timestamp }) => Number(timestamp)),
    digest: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
  };
}

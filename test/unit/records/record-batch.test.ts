import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKafkaError } from '../../../shared/kafka/error-codes.ts';
import { openNativeCodecs } from '../../../shared/records/codecs-native.ts';
import { compressionTypes } from '../../../shared/records/compression.ts';
import {
  correctMaxTimestamp,
  decodeRecords,
  encodeRecordBatch,
  hasValidCrc,
  incrementSequence,
  lastSequence,
  patchBatch,
  readBatchHeader,
  readRecords,
  splitBatches,
  stampLogAppendTime,
} from '../../../shared/records/record-batch.ts';
import { anyRecord, bytesOf, golden, goldenRecords } from './samples.ts';

const codecs = await openNativeCodecs();
const producer = { producerId: 1_234_567n, producerEpoch: 2, baseSequence: 17 };

const errorName = (act: () => unknown): string => {
  try {
    act();
    return 'none';
  } catch (error) {
    if (isKafkaError(error)) return error.errorName;
    throw error;
  }
};

describe('batches made by Apache Kafka', () => {
  test.each(compressionTypes)('%s: the header is read', (compression) => {
    const batch = bytesOf(golden.batches[compression]);
    expect(readBatchHeader(batch)).toMatchObject({
      ...producer,
      baseOffset: 0n,
      sizeBytes: batch.length,
      partitionLeaderEpoch: -1,
      magic: 2,
      compression,
      timestampType: 'CreateTime',
      isTransactional: false,
      isControl: false,
      lastOffsetDelta: 2,
      baseTimestamp: 1_700_000_000_000n,
      maxTimestamp: 1_700_000_002_000n,
      recordCount: 3,
    });
    expect(hasValidCrc(batch, codecs)).toBe(true);
  });

  test.each(compressionTypes)('%s: the records are read', (compression) => {
    const records = decodeRecords(bytesOf(golden.batches[compression]), codecs);
    expect(records).toEqual(goldenRecords.map((record, i) => ({ ...record, offset: BigInt(i) })));
  });

  test('without compression ours is the same, byte for byte', () => {
    const ours = encodeRecordBatch({ records: goldenRecords, compression: 'none', ...producer }, codecs);
    expect(ours).toEqual(bytesOf(golden.batches.none));
  });
});

describe('our batches', () => {
  test('records come back as they were, in any compression', () => {
    const records = fc.array(anyRecord, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(records, fc.constantFrom(...compressionTypes), (produced, compression) => {
        const batch = encodeRecordBatch({ records: produced, compression, baseOffset: 100n }, codecs);
        expect(hasValidCrc(batch, codecs)).toBe(true);
        const expected = produced.map((record, i) => ({ ...record, offset: 100n + BigInt(i) }));
        expect(decodeRecords(batch, codecs)).toEqual(expected);
        const timestamps = produced.map(({ timestamp }) => timestamp);
        const latest = timestamps.reduce((a, b) => (b > a ? b : a));
        expect(readBatchHeader(batch).maxTimestamp).toBe(latest);
      }),
    );
  });

  test('a hundred thousand records in one batch', () => {
    const record = { timestamp: 1n, key: null, value: bytesOf(btoa('v')), headers: [] };
    const batch = encodeRecordBatch({ records: Array(100_000).fill(record), compression: 'zstd' }, codecs);
    const decoded = decodeRecords(batch, codecs);
    expect(decoded.length).toBe(100_000);
    expect(decoded.at(-1)?.offset).toBe(99_999n);
  });

  test('reading may stop early: what is wrong behind that is not met', () => {
    const batch = encodeRecordBatch({ records: goldenRecords, compression: 'none' }, codecs);
    batch[batch.length - 1] = 0x40; // the last record now claims 32 headers
    const records = readRecords(batch, codecs);
    expect(records.next().value).toMatchObject({ offset: 0n });
    expect(records.next().value).toMatchObject({ offset: 1n });
    expect(errorName(() => records.next())).toBe('INVALID_RECORD');
  });
});

describe('the header', () => {
  const batch = (): Uint8Array =>
    encodeRecordBatch({ records: goldenRecords, compression: 'lz4', ...producer }, codecs);

  test('is read anywhere in the bytes, and needs no record', () => {
    const shifted = new Uint8Array(100);
    shifted.set(batch().subarray(0, 61), 39);
    expect(readBatchHeader(shifted, 39)).toEqual(readBatchHeader(batch()));
  });

  test('too few bytes, a length that cannot be and another magic are CORRUPT_MESSAGE', () => {
    expect(errorName(() => readBatchHeader(batch().subarray(0, 60)))).toBe('CORRUPT_MESSAGE');
    for (const length of [-1, 0, 48]) {
      const bad = batch();
      new DataView(bad.buffer).setInt32(8, length);
      expect(errorName(() => readBatchHeader(bad))).toBe('CORRUPT_MESSAGE');
    }
    const old = batch();
    old[16] = 1;
    expect(errorName(() => readBatchHeader(old))).toBe('CORRUPT_MESSAGE');
  });

  test('patching offset and leader epoch leaves the CRC right', () => {
    const patched = batch();
    patchBatch(patched, { baseOffset: 2n ** 62n, partitionLeaderEpoch: 7 });
    expect(readBatchHeader(patched)).toMatchObject({ baseOffset: 2n ** 62n, partitionLeaderEpoch: 7 });
    expect(hasValidCrc(patched, codecs)).toBe(true);
    expect(decodeRecords(patched, codecs).map(({ offset }) => offset)).toEqual([
      2n ** 62n,
      2n ** 62n + 1n,
      2n ** 62n + 2n,
    ]);
  });

  test('with LogAppendTime all records carry the time of the broker', () => {
    const stamped = batch();
    stampLogAppendTime(stamped, 1_800_000_000_000n, codecs);
    expect(readBatchHeader(stamped).timestampType).toBe('LogAppendTime');
    expect(hasValidCrc(stamped, codecs)).toBe(true);
    const timestamps = decodeRecords(stamped, codecs).map(({ timestamp }) => timestamp);
    expect(timestamps).toEqual(Array(3).fill(1_800_000_000_000n));
    correctMaxTimestamp(stamped, 1_700_000_002_000n, codecs);
    expect(stamped).toEqual(batch());
  });

  test('stamping keeps attribute bits that nobody uses', () => {
    const odd = batch();
    new DataView(odd.buffer).setInt16(21, 0x4183);
    stampLogAppendTime(odd, 5n, codecs);
    expect(readBatchHeader(odd).attributes).toBe(0x418b);
  });

  test('sequences go round after 2^31 - 1', () => {
    expect(incrementSequence(2_147_483_647, 1)).toBe(0);
    expect(incrementSequence(2_147_483_640, 10)).toBe(2);
    const around = encodeRecordBatch(
      {
        records: goldenRecords,
        compression: 'none',
        producerId: 1n,
        producerEpoch: 0,
        baseSequence: 2_147_483_646,
      },
      codecs,
    );
    expect(lastSequence(readBatchHeader(around))).toBe(0);
    const plain = encodeRecordBatch({ records: goldenRecords, compression: 'none' }, codecs);
    expect(lastSequence(readBatchHeader(plain))).toBe(-1);
  });
});

describe('several batches in a row', () => {
  const one = encodeRecordBatch({ records: goldenRecords, compression: 'none' }, codecs);
  const two = encodeRecordBatch({ records: goldenRecords, compression: 'gzip', baseOffset: 3n }, codecs);

  test('are split into views', () => {
    const row = new Uint8Array([...one, ...two]);
    const batches = splitBatches(row);
    expect(batches).toEqual([one, two]);
    expect(batches.every(({ buffer }) => buffer === row.buffer)).toBe(true);
    expect(splitBatches(new Uint8Array())).toEqual([]);
  });

  test('cut or followed by something else they are CORRUPT_MESSAGE', () => {
    const row = new Uint8Array([...one, ...two]);
    expect(errorName(() => splitBatches(row.subarray(0, row.length - 1)))).toBe('CORRUPT_MESSAGE');
    expect(errorName(() => splitBatches(new Uint8Array([...row, 0])))).toBe('CORRUPT_MESSAGE');
  });
});

import { describe, expect, test } from 'vitest';
import { openNativeCodecs } from '../../../shared/records/codecs-native.ts';
import {
  encodeTransactionMarker,
  isAbortMarker,
  readControlRecord,
} from '../../../shared/records/control-record.ts';
import { encodeRecordBatch, patchBatch, readBatchHeader } from '../../../shared/records/record-batch.ts';
import { bytesOf, golden } from './samples.ts';

const codecs = await openNativeCodecs();

describe('transaction markers', () => {
  test.each(['commit', 'abort'] as const)('%s is, byte for byte, what Apache Kafka writes', (type) => {
    const marker = encodeTransactionMarker(
      {
        type,
        producerId: 4242n,
        producerEpoch: 5,
        coordinatorEpoch: 9,
        timestamp: 1_700_000_000_123n,
        baseOffset: 7n,
      },
      codecs,
    );
    patchBatch(marker, { partitionLeaderEpoch: 3 });
    expect(marker).toEqual(bytesOf(golden.batches[type]));
    expect(readControlRecord(marker)).toEqual({ type, coordinatorEpoch: 9 });
    expect(isAbortMarker(marker)).toBe(type === 'abort');
    expect(readBatchHeader(marker)).toMatchObject({
      isControl: true,
      isTransactional: true,
      baseSequence: -1,
    });
  });

  const controlBatch = (key: number[] | null, value: number[]) =>
    encodeRecordBatch(
      {
        records: [
          {
            timestamp: 0n,
            key: key === null ? null : new Uint8Array(key),
            value: new Uint8Array(value),
            headers: [],
          },
        ],
        compression: 'none',
        isControl: true,
      },
      codecs,
    );

  test('other types of control records are not taken for markers', () => {
    expect(readControlRecord(controlBatch([0, 0, 0, 2], []))).toEqual({
      type: 'other',
      coordinatorEpoch: -1,
    });
  });

  test('later versions are read like the first', () => {
    const later = controlBatch([0, 1, 0, 0, 9], [0, 1, 0, 0, 0, 4, 9]);
    expect(readControlRecord(later)).toEqual({ type: 'abort', coordinatorEpoch: 4 });
  });

  test.each([
    ['no key', null, [0, 0, 0, 0, 0, 0]],
    ['a short key', [0, 0, 0], [0, 0, 0, 0, 0, 0]],
    ['a negative version', [255, 255, 0, 0], [0, 0, 0, 0, 0, 0]],
    ['a short value', [0, 0, 0, 1], [0, 0, 0, 0, 0]],
  ])('%s is refused', (_, key, value) => {
    expect(() => readControlRecord(controlBatch(key, value))).toThrow(
      expect.objectContaining({ errorName: 'INVALID_RECORD' }),
    );
  });
});

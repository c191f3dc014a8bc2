import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { RecordCodecs } from './compression.ts';
import { RecordCursor } from './record.ts';
import { batchHeaderBytes, encodeRecordBatch } from './record-batch.ts';

// The records of control batches are not for consumers: they mark the end of a producer's transaction in a
// partition. Key: version, type. Value of a marker: version, epoch of the transaction coordinator.

/** Types 0 and 1; `other` is what only brokers among themselves write. */
export type ControlRecordType = 'abort' | 'commit' | 'other';

export type TransactionMarker = {
  readonly type: 'abort' | 'commit';
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  readonly baseOffset?: bigint;
};

/** The control batch that ends a transaction in a partition. It takes one offset and no sequence. */
export function encodeTransactionMarker(marker: TransactionMarker, codecs: RecordCodecs): Uint8Array {
  const key = new ByteWriter(4).int16(0).int16(marker.type === 'abort' ? 0 : 1);
  const value = new ByteWriter(6).int16(0).int32(marker.coordinatorEpoch);
  return encodeRecordBatch(
    {
      records: [{ timestamp: marker.timestamp, key: key.finish(), value: value.finish(), headers: [] }],
      compression: 'none',
      producerId: marker.producerId,
      producerEpoch: marker.producerEpoch,
      baseOffset: marker.baseOffset ?? 0n,
      isTransactional: true,
      isControl: true,
    },
    codecs,
  );
}

/**
 * What a control batch says. `coordinatorEpoch` is -1 for `other`. Throws INVALID_RECORD when its record
 * cannot be read. Later versions of key and value begin like version 0.
 */
export function readControlRecord(batch: Uint8Array): { type: ControlRecordType; coordinatorEpoch: number } {
  const cursor = new RecordCursor(batch.subarray(batchHeaderBytes));
  cursor.next();
  const key = new ByteReader(cursor.key() ?? new Uint8Array());
  if (key.remaining < 4 || key.int16() < 0)
    throw new KafkaError('INVALID_RECORD', 'the key of a control record');
  const type = (['abort', 'commit'] as const)[key.int16()] ?? 'other';
  if (type === 'other') return { type, coordinatorEpoch: -1 };
  const value = new ByteReader(cursor.value() ?? new Uint8Array());
  if (value.remaining < 6 || value.int16() < 0)
    throw new KafkaError('INVALID_RECORD', 'the value of a marker');
  return { type, coordinatorEpoch: value.int32() };
}

/** Whether a control batch marks its transaction as aborted. */
export const isAbortMarker = (batch: Uint8Array): boolean => readControlRecord(batch).type === 'abort';

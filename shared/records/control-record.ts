import { RecordCursor } from './record.ts';
import { batchHeaderBytes } from './record-batch.ts';

/**
 * Whether a control batch marks its transaction as aborted: the key of its one record is (version 0, type
 * 0).
 */
export function isAbortMarker(batch: Uint8Array): boolean {
  const cursor = new RecordCursor(batch.subarray(batchHeaderBytes));
  cursor.next();
  const key = cursor.key();
  return key !== null && key.length >= 4 && key[2] === 0 && key[3] === 0;
}

import { KafkaError } from '../kafka/error-codes.ts';
import type { Offset } from '../kafka/offsets.ts';
import { batchHeaderBytes, hasValidCrc, readBatchHeader } from '../records/record-batch.ts';
import type { PlacedEntry } from '../storage/items/entry.ts';
import type { LogContext } from './log-context.ts';

/** A batch as it came from the store, with the offsets it stands for. */
export type StoredBatch = { bytes: Uint8Array; baseOffset: Offset; nextOffset: Offset };

/**
 * A batch read back from a segment, its checksum verified: a reader gets the bytes that were acknowledged, or
 * a named error for exactly these offsets (I1).
 */
export function checkedBatch(
  context: LogContext,
  bytes: Uint8Array,
  object: string,
  offset: Offset,
): StoredBatch {
  if (!hasValidCrc(bytes, context.codecs)) throw damaged(`object ${object}`, offset);
  const { baseOffset, lastOffsetDelta } = readBatchHeader(bytes);
  return { bytes, baseOffset, nextOffset: baseOffset + BigInt(lastOffsetDelta) + 1n };
}

/** What is wrong with a staged batch, held against the entry that names it; undefined: nothing. */
export function faultOfStaged(
  context: LogContext,
  entry: PlacedEntry,
  bytes: Uint8Array,
): KafkaError | undefined {
  const isWhole = bytes.length === entry.sizeBytes && bytes.length >= batchHeaderBytes;
  if (isWhole && hasValidCrc(bytes, context.codecs)) return undefined;
  return damaged('a staged batch', entry.baseOffset);
}

/** Names what is damaged, and where. */
export const damaged = (what: string, offset: Offset): KafkaError =>
  new KafkaError(
    'KAFKA_STORAGE_ERROR',
    `Stored bytes are damaged or cut short: ${what} at offset ${offset}.`,
  );

import {
  batchHeaderBytes,
  type RecordBatchHeader,
  readBatchHeader,
} from '../../shared/records/record-batch.ts';
import type { PartitionOutcome } from './outcome.ts';

/** A producer whose batch was refused, and has to come again before those behind it. */
export type BlockedProducer = {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** What those behind it are answered, without being tried. */
  readonly refusal: PartitionOutcome;
  readonly untilMs: number;
};

const sequenceModulus = 2 ** 31;

/** Undefined for a plain batch: whoever comes behind it does not depend on it. */
export function blockedBy(
  records: Uint8Array | null,
  refusal: PartitionOutcome,
  untilMs: number,
): BlockedProducer | undefined {
  const header = idempotentHeader(records);
  if (header === undefined) return undefined;
  const { producerId, producerEpoch, baseSequence } = header;
  return { producerId, producerEpoch, baseSequence, refusal: { ...refusal, recordErrors: [] }, untilMs };
}

/** Whether the batch comes later in the same producer's sequence. */
export function standsBehind(records: Uint8Array | null, blocked: BlockedProducer): boolean {
  const header = idempotentHeader(records);
  if (header?.producerId !== blocked.producerId || header.producerEpoch !== blocked.producerEpoch)
    return false;
  const ahead = (header.baseSequence - blocked.baseSequence + sequenceModulus) % sequenceModulus;
  return ahead > 0 && ahead < sequenceModulus / 2;
}

/** Of a batch of an idempotent producer; undefined for others, and for what is no batch. */
export function idempotentHeader(records: Uint8Array | null): RecordBatchHeader | undefined {
  const header = headerOf(records);
  return header !== undefined && header.producerId >= 0n ? header : undefined;
}

export function headerOf(records: Uint8Array | null): RecordBatchHeader | undefined {
  if (records === null || records.length < batchHeaderBytes) return undefined;
  try {
    return readBatchHeader(records);
  } catch {
    return undefined; // the function says what is wrong with it
  }
}

import type { EntryProducer } from '../storage/items/entry.ts';

/**
 * Arithmetic of idempotent producers. A head keeps one number for each: epoch * 2^32 + the next sequence it
 * expects. Sequences run from 0 to 2^31 - 1 and begin again at 0, as in Kafka.
 */
const epochFactor = 1n << 32n;
const sequenceModulus = 2 ** 31;

export const sequenceAfter = (baseSequence: number, recordCount: number): number =>
  (baseSequence + recordCount) % sequenceModulus;

export const producerValue = (epoch: number, sequence: number): bigint =>
  BigInt(epoch) * epochFactor + BigInt(sequence);

export const epochOf = (value: bigint): number => Number(value / epochFactor);
export const nextSequenceOf = (value: bigint): number => Number(value % epochFactor);

/** What the head must hold for the batch to be the next one, and what it holds afterwards. */
export const valueBefore = ({ producerEpoch, baseSequence }: EntryProducer): bigint =>
  producerValue(producerEpoch, baseSequence);
export const valueAfter = ({ producerEpoch, baseSequence }: EntryProducer, recordCount: number): bigint =>
  producerValue(producerEpoch, sequenceAfter(baseSequence, recordCount));

/** How the stored value stands to a batch. */
export type Standing = 'fenced' | 'repeat' | 'next' | 'gap';

/**
 * Decides from the value alone; `undefined`: nobody knows this producer, and any sequence may begin (as in
 * Kafka).
 */
export function standing(value: bigint | undefined, producer: EntryProducer, recordCount: number): Standing {
  if (value === undefined) return 'next';
  const epoch = epochOf(value);
  if (epoch > producer.producerEpoch) return 'fenced';
  if (epoch < producer.producerEpoch) return producer.baseSequence === 0 ? 'next' : 'gap';
  if (nextSequenceOf(value) === producer.baseSequence) return 'next';
  const end = sequenceAfter(producer.baseSequence, recordCount);
  const behind = (nextSequenceOf(value) - end + sequenceModulus) % sequenceModulus;
  return behind < sequenceModulus / 2 ? 'repeat' : 'gap';
}

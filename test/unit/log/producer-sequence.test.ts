import { describe, expect, test } from 'vitest';
import {
  epochOf,
  nextSequenceOf,
  producerValue,
  type Standing,
  sequenceAfter,
  standing,
  valueAfter,
} from '../../../shared/log/producer-sequence.ts';

const batch = (producerEpoch: number, baseSequence: number) => ({
  producerId: 1n,
  producerEpoch,
  baseSequence,
});
const last = 2 ** 31 - 1;

describe('how a stored value stands to a batch', () => {
  test.each<
    [name: string, value: bigint | undefined, epoch: number, base: number, count: number, expected: Standing]
  >([
    ['nobody knows the producer', undefined, 0, 17, 3, 'next'],
    ['its first batch repeated', producerValue(0, 3), 0, 0, 3, 'repeat'],
    ['its next batch', producerValue(0, 3), 0, 3, 1, 'next'],
    ['a batch too early', producerValue(0, 3), 0, 4, 1, 'gap'],
    ['a batch that overlaps the end', producerValue(0, 3), 0, 2, 2, 'gap'],
    ['an older epoch', producerValue(2, 0), 1, 0, 1, 'fenced'],
    ['a newer epoch from its begin', producerValue(1, 9), 2, 0, 1, 'next'],
    ['a newer epoch from its middle', producerValue(1, 9), 2, 9, 1, 'gap'],
    ['a batch behind the wrap', producerValue(0, sequenceAfter(last, 1)), 0, 0, 1, 'next'],
    ['a repeat from before the wrap', producerValue(0, 2), 0, last - 1, 2, 'repeat'],
    ['a repeat across the wrap', producerValue(0, 2), 0, last, 3, 'repeat'],
  ])('%s', (_name, value, epoch, base, count, expected) => {
    expect(standing(value, batch(epoch, base), count)).toBe(expected);
  });

  test('the largest epoch and sequence fit into one value and come back out', () => {
    const value = producerValue(32_767, last);
    expect([epochOf(value), nextSequenceOf(value)]).toEqual([32_767, last]);
    expect(valueAfter(batch(3, last), 2)).toBe(producerValue(3, 1));
  });
});

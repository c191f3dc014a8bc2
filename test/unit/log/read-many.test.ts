import { describe, expect, test } from 'vitest';
import { KafkaError } from '../../../shared/kafka/error-codes.ts';
import type { ReadRequest, ReadResult } from '../../../shared/log/api.ts';
import { bytesOf, readMany } from '../../../shared/log/read-many.ts';
import { logConfig } from '../../support/log-engine.ts';

const offsets = { logStartOffset: 0n, highWatermark: 9n, lastStableOffset: 9n };
const resultOf = (bytes: number): ReadResult => ({
  ...offsets,
  batches: bytes > 0 ? [new Uint8Array(bytes)] : [],
  nextOffset: 1n,
  abortedTransactions: [],
});
const requestsOf = (count: number, maxBytes: number): ReadRequest[] =>
  Array.from({ length: count }, (_, partition) => ({
    partition: { topicId: 'topic', partition },
    config: logConfig,
    offset: 0n,
    maxBytes,
  }));

/** Reads that give what they are allowed, and at least `least`; counts how many go on at once. */
function reading(least: number) {
  const seen = { reads: 0, looks: 0, most: 0 };
  let underway = 0;
  const one = async (bytes: number): Promise<ReadResult> => {
    seen.most = Math.max(seen.most, ++underway);
    await Promise.resolve();
    underway--;
    return resultOf(bytes);
  };
  return {
    seen,
    read: ({ maxBytes }: ReadRequest) => {
      seen.reads++;
      return one(Math.max(least, maxBytes));
    },
    look: () => {
      seen.looks++;
      return one(0);
    },
  };
}

describe('a read of many partitions', () => {
  test('reads no more than fits, and only looks at the rest', async () => {
    const calls = reading(0);
    const answers = await readMany(requestsOf(100, 1_000), 10_000, calls);
    expect(answers.map((answer) => bytesOf(answer))).toEqual([
      ...Array(10).fill(1_000),
      ...Array(90).fill(0),
    ]);
    expect([calls.seen.reads, calls.seen.looks]).toEqual([10, 90]);
  });

  test('reads the first however small the limit', async () => {
    const calls = reading(5_000);
    const answers = await readMany(requestsOf(3, 1_000), 0, calls);
    expect(answers.map((answer) => bytesOf(answer))).toEqual([5_000, 0, 0]);
  });

  test('has few batches at once that are larger than their limit', async () => {
    const calls = reading(1_000);
    await readMany(requestsOf(1_000, 1), 1_000_000_000, calls);
    expect(calls.seen.most).toBeLessThanOrEqual(64);
    const tight = reading(1_000);
    const answers = await readMany(requestsOf(1_000, 1), 10_000, tight);
    const bytes = answers.reduce((sum, answer) => sum + bytesOf(answer), 0);
    expect(bytes).toBeLessThanOrEqual(64 * 1_000);
  });

  test('goes on behind errors, in the order of the requests', async () => {
    const error = new KafkaError('OFFSET_OUT_OF_RANGE');
    const calls = {
      read: async ({ partition }: ReadRequest) => (partition.partition % 2 === 0 ? error : resultOf(10)),
      look: async () => error,
    };
    const answers = await readMany(requestsOf(5, 100), 1_000, calls);
    expect(answers.map((answer) => (answer instanceof KafkaError ? 'error' : bytesOf(answer)))).toEqual([
      'error',
      10,
      'error',
      10,
      'error',
    ]);
  });
});

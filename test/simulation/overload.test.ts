import { describe, expect, test } from 'vitest';
import { BusyPartition, type Ended } from './overload.ts';

/** What storage.md states for one partition: appends a second. */
const limit = 700;
/** Lambda functions that run at once in an account that asked for nothing else. */
const processesMax = 1_000;

const isWithin =
  (fromMs: number, toMs: number) =>
  ({ atMs }: Ended): boolean =>
    atMs >= fromMs && atMs < toMs;
const goodput = (ended: readonly Ended[], fromMs: number, toMs: number): number =>
  (ended.filter(isWithin(fromMs, toMs)).filter(({ isStored }) => isStored).length * 1_000) / (toMs - fromMs);
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.POSITIVE_INFINITY;

async function underLoad(seed: number, perSecond: number): Promise<BusyPartition> {
  const partition = new BusyPartition(seed, processesMax);
  await partition.open();
  await partition.offer(perSecond, 6_000);
  return partition;
}

describe('one partition under overload', () => {
  test('stores at its limit what it is offered', async () => {
    const { ended } = await underLoad(1, limit);
    expect(goodput(ended, 2_000, 6_000)).toBeGreaterThan(0.95 * limit);
    expect(ended.filter(({ isStored }) => !isStored)).toEqual([]);
  });

  test('stores at twice its limit at least 70 % of that, and has recovered 5 s later', async () => {
    const partition = await underLoad(2, 2 * limit);
    expect(goodput(partition.ended, 2_000, 6_000)).toBeGreaterThanOrEqual(0.7 * limit);
    await partition.offer(limit / 2, 7_000);
    await partition.rest();
    const calm = partition.ended.filter(isWithin(11_000, 13_000));
    expect(calm.filter(({ isStored }) => !isStored)).toEqual([]);
    expect(goodput(partition.ended, 11_000, 13_000)).toBeGreaterThan(0.9 * (limit / 2));
    expect(median(calm.map(({ tookMs }) => tookMs))).toBeLessThan(20);
  }, 60_000);

  test('does not collapse at four times its limit', async () => {
    const { ended } = await underLoad(3, 4 * limit);
    expect(goodput(ended, 2_000, 6_000)).toBeGreaterThan(0.5 * limit);
  }, 60_000);
});

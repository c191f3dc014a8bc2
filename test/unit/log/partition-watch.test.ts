import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import type { Topic } from '../../../shared/catalog/topic-cache.ts';
import { Topics } from '../../../shared/catalog/topics.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../../../shared/log/partition-logs.ts';
import { defaultWatchTimes } from '../../../shared/log/partition-watch.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { StoreError } from '../../../shared/storage/store-error.ts';
import type { Stores } from '../../../shared/storage/stores.ts';
import { type CountingStores, countingStores } from '../../support/counting-stores.ts';
import { batchOf, plainCodecs as codecs } from '../../support/log-engine.ts';
import { aroundStores } from '../../support/store-calls.ts';

let clock: ManualClock;
let stores: Stores;
let gateway: CountingStores;
let here: OpenPartitionLogs;
let elsewhere: OpenPartitionLogs;
let topic: Topic;
/** What every look ends with while it is set. */
let failure: Error | undefined;

const world = () => ({ clock, random: seededRandom(5), log: silentLog });

beforeEach(async () => {
  failure = undefined;
  clock = new ManualClock();
  stores = openMemoryStores({ clock, random: seededRandom(4) });
  const failing = aroundStores(stores, (call, perform) =>
    failure && call.operation === 'getMany' ? Promise.reject(failure) : perform(),
  );
  gateway = countingStores(failing);
  here = openPartitionLogs({ ...world(), stores: gateway, codecs, watch: defaultWatchTimes });
  elsewhere = openPartitionLogs({ ...world(), stores, codecs });
  const settings = { defaultPartitions: 3, cacheMs: 60_000 };
  topic = await new Topics({ ...world(), stores, settings }).create({ name: 'orders' });
});

const partitionOf = (partition: number) => ({ topicId: topic.topicId, partition });
const append = async (logs: OpenPartitionLogs): Promise<void> => {
  const batch = batchOf(['a'], clock.nowMs());
  const [appended] = await logs.append([{ partition: partitionOf(0), config: topic.logConfig, batch }]);
  expect(appended).toMatchObject({ baseOffset: expect.any(BigInt) });
};

/** A read that waits: `bytes` is undefined until it is answered. */
function wait(offset: bigint, maxWaitMs: number, { minBytes = 1, partition = 0 } = {}) {
  const waiting: { bytes?: number } = {};
  const request = { partition: partitionOf(partition), config: topic.logConfig, offset, maxBytes: 1_000_000 };
  void here.readWaiting([request], { minBytes, maxWaitMs }).then(([result]) => {
    if (result === undefined || result instanceof Error)
      throw new Error('the read failed', { cause: result });
    waiting.bytes = result.batches.reduce((sum, { length }) => sum + length, 0);
  });
  return waiting;
}

const stepMs = 10;
async function pass(durationMs: number): Promise<void> {
  for (let passed = 0; passed < durationMs; passed += stepMs) {
    clock.advance(stepMs);
    for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
  }
}

/** Calls of this gateway while time passes. */
const callsWhile = async (durationMs: number) => (await gateway.costOf(() => pass(durationMs))).calls;

describe('one watcher a partition', () => {
  test('wakes all who wait here for what another process appends, within half a second', async () => {
    const waiting = Array.from({ length: 50 }, () => wait(0n, 30_000));
    await pass(5_000);
    expect(waiting.filter(({ bytes }) => bytes !== undefined)).toEqual([]);
    await append(elsewhere);
    await pass(500);
    expect(waiting.filter(({ bytes = 0 }) => bytes > 0)).toHaveLength(50);
  });

  test('what this process appends wakes them at once', async () => {
    const waiting = wait(0n, 30_000);
    await pass(5_000);
    const { calls } = await gateway.costOf(async () => {
      await append(here);
      await pass(stepMs);
    });
    expect(waiting.bytes).toBeGreaterThan(0);
    expect(calls.getMany).toBeUndefined();
  });

  test('a thousand who wait cost no more looks than one, and no consistent read', async () => {
    for (let count = 0; count < 1_000; count++) wait(0n, 60_000, { partition: count % 3 });
    await pass(2_000);
    const calls = await callsWhile(10_000);
    expect(calls.get).toBeUndefined();
    expect(calls.getMany).toBeGreaterThanOrEqual(18);
    expect(calls.getMany).toBeLessThanOrEqual(21);
  });

  test('looks every half second, every two after an idle minute, every five after ten', async () => {
    wait(0n, 3_600_000);
    const first = await callsWhile(1_000);
    expect(first.getMany).toBeGreaterThanOrEqual(4); // after 50, 100, 200, 400, then each 500 ms
    await pass(10_000);
    expect((await callsWhile(20_000)).getMany).toBe(40);
    await pass(60_000);
    expect((await callsWhile(20_000)).getMany).toBe(10);
    await pass(600_000);
    expect((await callsWhile(20_000)).getMany).toBe(4);
  });

  test('stays idle when long polls follow each other, and is awake again after an append', async () => {
    for (let poll = 0; poll < 140; poll++) {
      wait(0n, 500);
      await pass(520);
    }
    wait(0n, 60_000);
    expect((await callsWhile(20_000)).getMany).toBeLessThanOrEqual(11);
    await append(elsewhere);
    await pass(2_100);
    wait(1n, 60_000);
    expect((await callsWhile(10_000)).getMany).toBeGreaterThanOrEqual(20);
  });

  test('whoever waits for more bytes reads again only when there are more', async () => {
    await append(elsewhere);
    wait(0n, 60_000, { minBytes: 100_000 });
    await pass(1_000);
    expect((await callsWhile(10_000)).get).toBeUndefined();
    await append(elsewhere);
    const { get } = await callsWhile(1_000);
    expect(get).toBe(1);
  });

  test('a look that fails costs nobody an answer: the wait ends when its time is over', async () => {
    failure = new StoreError('unavailable', 'it is gone');
    const waiting = wait(0n, 3_000);
    await append(elsewhere);
    await pass(2_900);
    expect(waiting.bytes).toBeUndefined();
    await pass(200);
    expect(waiting.bytes).toBeGreaterThan(0);
    failure = undefined;
    const next = wait(1n, 30_000);
    await append(elsewhere);
    await pass(2_000);
    expect(next.bytes).toBeGreaterThan(0);
  });

  test('nobody waits, nobody looks', async () => {
    wait(0n, 1_000);
    await pass(2_000);
    expect((await callsWhile(20_000)).getMany).toBeUndefined();
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import type { PartitionId } from '../../../shared/kafka/topic-partition.ts';
import type { OpenPartitionLogs } from '../../../shared/log/partition-logs.ts';
import { rollPartition } from '../../../shared/log/roll.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { withReadCache } from '../../../shared/storage/read-cache.ts';
import { StoreError } from '../../../shared/storage/store-error.ts';
import type { Stores } from '../../../shared/storage/stores.ts';
import { type CountingStores, countingStores } from '../../support/counting-stores.ts';
import { batchOf, logConfig, newPartition, openLogs } from '../../support/log-engine.ts';
import { aroundStores } from '../../support/store-calls.ts';

const random = seededRandom(2);
let clock: ManualClock;
let stores: Stores;
let gateway: CountingStores;
let here: OpenPartitionLogs;
let elsewhere: OpenPartitionLogs;
let partition: PartitionId;
let failure: Error | undefined;

const open = (bytesMax: number) => openLogs(withReadCache(gateway, { bytesMax, clock }), { clock, random });

beforeEach(async () => {
  failure = undefined;
  clock = new ManualClock();
  stores = openMemoryStores({ clock, random });
  const failing = aroundStores(stores, (call, perform) =>
    failure && call.operation === 'objectGetRange' ? Promise.reject(failure) : perform(),
  );
  gateway = countingStores(failing);
  here = open(10_000_000);
  elsewhere = openLogs(stores, { clock, random });
  partition = await newPartition(stores, clock);
});

const small = 'in an item'.padEnd(1_000, '.');
const large = 'in an object'.padEnd(20_000, '.');

async function append(logs: OpenPartitionLogs, values: readonly string[]): Promise<void> {
  for (const value of values) {
    const batch = batchOf([value], clock.nowMs());
    const [appended] = await logs.append([{ partition, config: logConfig, batch }]);
    expect(appended).toMatchObject({ logStartOffset: 0n });
  }
}

/** All that the log holds, from `from` on. */
async function readAll(logs: OpenPartitionLogs, from = 0n): Promise<string[]> {
  const batches: string[] = [];
  for (let offset = from; ; ) {
    const read = await logs.read({ partition, config: logConfig, offset, maxBytes: 5_000_000 });
    if (read.batches.length === 0) return batches;
    batches.push(...read.batches.map((batch) => Buffer.from(batch).toString('latin1')));
    offset = read.nextOffset;
  }
}

const fetchesOf = async (work: () => Promise<unknown>): Promise<{ items: number; ranges: number }> => {
  const { calls } = await gateway.costOf(work);
  return { items: calls.getMany ?? 0, ranges: calls.objectGetRange ?? 0 };
};

const values = Array.from({ length: 10 }, (_, place) => (place % 2 === 0 ? small : large));

describe('a gateway that keeps what passed through', () => {
  test('serves what it took to any number of groups without a fetch', async () => {
    await append(here, values);
    const expected = await readAll(elsewhere);
    const fetches = await fetchesOf(async () => {
      for (let group = 0; group < 4; group++) expect(await readAll(here)).toEqual(expected);
    });
    expect(fetches).toEqual({ items: 0, ranges: 0 });
  });

  test('fetches what others took once, though four groups read it at the same time', async () => {
    await append(elsewhere, values);
    const expected = await readAll(elsewhere);
    const fetches = await fetchesOf(async () => {
      const all = await Promise.all(Array.from({ length: 4 }, () => readAll(here)));
      for (const read of all) expect(read).toEqual(expected);
    });
    expect(fetches).toEqual({ items: 1, ranges: 5 });
  });

  test('fetches a range of a segment once for groups that stand at the same offset', async () => {
    await append(elsewhere, values);
    await elsewhere.drain();
    await rollPartition(elsewhere.context, partition, logConfig, { force: true });
    const expected = await readAll(elsewhere);
    const one = await fetchesOf(() => readAll(here));
    expect(one.ranges).toBeGreaterThan(0);
    const more = await fetchesOf(async () => {
      for (let group = 0; group < 3; group++) expect(await readAll(here)).toEqual(expected);
    });
    expect(more.ranges).toBe(0);
  });

  test('keeps to its bytes: what was used last stays', async () => {
    here = open(200_000);
    await append(
      here,
      Array.from({ length: 30 }, () => large),
    );
    const { ranges: newest } = await fetchesOf(() => readAll(here, 28n));
    const { ranges: oldest } = await fetchesOf(() => readAll(here, 0n));
    expect(newest).toBe(0);
    expect(oldest).toBeGreaterThan(20);
    expect(await readAll(here)).toEqual(await readAll(elsewhere));
  });

  test('forgets what nobody asked for in five minutes', async () => {
    await append(here, values);
    clock.advance(299_000);
    expect(await fetchesOf(() => readAll(here))).toEqual({ items: 0, ranges: 0 });
    clock.advance(301_000);
    expect(await fetchesOf(() => readAll(here))).toEqual({ items: 1, ranges: 5 });
  });

  test('never answers from memory what the log has let go of', async () => {
    await append(here, values);
    await elsewhere.deleteRecordsBefore(partition, 4n);
    const read = here.read({ partition, config: logConfig, offset: 2n, maxBytes: 1_000_000 });
    await expect(read).rejects.toMatchObject({ errorName: 'OFFSET_OUT_OF_RANGE' });
    expect(await readAll(here, 4n)).toEqual(await readAll(elsewhere, 4n));
  });

  test('a fetch that failed is made again', async () => {
    await append(elsewhere, [large]);
    failure = new StoreError('unavailable', 'it is gone');
    await expect(readAll(here)).rejects.toMatchObject({ errorName: 'KAFKA_STORAGE_ERROR' });
    failure = undefined;
    expect(await readAll(here)).toEqual(await readAll(elsewhere));
  });
});

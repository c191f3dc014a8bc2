import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import type { Unkindness } from '../../../shared/storage/memory/unkindness.ts';
import { add, equals, queryAll } from '../../../shared/storage/metadata-store.ts';
import { tryWrite } from '../../../shared/storage/store-error.ts';

const key = { pk: 'p', sk: 'head' };
const addOne = { changes: [add(['n'], 1n)] };

function open(unkindness: Unkindness) {
  const clock = new ManualClock();
  const stores = openMemoryStores({ clock, random: seededRandom(7), ...unkindness });
  return { clock, store: stores.metadata, stores };
}

/** How many of `calls` at once get through; the others must be throttled. */
async function countThrough(calls: (() => Promise<unknown>)[]): Promise<number> {
  const results = await Promise.allSettled(calls.map((call) => call()));
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'throttled' });
  }
  return results.filter(({ status }) => status === 'fulfilled').length;
}

describe('transactions and single writes of one item', () => {
  const conflicts = { transactionConflicts: { holdMs: 10, freshMs: 5 } };

  test('a running transaction refuses single writes of its items, and only of those', async () => {
    const { clock, store } = open(conflicts);
    const running = store.transact([{ put: key, item: { n: 1n } }]);
    await expect(store.update(key, addOne)).rejects.toMatchObject({ kind: 'conflict' });
    await expect(store.put(key, {})).rejects.toMatchObject({ kind: 'conflict' });
    await expect(store.remove(key)).rejects.toMatchObject({ kind: 'conflict' });
    await store.put({ pk: 'p', sk: 'other' }, {});
    expect(await store.get(key)).toBeUndefined();
    clock.advance(10);
    await running;
    await store.update(key, addOne);
    expect(await store.get(key)).toEqual({ n: 2n });
  });

  test('a running transaction refuses another one on its items', async () => {
    const { clock, store } = open(conflicts);
    const running = store.transact([{ put: key, item: { n: 1n } }]);
    await expect(store.transact([{ put: key, item: { n: 2n } }])).rejects.toMatchObject({ kind: 'conflict' });
    clock.advance(10);
    await running;
    expect(await store.get(key)).toEqual({ n: 1n });
  });

  test('a write of an item refuses the transaction that comes just behind it', async () => {
    const { clock, store } = open(conflicts);
    await store.put(key, { n: 1n });
    const early = store.transact([{ put: key, item: { n: 2n } }]);
    await expect(early).rejects.toMatchObject({ kind: 'conflict' });
    clock.advance(5);
    const later = store.transact([{ put: key, item: { n: 2n } }]);
    clock.advance(10);
    await later;
    expect(await store.get(key)).toEqual({ n: 2n });
  });

  test('a refused transaction lets its items go', async () => {
    const { clock, store } = open(conflicts);
    const refused = store.transact([{ check: key, condition: equals(['n'], 5n) }]);
    clock.advance(10);
    await expect(refused).rejects.toMatchObject({ kind: 'conditionFailed' });
    await store.put(key, {});
  });
});

describe('the units of a partition key', () => {
  const writeUnits = { writeUnitsPerSecond: 1_000 };

  test('small updates: a second takes 1,000', async () => {
    const { clock, store } = open(writeUnits);
    await store.put(key, { n: 0n });
    clock.advance(1_000);
    const updates = Array.from({ length: 1_500 }, () => () => store.update(key, addOne));
    expect(await countThrough(updates)).toBe(1_000);
    clock.advance(100);
    expect(await countThrough(updates)).toBe(100);
    expect(await store.get(key)).toEqual({ n: 1_100n });
  });

  test('an item of 2.5 KB costs three units a time, refused conditions included', async () => {
    const { clock, store } = open(writeUnits);
    await store.put(key, { n: 0n, b: new Uint8Array(2_500) });
    clock.advance(1_000);
    const refused = { changes: addOne.changes, condition: equals(['n'], 99n) };
    const calls = Array.from({ length: 500 }, () => () => tryWrite(store.update(key, refused)));
    expect(await countThrough(calls)).toBe(333);
  });

  test('another partition key has units of its own', async () => {
    const { store } = open(writeUnits);
    const put = (pk: string) => () => store.put({ pk, sk: 'a' }, {});
    expect(await countThrough(Array.from({ length: 1_200 }, () => put('one')))).toBe(1_000);
    expect(await countThrough(Array.from({ length: 900 }, () => put('two')))).toBe(900);
  });

  test('inconsistent reads cost half', async () => {
    const { clock, store } = open({ readUnitsPerSecond: 100 });
    const reads = (consistent: boolean) =>
      Array.from({ length: 300 }, () => () => store.get(key, { consistent }));
    expect(await countThrough(reads(true))).toBe(100);
    clock.advance(1_000);
    expect(await countThrough(reads(false))).toBe(200);
  });
});

describe('reads', () => {
  test('an inconsistent read answers the past, a consistent one the present', async () => {
    const { clock, store } = open({ staleReadsMs: 1_000 });
    for (let at = 0; at < 20; at++) {
      await store.put(key, { n: BigInt(at) });
      await store.put({ pk: 'p', sk: `k${at}` }, {});
      clock.advance(100);
    }
    const seen = new Set<bigint>();
    for (let read = 0; read < 100; read++) {
      seen.add((await store.get(key, { consistent: false }))?.n as bigint);
      expect(await store.get(key)).toEqual({ n: 19n });
    }
    expect([...seen].every((n) => n >= 9n)).toBe(true);
    expect(seen.size).toBeGreaterThan(4);
    const counts = new Set<number>();
    for (let read = 0; read < 50; read++) {
      counts.add((await store.query({ pk: 'p', consistent: false })).items.length);
    }
    expect(counts.size).toBeGreaterThan(4);
    clock.advance(1_000);
    expect(await store.get(key, { consistent: false })).toEqual({ n: 19n });
  });

  test('an item removed is still in the past, and then nowhere', async () => {
    const { clock, store } = open({ staleReadsMs: 1_000 });
    await store.put(key, { n: 1n });
    clock.advance(2_000);
    await store.remove(key);
    clock.advance(1);
    const reads = await Promise.all(Array.from({ length: 10 }, () => store.get(key, { consistent: false })));
    expect(reads.some((item) => item?.n === 1n)).toBe(true);
    clock.advance(1_000);
    expect(await store.get(key, { consistent: false })).toBeUndefined();
  });

  test('a query answers fewer than its limit, and a next behind a full page', async () => {
    const { store } = open({ shortPages: 0.5 });
    for (let at = 0; at < 10; at++) await store.put({ pk: 'p', sk: `k${at}` }, {});
    const sizes = new Set<number>();
    for (let at = 0; at < 30; at++) sizes.add((await store.query({ pk: 'p', limit: 10 })).items.length);
    expect(sizes.size).toBeGreaterThan(2);
    const found: string[] = [];
    for await (const { key } of queryAll(store, { pk: 'p', limit: 5 })) found.push(key.sk);
    expect(found).toHaveLength(10);
  });
});

describe('expiry', () => {
  test('an item vanishes some time after its ttl, not before, also for conditions', async () => {
    const { clock, store, stores } = open({ expiry: { delayMsMax: 60_000 } });
    const ttl = BigInt(clock.nowMs()) / 1000n + 10n;
    for (let at = 0; at < 50; at++) await store.put({ pk: 'p', sk: `k${at}` }, { n: 1n, ttl });
    const count = async () => (await store.query({ pk: 'p' })).items.length;
    clock.advance(9_000);
    expect(await count()).toBe(50);
    clock.advance(30_000);
    const some = await count();
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(50);
    clock.advance(40_000);
    expect(await count()).toBe(0);
    await expect(
      store.update({ pk: 'p', sk: 'k1' }, { ...addOne, condition: equals(['n'], 1n) }),
    ).rejects.toMatchObject({ kind: 'conditionFailed' });
    expect(stores.staging.thresholds.expires).toBe(true);
  });

  test('without it, ttl means nothing', async () => {
    const { clock, store, stores } = open({});
    await store.put(key, { n: 1n, ttl: 1n });
    clock.advance(10 ** 12);
    expect(await store.get(key)).toEqual({ n: 1n, ttl: 1n });
    expect(stores.staging.thresholds.expires).toBe(false);
  });
});

describe('latency', () => {
  test('a call takes effect within its time, not at its begin', async () => {
    const { clock, store } = open({ latency: { minMs: 10, maxMs: 20 } });
    let isDone = false;
    const put = store.put(key, { n: 1n }).then(() => {
      isDone = true;
    });
    await Promise.resolve();
    expect(isDone).toBe(false);
    for (let ms = 0; ms < 25 && !isDone; ms++) {
      clock.advance(1);
      await new Promise(setImmediate);
    }
    await put;
    expect(isDone).toBe(true);
  });
});

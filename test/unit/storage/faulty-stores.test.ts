import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { add, set } from '../../../shared/storage/metadata-store.ts';
import { countingStores } from '../../support/counting-stores.ts';
import { type Fate, failCall, failCallOf, faultyStores } from '../../support/faulty-stores.ts';

const key = { pk: 'a', sk: 'b' };
const addOne = { changes: [add(['n'], 1n)] };

async function faulty(plan: Parameters<typeof faultyStores>[1]) {
  const clock = new ManualClock();
  const inner = openMemoryStores({ clock, random: seededRandom(1) });
  await inner.metadata.put(key, { n: 0n });
  return { clock, inner, stores: faultyStores(inner, plan, clock) };
}

describe('stores that fail as planned', () => {
  test.each<[Fate, string, bigint]>([
    ['throttled', 'throttled', 0n],
    ['conflict', 'conflict', 0n],
    ['unavailable', 'unavailable', 0n],
    ['never', 'unknown', 0n],
    ['lost', 'unknown', 1n],
  ])('%s: the caller hears %s and %i updates took effect', async (fate, kind, applied) => {
    const { inner, stores } = await faulty(failCall(2, fate));
    await stores.metadata.get(key);
    await expect(stores.metadata.update(key, addOne)).rejects.toMatchObject({ kind });
    expect(await inner.metadata.get(key)).toEqual({ n: applied });
    await stores.metadata.update(key, addOne);
    expect(await inner.metadata.get(key)).toEqual({ n: applied + 1n });
    expect(stores.history.map(({ operation, fate }) => [operation, fate])).toEqual([
      ['get', 'ok'],
      ['update', fate],
      ['update', 'ok'],
    ]);
  });

  test('a late call takes effect after its time, behind what came meanwhile', async () => {
    const { clock, inner, stores } = await faulty(failCall(1, { late: 1_000 }));
    const late = stores.metadata.update(key, { changes: [set(['n'], 7n)] });
    await expect(late).rejects.toMatchObject({ kind: 'unknown' });
    await stores.metadata.update(key, addOne);
    expect(await inner.metadata.get(key)).toEqual({ n: 1n });
    clock.advance(1_000);
    await expect.poll(() => inner.metadata.get(key)).toEqual({ n: 7n });
  });

  test('a held call takes effect when it is released', async () => {
    const { inner, stores } = await faulty(failCall(1, { late: 'held' }));
    await expect(stores.metadata.update(key, addOne)).rejects.toMatchObject({ kind: 'unknown' });
    expect(await inner.metadata.get(key)).toEqual({ n: 0n });
    await stores.releaseHeld();
    expect(await inner.metadata.get(key)).toEqual({ n: 1n });
  });

  test.each<[Fate, bigint]>([
    ['dies before', 0n],
    ['dies after', 1n],
  ])('%s: the caller hears nothing', async (fate, applied) => {
    const { inner, stores } = await faulty(failCall(1, fate));
    let isAnswered = false;
    void stores.metadata.update(key, addOne).finally(() => {
      isAnswered = true;
    });
    await expect.poll(() => inner.metadata.get(key)).toEqual({ n: applied });
    await new Promise(setImmediate);
    expect(isAnswered).toBe(false);
  });

  test('staged bytes are calls of their own, and an update does not go without them', async () => {
    const { stores } = await faulty(failCallOf(({ operation }) => operation === 'put', 1, 'throttled'));
    const staged = stores.staging.stage({ in: 'item', key: { pk: 'p', sk: '1' }, item: {} });
    const update = stores.metadata.update(key, addOne, { after: [staged] });
    await expect(update).rejects.toMatchObject({ kind: 'unavailable' });
    expect(stores.history.map(({ operation }) => operation)).toEqual(['put']);
  });
});

describe('stores that count', () => {
  test('an append of a staged batch is one put and one update', async () => {
    const { inner } = await faulty(() => 'ok');
    const stores = countingStores(inner);
    const cost = await stores.costOf(async () => {
      const batch = new Uint8Array(1_500);
      const staged = stores.staging.stage({ in: 'item', key: { pk: 'p', sk: '1' }, item: { batch } });
      await stores.metadata.update(key, addOne, { after: [staged] });
    });
    expect(cost).toMatchObject({ calls: { put: 1, update: 1 }, writeUnits: 3, readUnits: 0 });
    expect(cost.bytesIn).toBeGreaterThan(1_500);
    expect(cost.bytesIn).toBeLessThan(1_600);
  });
});

import { describe, expect, test } from 'vitest';
import type { Key } from '../../shared/storage/item.ts';
import {
  type Action,
  absent,
  add,
  equals,
  exists,
  set,
  transactActionsMax,
} from '../../shared/storage/metadata-store.ts';
import { isStoreError, tryWrite } from '../../shared/storage/store-error.ts';
import { type Engine, expectRefused, freshKey, freshPk, useStores } from './engine.ts';

/** Distinct keys of one partition key. */
function keysOf(count: number): Key[] {
  const pk = freshPk();
  return Array.from({ length: count }, (_, at) => ({ pk, sk: `k${String(at).padStart(3, '0')}` }));
}

const four = (): [Key, Key, Key, Key] => keysOf(4) as [Key, Key, Key, Key];

export function transactSuite(engine: Engine): void {
  describe('transact', () => {
    const stores = useStores(engine);
    wholeSuite(stores);
    refusedSuite(stores);
    manySuite(stores);
  });
}

function wholeSuite(stores: ReturnType<typeof useStores>): void {
  test('puts, updates, removes and checks go together', async () => {
    const store = stores().metadata;
    const [put, updated, removed, checked] = four();
    await store.put(updated, { n: 1n });
    await store.put(removed, { n: 1n });
    await store.put(checked, { n: 1n });
    await store.transact([
      { put, item: { n: 5n }, condition: absent(['n']) },
      { update: updated, changes: [add(['n'], 1n), set(['x'], true)], condition: equals(['n'], 1n) },
      { remove: removed, condition: exists(['n']) },
      { check: checked, condition: equals(['n'], 1n) },
    ]);
    expect(await store.getMany([put, updated, removed, checked])).toEqual([
      { n: 5n },
      { n: 2n, x: true },
      undefined,
      { n: 1n },
    ]);
  });

  test('an update in a transaction creates an absent item', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await store.transact([{ update: key, changes: [set(['a'], 1n)], condition: absent(['a']) }]);
    expect(await store.get(key)).toEqual({ a: 1n });
  });

  test('a check of an absent item passes when absence is asked for', async () => {
    const store = stores().metadata;
    const [put, checked] = four();
    await store.transact([
      { put, item: {} },
      { check: checked, condition: absent(['n']) },
    ]);
    expect(await store.getMany([put, checked])).toEqual([{}, undefined]);
  });

  test('one false condition undoes all, and is named by its position', async () => {
    const store = stores().metadata;
    const [first, second, third, fourth] = four();
    await store.put(third, { n: 1n });
    const actions: Action[] = [
      { put: first, item: { n: 1n } },
      { update: second, changes: [set(['n'], 1n)] },
      { remove: third, condition: equals(['n'], 2n) },
      { check: fourth, condition: absent(['n']) },
    ];
    await expect(store.transact(actions)).rejects.toMatchObject({
      kind: 'conditionFailed',
      failedActions: [2],
    });
    expect(await store.getMany([first, second, third, fourth])).toEqual([
      undefined,
      undefined,
      { n: 1n },
      undefined,
    ]);
  });

  test('every false condition is named', async () => {
    const store = stores().metadata;
    const [first, second, third, fourth] = four();
    await expect(
      store.transact([
        { check: first, condition: exists(['n']) },
        { put: second, item: {}, condition: absent(['n']) },
        { update: third, changes: [set(['n'], 1n)], condition: exists(['n']) },
        { remove: fourth, condition: exists(['n']) },
      ]),
    ).rejects.toMatchObject({ kind: 'conditionFailed', failedActions: [0, 2, 3] });
  });
}

function refusedSuite(stores: ReturnType<typeof useStores>): void {
  test('two actions on one item are refused and change nothing', async () => {
    const store = stores().metadata;
    const [key, other] = four();
    const put: Action = { put: key, item: { n: 1n } };
    const check: Action = { check: key, condition: absent(['n']) };
    await expectRefused(store.transact([{ put: other, item: {} }, put, check]), 'unavailable');
    expect(await store.getMany([key, other])).toEqual([undefined, undefined]);
  });

  test('a change that does not fit its item undoes all', async () => {
    const store = stores().metadata;
    const [key, other] = four();
    const actions: Action[] = [
      { put: other, item: {} },
      { update: key, changes: [add(['n'], 1n)] },
    ];
    await expectRefused(store.transact(actions), 'unavailable');
    expect(await store.getMany([key, other])).toEqual([undefined, undefined]);
  });

  test('a transaction of nothing is refused', async () => {
    await expectRefused(stores().metadata.transact([]), 'unavailable');
  });
}

function manySuite(stores: ReturnType<typeof useStores>): void {
  test('100 actions go together, 101 are refused and change nothing', async () => {
    const store = stores().metadata;
    const keys = keysOf(transactActionsMax);
    await store.transact(keys.map((put) => ({ put, item: { n: 1n }, condition: absent(['n']) })));
    expect((await store.getMany(keys)).every((item) => item?.n === 1n)).toBe(true);
    const tooMany = keysOf(transactActionsMax + 1);
    await expectRefused(store.transact(tooMany.map((put) => ({ put, item: {} }))), 'unavailable');
    expect((await store.getMany(tooMany)).every((item) => item === undefined)).toBe(true);
  }, 60_000);

  test('transactions at once are each whole: money moves, and none is made', async () => {
    const store = stores().metadata;
    const [from, to] = four();
    await store.put(from, { n: 20n });
    await store.put(to, { n: 0n });
    const move = async (): Promise<boolean> => {
      for (;;) {
        try {
          const left = (await store.get(from))?.n as bigint;
          return await tryWrite(
            store.transact([
              { update: from, changes: [add(['n'], -1n)], condition: equals(['n'], left) },
              { update: to, changes: [add(['n'], 1n)] },
            ]),
          );
        } catch (error) {
          if (!isStoreError(error, 'conflict', 'throttled')) throw error;
        }
      }
    };
    const moved = (await Promise.all(Array.from({ length: 10 }, move))).filter((isDone) => isDone).length;
    expect(moved).toBeGreaterThan(0);
    expect((await store.get(from))?.n).toBe(20n - BigInt(moved));
    expect((await store.get(to))?.n).toBe(BigInt(moved));
  }, 60_000);
}

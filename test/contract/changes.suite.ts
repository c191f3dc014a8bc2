import { describe, expect, test } from 'vitest';
import type { Item } from '../../shared/storage/item.ts';
import {
  add,
  append,
  type Change,
  dropFirst,
  equals,
  isBelow,
  set,
  setFrom,
  sizeOf,
  unset,
} from '../../shared/storage/metadata-store.ts';
import { tryWrite } from '../../shared/storage/store-error.ts';
import { type Engine, expectRefused, freshKey, useStores } from './engine.ts';

type Case = [what: string, before: Item, changes: Change[], after: Item];

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const cases: Case[] = [
  ['set replaces a value', { a: 1n, b: 'x' }, [set(['a'], 'one')], { a: 'one', b: 'x' }],
  ['set makes an attribute', { a: 1n }, [set(['b'], [bytes(1)])], { a: 1n, b: [bytes(1)] }],
  ['set makes a member', { m: { x: 1n } }, [set(['m', 'y'], 2n)], { m: { x: 1n, y: 2n } }],
  ['set replaces a member', { m: { x: 1n } }, [set(['m', 'x'], {})], { m: { x: {} } }],
  [
    'names that are reserved, or hold what expressions use, are names',
    { size: 1n, m: {} },
    [set(['name'], 1n), add(['size'], 1n), set(['m', 'a.b#:c[0]'], 1n), set(['a b-c'], 2n)],
    { size: 2n, name: 1n, m: { 'a.b#:c[0]': 1n }, 'a b-c': 2n },
  ],
  ['set from copies a value', { a: [1n] }, [setFrom(['b'], ['a'])], { a: [1n], b: [1n] }],
  ['set from copies into a member', { n: 5n, m: {} }, [setFrom(['m', 'x'], ['n'])], { n: 5n, m: { x: 5n } }],
  ['set from copies a member', { m: { x: 5n } }, [setFrom(['n'], ['m', 'x'])], { m: { x: 5n }, n: 5n }],
  [
    'set from sees the value before the update',
    { n: 5n },
    [add(['n'], 1n), setFrom(['was'], ['n'])],
    { n: 6n, was: 5n },
  ],
  [
    'two attributes change places',
    { a: 1n, b: 2n },
    [setFrom(['a'], ['b']), setFrom(['b'], ['a'])],
    { a: 2n, b: 1n },
  ],
  ['add adds', { n: 5n }, [add(['n'], 3n)], { n: 8n }],
  ['add of a negative number subtracts', { n: 5n }, [add(['n'], -8n)], { n: -3n }],
  ['add of nothing', { n: 5n }, [add(['n'], 0n)], { n: 5n }],
  ['add to a member', { m: { n: 5n } }, [add(['m', 'n'], 1n)], { m: { n: 6n } }],
  ['add is exact beyond 2^53', { n: 2n ** 62n }, [add(['n'], 1n)], { n: 2n ** 62n + 1n }],
  ['append adds at the end', { l: ['a'] }, [append(['l'], ['b', 'c'])], { l: ['a', 'b', 'c'] }],
  ['append to an empty list', { l: [] }, [append(['l'], [bytes(0, 255)])], { l: [bytes(0, 255)] }],
  ['append of nothing', { l: ['a'] }, [append(['l'], [])], { l: ['a'] }],
  ['append keeps lists as members', { l: [] }, [append(['l'], [[1n], []])], { l: [[1n], []] }],
  ['append to a member', { m: { l: [1n] } }, [append(['m', 'l'], [2n])], { m: { l: [1n, 2n] } }],
  ['drop of the first members', { l: [1n, 2n, 3n] }, [dropFirst(['l'], 2)], { l: [3n] }],
  ['drop of all members leaves an empty list', { l: [1n, 2n] }, [dropFirst(['l'], 2)], { l: [] }],
  ['drop of members of a member', { m: { l: [1n, 2n] } }, [dropFirst(['m', 'l'], 1)], { m: { l: [2n] } }],
  ['unset removes an attribute', { a: 1n, b: 2n }, [unset(['a'])], { b: 2n }],
  ['unset of what is absent changes nothing', { b: 2n }, [unset(['a'])], { b: 2n }],
  ['unset of the last attribute leaves an empty item', { a: 1n }, [unset(['a'])], {}],
  ['unset removes a member', { m: { x: 1n, y: 2n } }, [unset(['m', 'x'])], { m: { y: 2n } }],
  ['unset of the last member leaves an empty map', { m: { x: 1n } }, [unset(['m', 'x'])], { m: {} }],
  ['unset of an absent member changes nothing', { m: { x: 1n } }, [unset(['m', 'y'])], { m: { x: 1n } }],
  [
    'changes of different members go together',
    { m: { x: 1n, y: 2n } },
    [set(['m', 'z'], 3n), unset(['m', 'x']), add(['m', 'y'], 1n)],
    { m: { y: 3n, z: 3n } },
  ],
  [
    'all kinds of change in one update',
    { next: 7n, tail: [1n, 2n], other: [1n, 2n], prod: { p: 1n }, gone: true },
    [
      add(['next'], 2n),
      append(['tail'], [3n]),
      dropFirst(['other'], 1),
      set(['prod', 'p'], 2n),
      setFrom(['was'], ['next']),
      unset(['gone']),
    ],
    { next: 9n, tail: [1n, 2n, 3n], other: [2n], prod: { p: 2n }, was: 7n },
  ],
];

const many = Array.from({ length: 60 }, (_, at) => bytes(at));
const longDrop: Case = ['drop of 50 members', { l: many }, [dropFirst(['l'], 50)], { l: many.slice(50) }];

const misfits: [what: string, before: Item, changes: Change[]][] = [
  ['add to an absent attribute', { b: 1n }, [set(['b'], 2n), add(['n'], 1n)]],
  ['add to a text', { n: '1' }, [add(['n'], 1n)]],
  ['append to an absent attribute', { b: 1n }, [set(['b'], 2n), append(['l'], [1n])]],
  ['append to a number', { l: 1n }, [append(['l'], [1n])]],
  ['set from an absent attribute', { b: 1n }, [set(['b'], 2n), setFrom(['a'], ['c'])]],
  ['set of a member of an absent map', { b: 1n }, [set(['b'], 2n), set(['m', 'x'], 1n)]],
  ['set of a member of a number', { m: 1n }, [set(['m', 'x'], 1n)]],
  ['add to a member of an absent map', { b: 1n }, [add(['m', 'x'], 1n)]],
  ['two changes of one attribute', { n: 1n }, [add(['n'], 1n), set(['n'], 5n)]],
  ['two changes of one member', { m: { x: 1n } }, [add(['m', 'x'], 1n), unset(['m', 'x'])]],
  ['a change of a map and one of its members', { m: { x: 1n } }, [set(['m'], {}), set(['m', 'y'], 1n)]],
  ['a change of a member and then of its map', { m: { x: 1n } }, [set(['m', 'y'], 1n), unset(['m'])]],
  ['append and drop on one list', { l: [1n, 2n] }, [append(['l'], [3n]), dropFirst(['l'], 1)]],
];

export function changesSuite(engine: Engine): void {
  describe('changes', () => {
    const stores = useStores(engine);

    test.each([...cases, longDrop])('%s', async (_, before, changes, after) => {
      const store = stores().metadata;
      const key = freshKey();
      await store.put(key, before);
      expect(await store.update(key, { changes })).toEqual(after);
      expect(await store.get(key)).toEqual(after);
    });

    for (const [what, before, changes] of misfits) {
      // A stand-in's known fault is expected to fail, so that its end is noticed.
      const judge = engine.wronglyTakes?.includes(what) ? test.fails : test;
      judge(`${what} is refused and changes nothing`, async () => {
        const store = stores().metadata;
        const key = freshKey();
        await store.put(key, before);
        await expectRefused(store.update(key, { changes }), 'unavailable');
        expect(await store.get(key)).toEqual(before);
      });
    }

    answersSuite(stores);
    contentionSuite(stores);
  });
}

function answersSuite(stores: ReturnType<typeof useStores>): void {
  test('an update creates an absent item', async () => {
    const store = stores().metadata;
    const key = freshKey();
    expect(await store.update(key, { changes: [set(['a'], 1n)] })).toEqual({ a: 1n });
    expect(await store.get(key)).toEqual({ a: 1n });
  });

  test('an update that does not fit an absent item does not create it', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await expectRefused(store.update(key, { changes: [set(['a'], 1n), add(['n'], 1n)] }), 'unavailable');
    expect(await store.get(key)).toBeUndefined();
  });

  test('an update answers the item as it was before, when asked', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await store.put(key, { n: 1n, l: ['a'], other: 'x' });
    const changes = [add(['n'], 1n), append(['l'], ['b'])];
    expect(await store.update(key, { changes }, { returns: 'old' })).toEqual({
      n: 1n,
      l: ['a'],
      other: 'x',
    });
    expect(await store.update(key, { changes }, { returns: 'new' })).toEqual({
      n: 3n,
      l: ['a', 'b', 'b'],
      other: 'x',
    });
  });

  test('an update of an absent item answers that nothing was there, when asked', async () => {
    const changes = [set(['a'], 1n)];
    expect(await stores().metadata.update(freshKey(), { changes }, { returns: 'old' })).toEqual({});
  });

  test('an update sees the condition before its changes', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await store.put(key, { n: 1n });
    await store.update(key, { changes: [add(['n'], 1n)], condition: equals(['n'], 1n) });
    await expectRefused(
      store.update(key, { changes: [add(['n'], 1n)], condition: equals(['n'], 1n) }),
      'conditionFailed',
    );
    expect(await store.get(key)).toEqual({ n: 2n });
  });
}

function contentionSuite(stores: ReturnType<typeof useStores>): void {
  test('200 updates of one item at once all arrive, each seeing another state', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await store.put(key, { n: 0n, l: [] });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        store.update(key, { changes: [add(['n'], 1n), append(['l'], [BigInt(at)])] }),
      ),
    );
    const seen = new Set(answers.map(({ n }) => n));
    expect(seen.size).toBe(200);
    for (const { n, l } of answers) expect((l as unknown[]).length).toBe(Number(n));
    const { n, l } = (await store.get(key)) as { n: bigint; l: bigint[] };
    expect(n).toBe(200n);
    expect(l.toSorted((a, b) => Number(a - b))).toEqual(Array.from({ length: 200 }, (_, at) => BigInt(at)));
  }, 60_000);

  test('of many conditional updates at once exactly as many arrive as the condition admits', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await store.put(key, { l: [] });
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        tryWrite(
          store.update(key, {
            changes: [append(['l'], [BigInt(at)])],
            condition: isBelow(sizeOf(['l']), 10n),
          }),
        ),
      ),
    );
    expect(outcomes.filter((isDone) => isDone)).toHaveLength(10);
    expect(((await store.get(key)) as { l: bigint[] }).l).toHaveLength(10);
  }, 60_000);
}

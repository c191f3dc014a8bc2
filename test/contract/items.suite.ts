import { describe, expect, test } from 'vitest';
import type { Item } from '../../shared/storage/item.ts';
import { itemSizeBytes } from '../../shared/storage/item-limits.ts';
import { set } from '../../shared/storage/metadata-store.ts';
import {
  distinctBytes,
  type Engine,
  expectBytes,
  expectRefused,
  freshKey,
  freshPk,
  useStores,
} from './engine.ts';

const nested = {
  list: [[[]], { map: { list: [1n, 'two', Uint8Array.of(3), true, {}] } }],
  map: { a: { b: { c: { d: [{}] } } } },
};

const items: [what: string, item: Item][] = [
  ['an item of no attributes', {}],
  ['texts', { text: 'a', empty: '', unicode: 'grüße ✈️ 😀', newline: 'a\nb\0c', long: 'x'.repeat(70_000) }],
  ['small numbers', { zero: 0n, one: 1n, minus: -1n, byte: 255n, under: -256n }],
  ['numbers around 2^53', { below: 2n ** 53n - 1n, above: 2n ** 53n + 1n, minus: -(2n ** 53n) - 1n }],
  ['numbers around 64 bits', { a: 2n ** 63n - 1n, b: -(2n ** 63n), c: 2n ** 64n, d: -(2n ** 63n) - 1n }],
  ['numbers of 38 digits', { most: 10n ** 38n - 1n, least: -(10n ** 38n - 1n), round: 10n ** 37n }],
  ['booleans', { yes: true, no: false }],
  ['every byte', { bytes: Uint8Array.from({ length: 256 }, (_, at) => at), empty: new Uint8Array() }],
  ['lists and maps in each other', nested],
  ['names that objects inherit', { constructor: 1n, toString: 'x', map: { hasOwnProperty: true } }],
  ['names beyond ASCII', { größe: 1n, '✈️': { '😀': 'x' } }],
  ['60 binaries in a list', { tail: Array.from({ length: 60 }, (_, at) => distinctBytes(at * 3)) }],
];

/** An item of exactly that size with its key. */
function itemOfSize(key: { pk: string; sk: string }, sizeBytes: number): { b: Uint8Array } {
  const rest = sizeBytes - itemSizeBytes(key, { b: new Uint8Array() });
  return { b: distinctBytes(rest) };
}

export function itemsSuite(engine: Engine): void {
  describe('items', () => {
    const stores = useStores(engine);

    test.each(items)('%s come back as they were put', async (_, item) => {
      const store = stores().metadata;
      const key = freshKey();
      await store.put(key, item);
      expect(await store.get(key)).toEqual(item);
      expect(await store.get(key, { consistent: true })).toEqual(item);
    });

    lifeSuite(stores);
    manySuite(stores);
    limitsSuite(engine, stores);
  });
}

function lifeSuite(stores: ReturnType<typeof useStores>): void {
  test('an item that was never put is not there', async () => {
    expect(await stores().metadata.get(freshKey())).toBeUndefined();
  });

  test('a put replaces the whole item', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await store.put(key, { a: 1n, b: 2n });
    await store.put(key, { c: 3n });
    expect(await store.get(key)).toEqual({ c: 3n });
  });

  test('an item removed is gone, and removing it again is no error', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await store.put(key, { a: 1n });
    await store.remove(key);
    await store.remove(key);
    expect(await store.get(key)).toBeUndefined();
  });

  test('keys that differ only in where they are split are different', async () => {
    const store = stores().metadata;
    const pk = freshPk();
    await store.put({ pk: `${pk}a`, sk: 'b' }, { n: 1n });
    await store.put({ pk, sk: 'ab' }, { n: 2n });
    expect(await store.get({ pk: `${pk}a`, sk: 'b' })).toEqual({ n: 1n });
    expect(await store.get({ pk, sk: 'ab' })).toEqual({ n: 2n });
    expect((await store.query({ pk })).items).toHaveLength(1);
  });

  test('changing what a get answered, or what was put, does not change the store', async () => {
    const store = stores().metadata;
    const key = freshKey();
    const bytes = Uint8Array.of(1, 2, 3);
    const list = ['a'];
    await store.put(key, { bytes, list, map: { bytes } });
    bytes[0] = 99;
    list.push('b');
    const answered = (await store.get(key)) as { bytes: Uint8Array; list: string[] };
    answered.bytes[1] = 99;
    answered.list.push('c');
    const updated = (await store.update(key, { changes: [set(['n'], 1n)] })) as { bytes: Uint8Array };
    updated.bytes[2] = 99;
    const kept = Uint8Array.of(1, 2, 3);
    expect(await store.get(key)).toEqual({ bytes: kept, list: ['a'], map: { bytes: kept }, n: 1n });
  });
}

function manySuite(stores: ReturnType<typeof useStores>): void {
  test('getMany answers in the order of its keys: more than 100, absent and repeated ones among them', async () => {
    const store = stores().metadata;
    const pk = freshPk();
    const keyOf = (at: number) => ({ pk, sk: `k${at}` });
    await Promise.all(Array.from({ length: 60 }, (_, at) => store.put(keyOf(at * 2), { n: BigInt(at * 2) })));
    const asked = Array.from({ length: 260 }, (_, at) => (at * 7) % 120);
    const answered = await store.getMany(asked.map(keyOf));
    expect(answered).toEqual(asked.map((at) => (at % 2 === 0 ? { n: BigInt(at) } : undefined)));
  });

  test('getMany of no keys answers nothing', async () => {
    expect(await stores().metadata.getMany([])).toEqual([]);
  });

  test('getMany answers more than 16 MB of items', async () => {
    const store = stores().metadata;
    const pk = freshPk();
    const keys = Array.from({ length: 45 }, (_, at) => ({ pk, sk: `k${at}` }));
    const bytes = distinctBytes(390_000);
    for (const [at, key] of keys.entries()) await store.put(key, { n: BigInt(at), bytes });
    const answered = await store.getMany(keys);
    expect(answered.map((item) => item?.n)).toEqual(keys.map((_, at) => BigInt(at)));
    const sizes = answered.map((item) => (item === undefined ? 0 : (item.bytes as Uint8Array).length));
    expect(sizes).toEqual(keys.map(() => 390_000));
    await Promise.all(keys.map((key) => store.remove(key)));
  }, 60_000);
}

function limitsSuite(engine: Engine, stores: ReturnType<typeof useStores>): void {
  test('an item of the declared limit is stored, and a larger one refused with its size', async () => {
    const store = stores().metadata;
    const key = freshKey();
    const largest = itemOfSize(key, engine.itemBytesMax);
    await store.put(key, largest);
    expectBytes((await store.get(key))?.b, largest.b);
    const tooLarge = itemOfSize(key, engine.itemBytesMax + 1);
    await expect(store.put(key, tooLarge)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(String(engine.itemBytesMax)),
    });
    const grow = store.update(key, { changes: [set(['c'], distinctBytes(1_000))] });
    await expectRefused(grow, 'unavailable');
    expect(Object.keys((await store.get(key)) ?? {})).toEqual(['b']);
    expectBytes((await store.get(key))?.b, largest.b);
  }, 60_000);

  test('a number of more than 38 digits is refused', async () => {
    const store = stores().metadata;
    const key = freshKey();
    await expectRefused(store.put(key, { n: 10n ** 38n + 1n }), 'unavailable');
    await expectRefused(store.update(key, { changes: [set(['n'], 10n ** 38n + 1n)] }), 'unavailable');
    expect(await store.get(key)).toBeUndefined();
  });

  test.each([
    ['an empty partition key', { pk: '', sk: 'x' }],
    ['an empty sort key', { pk: 'x', sk: '' }],
    ['a partition key of more than 2,048 bytes', { pk: 'ü'.repeat(1025), sk: 'x' }],
    ['a sort key of more than 1,024 bytes', { pk: 'x', sk: 'ü'.repeat(513) }],
  ])('%s is refused', async (_, key) => {
    const store = stores().metadata;
    await expectRefused(store.put(key, { n: 1n }), 'unavailable');
    await expectRefused(store.get(key), 'unavailable');
    await expectRefused(store.update(key, { changes: [set(['n'], 1n)] }), 'unavailable');
  });
}

import { describe, expect, test } from 'vitest';
import {
  type MetadataStore,
  type Query,
  type QueryResult,
  queryAll,
} from '../../shared/storage/metadata-store.ts';
import { distinctBytes, type Engine, freshPk, useStores } from './engine.ts';

/** In the order of their UTF-8 bytes, which is not that of UTF-16: U+FF5E comes before U+1F600. */
const sortKeys = ['A', 'B', 'a', 'a#1', 'a#10', 'a#2', 'aa', 'b', 'z', 'é', '～', '😀', '😀1'];

type Case = [what: string, query: Omit<Query, 'pk'>, expected: string[]];

const cases: Case[] = [
  ['all, in order', {}, sortKeys],
  ['all, backwards', { descending: true }, sortKeys.toReversed()],
  ['from, inclusive', { from: 'a#2' }, sortKeys.slice(5)],
  ['through, inclusive', { through: 'a#2' }, sortKeys.slice(0, 6)],
  ['a range', { from: 'a#', through: 'a#~' }, ['a#1', 'a#10', 'a#2']],
  ['a range, backwards', { from: 'a#', through: 'a#~', descending: true }, ['a#2', 'a#10', 'a#1']],
  ['a range of one', { from: 'aa', through: 'aa' }, ['aa']],
  ['a range between keys', { from: 'c', through: 'd' }, []],
  ['a range beyond ASCII', { from: 'é', through: '～' }, ['é', '～']],
  ['what comes behind a key', { startAfter: 'b' }, ['z', 'é', '～', '😀', '😀1']],
  ['what comes behind a key that is not there', { startAfter: 'a#11' }, sortKeys.slice(5)],
  ['what comes behind a key, backwards', { startAfter: 'a', descending: true }, ['B', 'A']],
  ['what comes behind the last key', { startAfter: '😀1' }, []],
  ['what comes behind the first key, backwards', { startAfter: 'A', descending: true }, []],
  ['a range and a key in it', { from: 'a#', through: 'b', startAfter: 'a#10' }, ['a#2', 'aa', 'b']],
  [
    'a range and a key in it, backwards',
    { from: 'a', through: 'a#2', startAfter: 'a#2', descending: true },
    ['a#10', 'a#1', 'a'],
  ],
  ['inconsistently, what was put long ago', { consistent: false, from: 'zz' }, ['é', '～', '😀', '😀1']],
];

const keysOf = ({ items }: QueryResult): string[] => items.map(({ key }) => key.sk);

async function keysOfAll(store: MetadataStore, query: Query): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of queryAll(store, query)) keys.push(key.sk);
  return keys;
}

/** The sorted keys, put in another order. */
async function filled(store: MetadataStore): Promise<string> {
  const pk = freshPk();
  await store.put({ pk: `${pk}0`, sk: 'a' }, { neighbour: true });
  await store.put({ pk: pk.slice(0, -1), sk: 'a' }, { neighbour: true });
  for (let at = 0; at < sortKeys.length; at++) {
    const sk = sortKeys[(at * 5) % sortKeys.length] as string;
    await store.put({ pk, sk }, { name: sk });
  }
  return pk;
}

export function querySuite(engine: Engine): void {
  describe('query', () => {
    const stores = useStores(engine);

    test.each(cases)('finds %s', async (_, query, expected) => {
      const store = stores().metadata;
      const pk = await filled(store);
      expect(await keysOfAll(store, { pk, ...query })).toEqual(expected);
    });

    test('answers whole items with their keys', async () => {
      const store = stores().metadata;
      const pk = freshPk();
      await store.put({ pk, sk: 'a' }, { n: 1n, bytes: Uint8Array.of(1) });
      expect((await store.query({ pk })).items).toEqual([
        { key: { pk, sk: 'a' }, item: { n: 1n, bytes: Uint8Array.of(1) } },
      ]);
    });

    test('answers nothing, and no next, for a partition key without items', async () => {
      const result = await stores().metadata.query({ pk: freshPk() });
      expect(result.items).toEqual([]);
      expect(result.next).toBeUndefined();
    });

    test('does not answer what was removed', async () => {
      const store = stores().metadata;
      const pk = await filled(store);
      await store.remove({ pk, sk: 'a#10' });
      expect(await keysOfAll(store, { pk, from: 'a#', through: 'a#~' })).toEqual(['a#1', 'a#2']);
    });

    pagesSuite(stores);
  });
}

function pagesSuite(stores: ReturnType<typeof useStores>): void {
  test.each([
    [1, false],
    [4, false],
    [4, true],
    [13, false],
    [100, true],
  ])('pages of %i (backwards: %s) lead through everything once', async (limit, descending) => {
    const store = stores().metadata;
    const pk = await filled(store);
    const first = await store.query({ pk, limit, descending });
    expect(first.items.length).toBeGreaterThan(0);
    expect(first.items.length).toBeLessThanOrEqual(limit);
    const expected = descending ? sortKeys.toReversed() : sortKeys;
    expect(keysOf(first)).toEqual(expected.slice(0, first.items.length));
    expect(await keysOfAll(store, { pk, limit, descending })).toEqual(expected);
  });

  test('a limit within a range leads through the range only', async () => {
    const store = stores().metadata;
    const pk = await filled(store);
    expect(await keysOfAll(store, { pk, from: 'a', through: 'b', limit: 2 })).toEqual(sortKeys.slice(2, 8));
  });

  test('leads through more items than one answer holds', async () => {
    const store = stores().metadata;
    const pk = freshPk();
    const bytes = distinctBytes(200_000);
    const expected = Array.from({ length: 12 }, (_, at) => `k${String(at).padStart(2, '0')}`);
    for (const sk of expected) await store.put({ pk, sk }, { bytes });
    const found: string[] = [];
    for await (const { key, item } of queryAll(store, { pk })) {
      found.push(key.sk);
      expect((item.bytes as Uint8Array).length).toBe(200_000);
    }
    expect(found).toEqual(expected);
    await Promise.all(expected.map((sk) => store.remove({ pk, sk })));
  }, 60_000);
}

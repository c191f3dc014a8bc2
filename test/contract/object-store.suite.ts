import { describe, expect, test } from 'vitest';
import { listAll, type ObjectStore } from '../../shared/storage/object-store.ts';
import { distinctBytes, type Engine, expectRefused, freshPk, useStores } from './engine.ts';

const freshPrefix = (): string => `log/${freshPk().slice('test#'.length)}/`;

async function keysOfAll(store: ObjectStore, prefix: string, startAfter?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listAll(store, prefix, startAfter)) keys.push(key);
  return keys;
}

/** What every `ObjectStore` must do. */
export function objectStoreSuite(engine: Engine): void {
  describe(`${engine.name}: object store`, () => {
    const stores = useStores(engine);
    bytesSuite(stores);
    deleteSuite(stores);
    listSuite(stores);
    keysSuite(stores);
  });
}

function bytesSuite(stores: ReturnType<typeof useStores>): void {
  const bytes = distinctBytes(1_000);
  test.each([
    ['the whole', 0, 1_000, bytes],
    ['a begin', 0, 1, bytes.subarray(0, 1)],
    ['a middle', 300, 400, bytes.subarray(300, 700)],
    ['an end', 999, 1, bytes.subarray(999)],
    ['as much as there is', 900, 5_000, bytes.subarray(900)],
    ['nothing at the end', 1_000, 10, new Uint8Array()],
    ['nothing beyond the end', 5_000, 10, new Uint8Array()],
  ])('a range answers %s', async (_, position, length, expected) => {
    const store = stores().objects;
    const key = `${freshPrefix()}a`;
    await store.put(key, bytes);
    expect(new Uint8Array((await store.getRange(key, position, length)) ?? [])).toEqual(expected);
  });

  test('an object that was never put is not there', async () => {
    expect(await stores().objects.getRange(`${freshPrefix()}a`, 0, 10)).toBeUndefined();
  });

  test('an empty object is there', async () => {
    const store = stores().objects;
    const prefix = freshPrefix();
    await store.put(`${prefix}a`, new Uint8Array());
    expect(await store.getRange(`${prefix}a`, 0, 10)).toHaveLength(0);
    expect((await store.list(prefix)).objects).toEqual([{ key: `${prefix}a`, sizeBytes: 0 }]);
  });

  test('an object of 20 MB comes back byte for byte', async () => {
    const store = stores().objects;
    const key = `${freshPrefix()}large`;
    const large = distinctBytes(20_000_003);
    await store.put(key, large);
    const answered = await store.getRange(key, 0, large.length);
    expect(answered !== undefined && Buffer.compare(answered, large) === 0).toBe(true);
    const middle = await store.getRange(key, 12_345_678, 100);
    expect(new Uint8Array(middle ?? [])).toEqual(large.slice(12_345_678, 12_345_778));
    await store.delete([key]);
  }, 60_000);

  test('a put sent again with the same bytes is no error', async () => {
    const store = stores().objects;
    const key = `${freshPrefix()}a`;
    await store.put(key, bytes);
    await Promise.all([store.put(key, bytes), store.put(key, bytes)]);
    expect(new Uint8Array((await store.getRange(key, 0, 2_000)) ?? [])).toEqual(bytes);
  });

  test('changing what was put or answered does not change the store', async () => {
    const store = stores().objects;
    const key = `${freshPrefix()}a`;
    const mine = Uint8Array.of(1, 2, 3);
    await store.put(key, mine);
    mine[0] = 99;
    const answered = (await store.getRange(key, 0, 3)) as Uint8Array;
    answered[1] = 99;
    expect(new Uint8Array((await store.getRange(key, 0, 3)) ?? [])).toEqual(Uint8Array.of(1, 2, 3));
  });
}

function deleteSuite(stores: ReturnType<typeof useStores>): void {
  test('a deleted object is gone from ranges and lists, and absent ones are no error', async () => {
    const store = stores().objects;
    const prefix = freshPrefix();
    await store.put(`${prefix}a`, Uint8Array.of(1));
    await store.put(`${prefix}b`, Uint8Array.of(2));
    await store.delete([`${prefix}a`, `${prefix}never`]);
    await store.delete([`${prefix}a`]);
    await store.delete([]);
    expect(await store.getRange(`${prefix}a`, 0, 1)).toBeUndefined();
    expect(await keysOfAll(store, prefix)).toEqual([`${prefix}b`]);
  });

  test('more than 1,000 objects are listed in order and deleted in one call', async () => {
    const store = stores().objects;
    const prefix = freshPrefix();
    const keys = Array.from({ length: 1_100 }, (_, at) => `${prefix}${String(at).padStart(5, '0')}.log`);
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Uint8Array.of(1))));
    }
    expect(await keysOfAll(store, prefix)).toEqual(keys);
    await store.delete(keys);
    expect(await keysOfAll(store, prefix)).toEqual([]);
  }, 120_000);
}

/**
 * In byte order, which is not that of a walk through folders: what follows a folder's name may sort before
 * what is in it.
 */
const names = ['a-b/x', 'a.log', 'a/b-c', 'a/b/1', 'a/b/10', 'a/b/2', 'a/c', 'a0', 'aB', 'b/c/d/e', 'z'];

async function filled(store: ObjectStore): Promise<string> {
  const prefix = freshPrefix();
  for (const name of names.toReversed()) await store.put(prefix + name, new TextEncoder().encode(name));
  return prefix;
}

function listSuite(stores: ReturnType<typeof useStores>): void {
  test.each([
    ['everything under a prefix', '', undefined, names],
    ['what a folder holds', 'a/', undefined, names.slice(2, 7)],
    ['what begins with a part of a name', 'a/b', undefined, names.slice(2, 6)],
    ['what begins with a part of a folder', 'b/c/d', undefined, ['b/c/d/e']],
    ['nothing under an unknown prefix', 'q', undefined, []],
    ['what comes behind a key', '', 'a/b/10', names.slice(5)],
    ['what comes behind a key that is not there', '', 'a/b/11', names.slice(5)],
    ['what comes behind a key before the prefix', 'a/', 'a-b/x', names.slice(2, 7)],
    ['nothing behind the last key', '', 'z', []],
  ])('a list finds %s', async (_, under, startAfter, expected) => {
    const store = stores().objects;
    const prefix = await filled(store);
    const after = startAfter === undefined ? undefined : prefix + startAfter;
    expect(await keysOfAll(store, prefix + under, after)).toEqual(expected.map((name) => prefix + name));
  });

  test.each([1, 3, 11, 50])('pages of %i lead through everything once, with sizes', async (limit) => {
    const store = stores().objects;
    const prefix = await filled(store);
    const found: { key: string; sizeBytes: number }[] = [];
    let startAfter: string | undefined;
    do {
      const page = await store.list(prefix, { limit, ...(startAfter === undefined ? {} : { startAfter }) });
      expect(page.objects.length).toBeLessThanOrEqual(limit);
      found.push(...page.objects);
      startAfter = page.next;
    } while (startAfter !== undefined);
    expect(found).toEqual(names.map((name) => ({ key: prefix + name, sizeBytes: name.length })));
  });
}

function keysSuite(stores: ReturnType<typeof useStores>): void {
  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    '../a',
    'a/../../b',
    './a',
    'a/..',
    '.hidden',
    'a\\b',
    'a\0b',
    'a b',
    'ü',
  ])('the key %j is refused', async (key) => {
    const store = stores().objects;
    await expectRefused(store.put(key, Uint8Array.of(1)), 'unavailable');
    await expectRefused(store.getRange(key, 0, 1), 'unavailable');
    await expectRefused(store.delete([key]), 'unavailable');
  });

  test.each([
    [-1, 1],
    [0, 0],
    [0, -1],
    [0.5, 1],
  ])('a range of %d and %d is refused', async (position, length) => {
    const store = stores().objects;
    await expectRefused(store.getRange(`${freshPrefix()}a`, position, length), 'unavailable');
  });
}

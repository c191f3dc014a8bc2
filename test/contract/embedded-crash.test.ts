import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { openEmbeddedStores } from '../../shared/storage/embedded/open-embedded-stores.ts';
import { set } from '../../shared/storage/metadata-store.ts';
import { listAll } from '../../shared/storage/object-store.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import { type Child, startChild } from '../support/child.ts';

let folder: string;
const children: Child[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-crash-'));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  await rm(folder, { recursive: true, force: true });
});

function start(what: string, args: readonly string[] = [], options: Parameters<typeof startChild>[2] = {}) {
  const child = startChild('test/support/embedded-child.ts', [what, folder, ...args], options);
  children.push(child);
  return child;
}

const openStores = () =>
  openEmbeddedStores({ folder, clock: systemClock, random: systemRandom, log: silentLog });

/** Everything that was acknowledged is there, and nothing is named that is not there. */
async function checkAcknowledged(stores: Stores, lines: readonly string[]): Promise<void> {
  const { metadata, objects } = stores;
  const tails = new Map<string, readonly bigint[]>();
  for (let caller = 0; caller < 8; caller++) {
    const head = await metadata.get({ pk: `head#${caller}`, sk: 'head' });
    const tail = (head?.tail ?? []) as readonly bigint[];
    tails.set(String(caller), tail);
    const payloads = await metadata.getMany(tail.map((at) => ({ pk: `payload#${caller}`, sk: `n#${at}` })));
    for (const [at, payload] of payloads.entries()) {
      const expected = Buffer.alloc(5_000, Number(tail[at]));
      expect(Buffer.compare(payload?.batch as Uint8Array, expected)).toBe(0);
    }
  }
  for (const line of lines) {
    const [kind, caller = '', at = ''] = line.split(' ');
    if (kind === 'item') {
      const item = await metadata.get({ pk: `item#${caller}`, sk: `n#${at}` });
      expect(item?.n, line).toBe(BigInt(at));
    }
    if (kind === 'head') expect(tails.get(caller)?.includes(BigInt(at)), line).toBe(true);
    if (kind === 'object') {
      const bytes = (await objects.getRange(`log/${caller}/${at}`, 0, 30_000)) ?? new Uint8Array();
      expect(Buffer.compare(bytes, Buffer.alloc(20_000, Number(at))), line).toBe(0);
    }
  }
  for await (const { sizeBytes } of listAll(objects, '')) expect(sizeBytes).toBe(20_000);
}

const acknowledgements = (lines: readonly string[]): number =>
  lines.filter((line) => /^(item|head|object) /.test(line)).length;

/** In the midst of items, of heads and of objects; at object 20 alone all callers are about objects. */
const killedAt: [kindAndCaller: string, at: number][] = [
  ['item 2', 24],
  ['head 5', 37],
  ['object 3', 50],
];

describe('a process killed while it writes', () => {
  test('loses nothing that it acknowledged, three times on one folder (I1, I2)', async () => {
    const acknowledged: string[] = [];
    for (const [round, [kindAndCaller, at]] of killedAt.entries()) {
      const first = round * 1_000_000;
      const child = start('write', [String(first)]);
      await child.line((line) => line === `${kindAndCaller} ${first + at}`);
      await child.kill();
      expect(acknowledgements(child.lines)).toBeGreaterThan(100);
      acknowledged.push(...child.lines);
      const stores = await openStores();
      await checkAcknowledged(stores, acknowledged);
      expect(await readdir(join(folder, 'arriving'))).toEqual([]);
      await stores.close();
    }
  }, 120_000);
});

/** LMDB has two pages that say which tree is the newest; a commit writes one of them last. */
const metaBytes = 2 * 8192;
const pathOfItems = () => join(folder, 'items', 'data.mdb');

async function putAndClose(n: bigint, padding: number): Promise<void> {
  const stores = await openStores();
  await stores.metadata.put({ pk: 'torn', sk: 'a' }, { n });
  await stores.metadata.put({ pk: 'torn', sk: `padding#${n}` }, { padding: new Uint8Array(padding) });
  await stores.close();
}

describe('a last write that is torn', () => {
  test('a commit whose pages are there but not its end never happened', async () => {
    await putAndClose(1n, 100_000);
    const before = await readFile(pathOfItems());
    const stores = await openStores();
    const opened = await readFile(pathOfItems());
    const after = { changes: [set(['n'], 2n), set(['large'], new Uint8Array(200_000))] };
    await stores.metadata.update({ pk: 'torn', sk: 'a' }, after);
    await stores.close();
    const file = await open(pathOfItems(), 'r+');
    await file.write(opened, 0, metaBytes, 0);
    await file.close();
    expect(Buffer.compare(before.subarray(0, metaBytes), opened.subarray(0, metaBytes))).toBe(0);
    const reopened = await openStores();
    expect(await reopened.metadata.get({ pk: 'torn', sk: 'a' })).toEqual({ n: 1n });
    await reopened.metadata.put({ pk: 'torn', sk: 'b' }, { n: 3n });
    expect(await reopened.metadata.get({ pk: 'torn', sk: 'b' })).toEqual({ n: 3n });
    await reopened.close();
  });

  test.each([
    ['cut off', async (path: string, size: number) => truncate(path, size)],
    [
      'garbage',
      async (path: string, size: number) => {
        const length = (await stat(path)).size - size;
        const file = await open(path, 'r+');
        await file.write(Buffer.alloc(length, 0xa5), 0, length, size);
        await file.close();
      },
    ],
  ])('pages of an unfinished commit at the end of the file may be %s', async (_, damage) => {
    await putAndClose(1n, 100_000);
    const size = (await stat(pathOfItems())).size;
    const metas = (await readFile(pathOfItems())).subarray(0, metaBytes);
    await cp(pathOfItems(), `${pathOfItems()}.whole`);
    const stores = await openStores();
    await stores.metadata.put({ pk: 'torn', sk: 'z' }, { large: new Uint8Array(1_000_000) });
    await stores.close();
    expect((await stat(pathOfItems())).size).toBeGreaterThan(size);
    const file = await open(pathOfItems(), 'r+');
    await file.write(metas, 0, metaBytes, 0);
    await file.close();
    await damage(pathOfItems(), size);
    const reopened = await openStores();
    expect(await reopened.metadata.get({ pk: 'torn', sk: 'a' })).toEqual({ n: 1n });
    expect(await reopened.metadata.get({ pk: 'torn', sk: 'z' })).toBeUndefined();
    await reopened.metadata.put({ pk: 'torn', sk: 'z' }, { large: new Uint8Array(2_000_000) });
    expect((await reopened.metadata.query({ pk: 'torn' })).items.length).toBeGreaterThan(1);
    await reopened.close();
  });

  test('half an object is no object, and is swept up on open', async () => {
    await (await openStores()).close();
    await mkdir(join(folder, 'arriving'), { recursive: true });
    await writeFile(join(folder, 'arriving', '123-0'), new Uint8Array(1_000));
    const stores = await openStores();
    expect((await stores.objects.list('')).objects).toEqual([]);
    expect(await readdir(join(folder, 'arriving'))).toEqual([]);
    await stores.close();
  });

  test.each([
    ['overwritten', async (path: string) => writeFile(path, Buffer.alloc(100_000, 0x5a)), 'file of LMDB'],
    ['cut within its first pages', async (path: string) => truncate(path, 9_000), 'cut off'],
    ['cut to a fraction', async (path: string) => truncate(path, 40_000), 'end is missing'],
  ])('a file of items that is %s is refused by name', async (_, damage, problem) => {
    await putAndClose(1n, 200_000);
    await damage(pathOfItems());
    await expect(openStores()).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(new RegExp(`${folder}.*damaged.*${problem}`)),
    });
  });
});

describe('a full disk', () => {
  test('refuses writes by name, goes on reading, and loses nothing', async () => {
    const child = start('fill', [], { limitFileBytes: 8_000_000 });
    const told = await child.line((line) => line.startsWith('{'));
    await child.ended();
    const result = JSON.parse(told);
    expect(result.acknowledged).toBeGreaterThan(20);
    for (const refusal of [...result.refused, result.object]) {
      expect(refusal).toMatch(/^unavailable .*(free some space|file sizes)/i);
      expect(refusal).toContain(folder);
    }
    expect(result).toMatchObject({ isReadable: true, listed: 0, last: String(result.acknowledged - 1) });
    expect(await readdir(join(folder, 'arriving'))).toEqual([]);
    const stores = await openStores();
    const keys = Array.from({ length: result.acknowledged }, (_, at) => ({ pk: 'fill', sk: String(at) }));
    expect((await stores.metadata.getMany(keys)).every((item) => item !== undefined)).toBe(true);
    await stores.metadata.put({ pk: 'fill', sk: 'more' }, { bytes: new Uint8Array(1_000_000) });
    await stores.close();
  }, 60_000);
});

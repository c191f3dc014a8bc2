import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { openEmbeddedStores } from '../../shared/storage/embedded/open-embedded-stores.ts';
import { type Child, startChild } from '../support/child.ts';

let root: string;
let folder: string;
const children: Child[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-folder-'));
  folder = join(root, 'data');
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  await chmod(root, 0o700);
  await rm(root, { recursive: true, force: true });
});

function start(what: string, options: Parameters<typeof startChild>[2] = {}): Child {
  const child = startChild('test/support/embedded-child.ts', [what, folder], options);
  children.push(child);
  return child;
}

const openStores = (path = folder) =>
  openEmbeddedStores({ folder: path, clock: systemClock, random: systemRandom, log: silentLog });

const refusal = (...parts: (string | RegExp)[]) => ({
  kind: 'unavailable',
  message: expect.stringMatching(new RegExp(parts.map(String).join('.*'))),
});

describe('a data folder has one owner', () => {
  test('a second process is refused with the folder and the owner, until the owner is killed', async () => {
    const child = start('hold');
    await child.line((line) => line === 'open');
    await expect(openStores()).rejects.toMatchObject(refusal(folder, `in use by process ${child.pid}`));
    await child.kill();
    await (await openStores()).close();
  }, 60_000);

  test('a second opening in the same process is refused, until the first is closed', async () => {
    const first = await openStores();
    await expect(openStores()).rejects.toMatchObject(refusal(`in use by process ${process.pid}`));
    await expect(openStores(join(root, '.', 'data'))).rejects.toMatchObject(refusal('in use'));
    await first.metadata.put({ pk: 'a', sk: 'b' }, {});
    await first.close();
    await (await openStores()).close();
  });

  test('of many that come at once exactly one gets it', async () => {
    const contenders = await Promise.allSettled(Array.from({ length: 6 }, () => openStores()));
    const owners = contenders.filter(({ status }) => status === 'fulfilled');
    expect(owners).toHaveLength(1);
    for (const contender of contenders) {
      if (contender.status === 'fulfilled') await contender.value.close();
      else expect(contender.reason).toMatchObject(refusal('in use'));
    }
  }, 60_000);

  test('a path longer than sockets allow is no obstacle', async () => {
    folder = join(root, 'x'.repeat(100), 'y'.repeat(100));
    const first = await openStores();
    await expect(openStores()).rejects.toMatchObject(refusal('in use'));
    await first.close();
  });
});

describe('a data folder that cannot be used is refused, and not touched', () => {
  test('one of a newer format', async () => {
    await (await openStores()).close();
    await writeFile(join(folder, 'format'), 'millrace data folder, format 2\n');
    await expect(openStores()).rejects.toMatchObject(refusal(folder, 'format 2', 'knows format 1'));
    expect(await readFile(join(folder, 'format'), 'utf8')).toContain('format 2');
  });

  test('one with a damaged format file', async () => {
    await (await openStores()).close();
    await writeFile(join(folder, 'format'), 'mill');
    await expect(openStores()).rejects.toMatchObject(refusal('format', 'damaged'));
  });

  test('one that holds other things', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'holiday.jpg'), 'x');
    await expect(openStores()).rejects.toMatchObject(refusal(folder, 'holiday.jpg'));
    await expect(stat(join(folder, 'items'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a file', async () => {
    await writeFile(folder, 'x');
    await expect(openStores()).rejects.toMatchObject(refusal(folder));
    await expect(openStores(join(folder, 'deeper'))).rejects.toMatchObject(refusal(folder));
    expect(await readFile(folder, 'utf8')).toBe('x');
  });

  test('one without rights', async () => {
    await mkdir(folder, { mode: 0o500 });
    await chmod(root, 0o755);
    // Rights do not bind root: then the process goes on as nobody.
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const child = start('hold', nobody);
    const line = await child.line((line) => line.startsWith('failed'));
    expect(line).toMatch(/^failed unavailable the data folder .*(EACCES|permission denied).*right to read/i);
    expect(line).toContain(folder);
  }, 60_000);
});

describe('a data folder that is reopened', () => {
  test('holds what was closed', async () => {
    const first = await openStores();
    await first.metadata.put({ pk: 'a', sk: 'b' }, { n: 1n });
    await first.objects.put('log/a/b', Uint8Array.of(1, 2, 3));
    await first.close();
    await expect(first.metadata.put({ pk: 'a', sk: 'b' }, {})).rejects.toMatchObject({ kind: 'unavailable' });
    const second = await openStores();
    expect(await second.metadata.get({ pk: 'a', sk: 'b' })).toEqual({ n: 1n });
    expect(new Uint8Array((await second.objects.getRange('log/a/b', 0, 9)) ?? [])).toEqual(
      Uint8Array.of(1, 2, 3),
    );
    await second.close();
  });
});

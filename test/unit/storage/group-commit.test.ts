import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { type CommitTarget, GroupCommit } from '../../../shared/storage/embedded/group-commit.ts';
import { decodeItem, encodeItem } from '../../../shared/storage/embedded/item-codec.ts';
import type { Write } from '../../../shared/storage/embedded/item-database.ts';
import { StoreError } from '../../../shared/storage/store-error.ts';

/** A disk whose commits wait until the test lets them go on or fail. */
function slowDisk() {
  const stored = new Map<string, Uint8Array>();
  const commits: { writes: readonly Write[]; succeed(): void; fail(error: StoreError): void }[] = [];
  const nameOf = (key: Uint8Array): string => Buffer.from(key).toString();
  const disk: CommitTarget = {
    ready: async () => {},
    read: (key) => stored.get(nameOf(key)),
    commit: (writes) =>
      new Promise<void>((resolve, reject) => {
        const succeed = (): void => {
          for (const { key, bytes } of writes) {
            if (bytes === undefined) stored.delete(nameOf(key));
            else stored.set(nameOf(key), bytes);
          }
          resolve();
        };
        commits.push({ writes, succeed, fail: reject });
      }),
  };
  const nextCommit = async (number: number) => {
    await expect.poll(() => commits.length).toBe(number);
    return commits[number - 1] as (typeof commits)[number];
  };
  return { disk, stored, commits, nextCommit };
}

function open() {
  const clock = new ManualClock();
  const { disk, ...rest } = slowDisk();
  const group = new GroupCommit(disk, clock);
  /** Adds one to the number under the key; answers it. */
  const addOne = (key: string) =>
    group.run((state) => {
      const n = ((state.read(key)?.item.n ?? 0n) as bigint) + 1n;
      state.write(key, { n }, 20);
      return n;
    });
  return { clock, group, addOne, ...rest };
}

const full = new StoreError('unavailable', 'the disk is full');

describe('group commit', () => {
  test('many updates of one item at once are one write, and each saw the one before', async () => {
    const { addOne, nextCommit, stored } = open();
    const answers = Promise.all(Array.from({ length: 100 }, () => addOne('a')));
    const commit = await nextCommit(1);
    expect(commit.writes).toHaveLength(1);
    commit.succeed();
    expect(await answers).toEqual(Array.from({ length: 100 }, (_, at) => BigInt(at + 1)));
    expect(decodeItem(stored.get('a') as Uint8Array)).toEqual({ n: 100n });
  });

  test('nobody is answered before the disk has followed, refused ones included', async () => {
    const { addOne, group, nextCommit } = open();
    const answered: string[] = [];
    void addOne('a').then(() => answered.push('added'));
    const commit = await nextCommit(1);
    const refused = group
      .run((state) => {
        if (state.read('a')?.item.n === 1n) throw new StoreError('conditionFailed', 'it is 1');
      })
      .catch(({ kind }) => answered.push(kind));
    await new Promise(setImmediate);
    expect(answered).toEqual([]);
    commit.succeed();
    await refused;
    expect(answered).toEqual(['added', 'conditionFailed']);
  });

  test('while one group is written the next gathers, and sees what is not on the disk yet', async () => {
    const { addOne, nextCommit } = open();
    const first = addOne('a');
    const one = await nextCommit(1);
    const later = Promise.all([addOne('a'), addOne('b'), addOne('a')]);
    one.succeed();
    expect(await first).toBe(1n);
    const two = await nextCommit(2);
    expect(two.writes).toHaveLength(2);
    two.succeed();
    expect(await later).toEqual([2n, 1n, 3n]);
  });

  test('when a commit fails, what was decided on top of it fails too, and what comes then starts afresh', async () => {
    const { addOne, clock, commits, nextCommit, stored } = open();
    stored.set('a', encodeItem({ n: 5n }));
    const first = addOne('a');
    const one = await nextCommit(1);
    const behind = addOne('a');
    const other = addOne('b');
    const settled = Promise.allSettled([first, behind, other]);
    await new Promise(setImmediate);
    one.fail(full);
    for (const result of await settled) expect(result).toMatchObject({ reason: { kind: 'unavailable' } });
    const afresh = addOne('a');
    await new Promise(setImmediate);
    expect(commits).toHaveLength(1);
    clock.advance(2_000);
    (await nextCommit(2)).succeed();
    expect(await afresh).toBe(6n);
    expect(stored.has('b')).toBe(false);
  });

  test('an outcome that is not known is told to its own group; those behind surely failed', async () => {
    const { addOne, nextCommit } = open();
    const first = addOne('a');
    const one = await nextCommit(1);
    const behind = addOne('a');
    const settled = Promise.allSettled([first, behind]);
    await new Promise(setImmediate);
    one.fail(new StoreError('unknown', 'lost'));
    expect(await settled).toMatchObject([
      { reason: { kind: 'unknown' } },
      { reason: { kind: 'unavailable' } },
    ]);
  });

  test('a group that only read is answered without a write', async () => {
    const { group, commits } = open();
    expect(await group.run((state) => state.read('a'))).toBeUndefined();
    expect(commits).toHaveLength(0);
  });

  test('close waits for what is under way and refuses what comes later', async () => {
    const { addOne, group, nextCommit } = open();
    const first = addOne('a');
    const one = await nextCommit(1);
    let isClosed = false;
    const closing = group.close().then(() => {
      isClosed = true;
    });
    await expect(addOne('a')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(isClosed).toBe(false);
    one.succeed();
    await closing;
    expect(await first).toBe(1n);
  });
});

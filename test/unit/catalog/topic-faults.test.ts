import { describe, expect, test } from 'vitest';
import { jobsKey } from '../../../shared/storage/items/jobs.ts';
import { partitionHeadKey } from '../../../shared/storage/items/partition-head.ts';
import { set } from '../../../shared/storage/metadata-store.ts';
import { isStoreError } from '../../../shared/storage/store-error.ts';
import { type Fate, faultyStores } from '../../support/faulty-stores.ts';
import {
  type Ending,
  fateName,
  fates,
  type Ground,
  isInDeletedTopics,
  newGround,
  openTopics,
  partitionsThere,
  runWithFault,
  storedTopic,
} from './catalog-bench.ts';

/** Fails every call of the operation once, each on fresh ground, until the operation has no further call. */
async function forEveryCall<T>(
  fate: Fate,
  prepare: (ground: Ground) => Promise<void>,
  operation: (topics: ReturnType<typeof openTopics>) => Promise<T>,
  check: (ground: Ground, ending: Ending<T>, releaseHeld: () => Promise<void>) => Promise<void>,
): Promise<number> {
  for (let number = 1; ; number++) {
    const ground = newGround();
    await prepare(ground);
    const { ending, stores, wasMet } = await runWithFault(ground, number, fate, (faulty) =>
      operation(openTopics({ ...ground, stores: faulty })),
    );
    if (!wasMet) {
      expect(ending.is).toBe('done');
      return number - 1;
    }
    const call = stores.history[number - 1];
    if (isHealed(fate, call?.isWrite ?? false)) expect(ending).toMatchObject({ is: 'done' });
    await check(ground, ending, () => stores.releaseHeld());
  }
}

/**
 * A single fault of this kind is none of the caller's business: what surely failed, or may be looked up, is
 * repeated.
 */
const isHealed = (fate: Fate, isWrite: boolean): boolean => {
  if (fate === 'throttled' || fate === 'conflict') return true;
  return isWrite && (fate === 'lost' || fate === 'never' || typeof fate === 'object');
};

/** The topic is not there, or whole: every partition that it names has its two items. */
async function checkNoneOrWhole(ground: Ground, name: string): Promise<number> {
  const topic = await storedTopic(ground, name);
  if (topic === undefined) return 0;
  const { heads, jobs } = await partitionsThere(ground, topic.topicId, topic.partitions);
  expect({ heads, jobs }).toEqual({ heads: topic.partitions, jobs: topic.partitions });
  return topic.partitions;
}

const surelyNothing = (ending: Ending<unknown>): boolean =>
  ending.is === 'failed' && isStoreError(ending.error, 'throttled', 'conflict', 'unavailable');

const eachFate = fates.map((fate) => [fateName(fate), fate] as const);

describe.each([
  [3, 2],
  [120, 5],
])('creating a topic of %i partitions', (partitions, callsLeast) => {
  test.each(eachFate)('leaves nothing or all when a call is %s, and works again', async (_, fate) => {
    const calls = await forEveryCall(
      fate,
      async () => {},
      (topics) => topics.create({ name: 'orders', partitions }),
      async (ground, ending, releaseHeld) => {
        const before = await checkNoneOrWhole(ground, 'orders');
        if (ending.is === 'done')
          expect((await storedTopic(ground, 'orders'))?.topicId).toBe(ending.value.topicId);
        if (surelyNothing(ending)) expect(before).toBe(0);
        await releaseHeld();
        const late = await checkNoneOrWhole(ground, 'orders');
        const again = openTopics(ground).create({ name: 'orders', partitions });
        if (late === 0) await again;
        else await expect(again).rejects.toMatchObject({ errorName: 'TOPIC_ALREADY_EXISTS' });
        expect(await checkNoneOrWhole(ground, 'orders')).toBe(partitions);
      },
    );
    expect(calls).toBeGreaterThanOrEqual(callsLeast);
  });
});

describe.each([
  [2, 5],
  [2, 110],
])('adding partitions, %i to %i', (from, to) => {
  const prepare = async (ground: Ground): Promise<void> => {
    await openTopics(ground).create({ name: 'orders', partitions: from });
  };

  test.each(eachFate)('changes nothing or all when a call is %s, and works again', async (_, fate) => {
    await forEveryCall(
      fate,
      prepare,
      (topics) => topics.addPartitions('orders', to),
      async (ground, ending, releaseHeld) => {
        const now = await checkNoneOrWhole(ground, 'orders');
        expect([from, to]).toContain(now);
        if (ending.is === 'done') expect(now).toBe(to);
        if (surelyNothing(ending)) expect(now).toBe(from);
        await releaseHeld();
        const late = await checkNoneOrWhole(ground, 'orders');
        const again = openTopics(ground).addPartitions('orders', to);
        if (late === to) await expect(again).rejects.toMatchObject({ errorName: 'INVALID_PARTITIONS' });
        else await again;
        expect(await checkNoneOrWhole(ground, 'orders')).toBe(to);
      },
    );
  });
});

describe('deleting a topic', () => {
  const partitions = 3;
  const prepare = async (ground: Ground): Promise<void> => {
    await openTopics(ground).create({ name: 'orders', partitions });
  };

  /** The topic as it was, or no trace of it but the note for the job that removes its data. */
  async function checkIsGone(ground: Ground, topicId: string): Promise<void> {
    expect(await storedTopic(ground, 'orders')).toBeUndefined();
    expect(await partitionsThere(ground, topicId, partitions)).toEqual({ heads: 0, jobs: partitions });
    expect(await isInDeletedTopics(ground, topicId)).toBe(true);
  }

  test.each(eachFate)('is finished by the same call after a call was %s', async (_, fate) => {
    let topicId = '';
    await forEveryCall(
      fate,
      async (ground) => {
        await prepare(ground);
        topicId = (await storedTopic(ground, 'orders'))?.topicId ?? '';
      },
      (topics) => topics.delete('orders'),
      async (ground, ending, releaseHeld) => {
        if (ending.is === 'done') await checkIsGone(ground, topicId);
        await releaseHeld();
        const left = await storedTopic(ground, 'orders');
        const isFound = (await openTopics(ground).find('orders')) !== undefined;
        expect(isFound).toBe(left?.state === 'live');
        if (isFound) await checkNoneOrWhole(ground, 'orders');
        const again = openTopics(ground).delete('orders');
        if (left === undefined) {
          await expect(again).rejects.toMatchObject({ errorName: 'UNKNOWN_TOPIC_OR_PARTITION' });
        } else await again;
        await checkIsGone(ground, topicId);
      },
    );
  });

  test.each(eachFate)('is finished by the job after a call was %s', async (_, fate) => {
    let topicId = '';
    await forEveryCall(
      fate,
      async (ground) => {
        await prepare(ground);
        topicId = (await storedTopic(ground, 'orders'))?.topicId ?? '';
      },
      (topics) => topics.delete('orders'),
      async (ground, _ending, releaseHeld) => {
        await releaseHeld();
        const left = await storedTopic(ground, 'orders');
        const { finished, failed } = await openTopics(ground).finishDeletions();
        expect(failed).toEqual([]);
        expect(finished).toEqual(left?.state === 'deleting' ? ['orders'] : []);
        if (left?.state === 'live') expect(await checkNoneOrWhole(ground, 'orders')).toBe(partitions);
        else await checkIsGone(ground, topicId);
      },
    );
  });

  test('the name stays taken until all heads are gone', async () => {
    const ground = newGround();
    await prepare(ground);
    // Read, mark, and then the heads: the third call is the first that concerns one.
    await runWithFault(ground, 3, 'dies before', (stores) =>
      openTopics({ ...ground, stores }).delete('orders'),
    );
    expect((await storedTopic(ground, 'orders'))?.state).toBe('deleting');
    const topics = openTopics(ground);
    await expect(topics.create({ name: 'orders' })).rejects.toMatchObject({
      errorName: 'TOPIC_ALREADY_EXISTS',
    });
    await expect(topics.addPartitions('orders', 9)).rejects.toMatchObject({
      errorName: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    expect(await topics.list()).toEqual([]);
    await topics.finishDeletions();
    await topics.create({ name: 'orders' });
  });
});

describe('a call that takes effect long after its caller gave up on it', () => {
  test('a late create never brings a deleted topic back: it makes one of its own, and whole', async () => {
    const ground = newGround();
    const { ending, stores } = await runWithFault(ground, 2, { late: 'held' }, (faulty) =>
      openTopics({ ...ground, stores: faulty }).create({ name: 'orders', partitions: 3 }),
    );
    expect(ending.is).toBe('done');
    const first = (await storedTopic(ground, 'orders'))?.topicId ?? '';
    await openTopics(ground).delete('orders');
    await stores.releaseHeld();
    expect(await partitionsThere(ground, first, 3)).toMatchObject({ heads: 0 });
    expect((await storedTopic(ground, 'orders'))?.topicId).not.toBe(first);
    expect(await checkNoneOrWhole(ground, 'orders')).toBe(3);
  });

  test('late partitions leave no head behind when the topic is gone', async () => {
    const ground = newGround();
    await openTopics(ground).create({ name: 'orders', partitions: 1 });
    const topicId = (await storedTopic(ground, 'orders'))?.topicId ?? '';
    const { stores } = await runWithFault(ground, 3, { late: 'held' }, (faulty) =>
      openTopics({ ...ground, stores: faulty }).addPartitions('orders', 3),
    );
    expect(stores.history[2]?.operation).toBe('transact');
    await openTopics(ground).delete('orders');
    // By then the job has removed the data, jobs items included.
    for (const partition of [0, 1, 2]) await ground.stores.metadata.remove(jobsKey({ topicId, partition }));
    await stores.releaseHeld();
    expect(await partitionsThere(ground, topicId, 3)).toMatchObject({ heads: 0 });
  });

  test('late partitions do not make a head anew that is in use', async () => {
    const ground = newGround();
    await openTopics(ground).create({ name: 'orders', partitions: 1 });
    const topicId = (await storedTopic(ground, 'orders'))?.topicId ?? '';
    const { stores } = await runWithFault(ground, 3, { late: 'held' }, (faulty) =>
      openTopics({ ...ground, stores: faulty }).addPartitions('orders', 3),
    );
    const head = partitionHeadKey({ topicId, partition: 2 });
    await ground.stores.metadata.update(head, { changes: [set(['next'], 5n)] });
    await stores.releaseHeld();
    expect((await ground.stores.metadata.get(head))?.next).toBe(5n);
  });

  test('a late mark of deletion does not touch the topic that has the name by then', async () => {
    const ground = newGround();
    await openTopics(ground).create({ name: 'orders' });
    const { stores } = await runWithFault(ground, 2, { late: 'held' }, (faulty) =>
      openTopics({ ...ground, stores: faulty }).delete('orders'),
    );
    await openTopics(ground).create({ name: 'orders' });
    await stores.releaseHeld();
    expect((await storedTopic(ground, 'orders'))?.state).toBe('live');
  });
});

test('once an answer was lost, the caller hears so, whatever fails after it', async () => {
  const ground = newGround();
  const stores = faultyStores(
    ground.stores,
    ({ number }) => (number < 2 ? 'ok' : number === 2 ? 'never' : 'unavailable'),
    ground.clock,
  );
  await expect(openTopics({ ...ground, stores }).create({ name: 'orders' })).rejects.toMatchObject({
    name: 'StoreError',
    kind: 'unknown',
  });
});

test('a store that stays throttled is told as such in the end', async () => {
  const ground = newGround();
  const stores = faultyStores(ground.stores, ({ isWrite }) => (isWrite ? 'throttled' : 'ok'), ground.clock);
  await expect(openTopics({ ...ground, stores }).create({ name: 'orders' })).rejects.toMatchObject({
    name: 'StoreError',
    kind: 'throttled',
  });
  expect(await storedTopic(ground, 'orders')).toBeUndefined();
});

test('the job finishes what it can: one topic that fails does not keep it from the others', async () => {
  const ground = newGround();
  for (const name of ['a', 'b']) {
    await openTopics(ground).create({ name });
    await runWithFault(ground, 3, 'dies before', (stores) => openTopics({ ...ground, stores }).delete(name));
  }
  const stuck = `p#${(await storedTopic(ground, 'a'))?.topicId}#0`;
  const stores = faultyStores(
    ground.stores,
    ({ target }) => (target.startsWith(stuck) ? 'unavailable' : 'ok'),
    ground.clock,
  );
  const topics = openTopics({ ...ground, stores });
  expect(await topics.finishDeletions()).toEqual({ finished: ['b'], failed: ['a'] });
  expect(await openTopics(ground).finishDeletions()).toEqual({ finished: ['a'], failed: [] });
});

import { describe, expect, test } from 'vitest';
import { isStoreError } from '../../../shared/storage/store-error.ts';
import type { Fate } from '../../support/faulty-stores.ts';
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
    await check(ground, ending, () => stores.releaseHeld());
  }
}

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
    await stores.releaseHeld();
    expect(await partitionsThere(ground, topicId, 3)).toMatchObject({ heads: 0 });
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

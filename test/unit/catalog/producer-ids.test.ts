import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../shared/base/random.ts';
import { ProducerIds } from '../../../shared/catalog/producer-ids.ts';
import { asUnkindAsDynamoDb } from '../../../shared/storage/memory/unkindness.ts';
import { countingStores } from '../../support/counting-stores.ts';
import { fateName, fates, type Ground, newGround, runWithFault } from './catalog-bench.ts';

const openIds = ({ clock, stores }: Ground): ProducerIds =>
  new ProducerIds({ stores, clock, random: seededRandom(1) });

describe('producer ids', () => {
  test('a process counts through its block and takes another when it is used up', async () => {
    const ground = newGround();
    const ids = openIds(ground);
    const given: bigint[] = [];
    for (let count = 0; count < 1001; count++) given.push(await ids.next());
    expect(given.slice(0, 2)).toEqual([0n, 1n]);
    expect(given.at(-1)).toBe(1000n);
    expect(await openIds(ground).next()).toBe(2000n);
  });

  test('a block costs one update, whoever many ask', async () => {
    const ground = newGround();
    await openIds(ground).next();
    const stores = countingStores(ground.stores);
    const ids = openIds({ ...ground, stores });
    await Promise.all(Array.from({ length: 1000 }, () => ids.next()));
    expect(stores.counts.calls).toEqual({ update: 1 });
  });

  test('no id is given twice by processes that begin at once', async () => {
    const ground = newGround(asUnkindAsDynamoDb);
    const processes = Array.from({ length: 6 }, () => openIds(ground));
    const given = await Promise.all(
      processes.flatMap((ids) => Array.from({ length: 1500 }, () => ids.next())),
    );
    expect(new Set(given).size).toBe(9000);
  });

  test.each(fates.map((fate) => [fateName(fate), fate] as const))(
    'no id is given twice after a call was %s',
    async (_, fate) => {
      for (const number of [1, 2]) {
        const ground = newGround();
        const { ending, stores } = await runWithFault(ground, number, fate, async (faulty) => {
          const ids = openIds({ ...ground, stores: faulty });
          return { ids, first: await ids.next() };
        });
        const given: bigint[] = ending.is === 'done' ? [ending.value.first] : [];
        const other = openIds(ground);
        for (let count = 0; count < 1500; count++) given.push(await other.next());
        await stores.releaseHeld();
        for (let count = 0; count < 1500; count++) given.push(await other.next());
        const third = openIds(ground);
        for (let count = 0; count < 10; count++) given.push(await third.next());
        for (let count = 0; ending.is === 'done' && count < 10; count++) {
          given.push(await ending.value.ids.next());
        }
        expect(new Set(given).size).toBe(given.length);
      }
    },
  );
});

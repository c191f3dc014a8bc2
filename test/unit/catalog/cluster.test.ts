import { describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '../../../shared/base/random.ts';
import { ClusterInfo } from '../../../shared/catalog/cluster.ts';
import { randomId } from '../../../shared/catalog/topic-id.ts';
import { fateName, fates, type Ground, newGround, runWithFault } from './catalog-bench.ts';

let seed = 0;
const openCluster = ({ clock, stores }: Ground): ClusterInfo =>
  new ClusterInfo({ stores, clock, random: seededRandom(++seed) });

describe('the cluster id', () => {
  test('has the form of Kafka and stays the same for every process', async () => {
    const ground = newGround();
    const id = await openCluster(ground).clusterId();
    expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
    expect(Buffer.from(id, 'base64url')).toHaveLength(16);
    expect(await openCluster(ground).clusterId()).toBe(id);
  });

  test('is one, also when several ask first', async () => {
    const ground = newGround();
    const ids = await Promise.all(Array.from({ length: 5 }, () => openCluster(ground).clusterId()));
    expect(new Set(ids).size).toBe(1);
  });

  test.each(fates.map((fate) => [fateName(fate), fate] as const))(
    'is the same after a call was %s',
    async (_, fate) => {
      for (const number of [1, 2]) {
        const ground = newGround();
        const { ending, stores } = await runWithFault(ground, number, fate, (faulty) =>
          openCluster({ ...ground, stores: faulty }).clusterId(),
        );
        await stores.releaseHeld();
        const id = await openCluster(ground).clusterId();
        if (ending.is === 'done') expect(id).toBe(ending.value);
      }
    },
  );

  test('no id begins with a dash, which command lines take for an option', () => {
    const dashes: Random = { next: () => 0, bytes: (count) => new Uint8Array(count).fill(0xfb) };
    expect(Buffer.from(randomId(dashes)).toString('base64url')).toMatch(/^[^-]/);
  });
});

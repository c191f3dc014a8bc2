import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { v2Json } from '../../support/rest-client.ts';
import { openRestDoor, type RestDoor, testClusterId } from '../../support/rest-door.ts';

/** Two processes on one store: the first remembers topics for long, the second changes them. */
async function twoDoors(): Promise<{ first: RestDoor; second: RestDoor }> {
  const stores = openMemoryStores({ clock: systemClock, random: seededRandom(3) });
  const [first, second] = await Promise.all([
    openRestDoor({ stores, topicCacheMs: 600_000, random: seededRandom(1) }),
    openRestDoor({ stores, topicCacheMs: 0, random: seededRandom(2) }),
  ]);
  await second.deps.topics.create({ name: 'orders', partitions: 1 });
  expect((await produce(first, [{ value: 'old' }])).status).toBe(200);
  return { first, second };
}

const produce = (door: RestDoor, records: unknown[], headers: Record<string, string> = {}, path = '') =>
  door.request(`/topics/orders${path}`, {
    method: 'POST',
    headers: { 'content-type': v2Json, ...headers },
    body: JSON.stringify({ records }),
  });

const remake = async ({ deps: { topics } }: RestDoor): Promise<void> => {
  await topics.delete('orders');
  await topics.create({ name: 'orders', partitions: 2 });
};

describe('a topic that another process has changed', () => {
  test('takes records and is read though it was deleted and made again', async () => {
    const { first, second } = await twoDoors();
    await remake(second);
    const produced = await produce(first, [
      { partition: 0, value: 'new' },
      { partition: 1, value: 'new' },
    ]);
    expect(
      ((await produced.json()) as { offsets: { offset: number }[] }).offsets.map(({ offset }) => offset),
    ).toEqual([0, 0]);
    await remake(second);
    const path = '/topics/orders/partitions/0';
    expect(await (await first.request(`${path}/offsets`)).json()).toEqual({
      beginning_offset: 0,
      end_offset: 0,
    });
    await remake(second);
    expect(await (await first.request(`${path}/records?offset=earliest&timeout=0`)).json()).toEqual([]);
    await remake(second);
    const header = { 'millrace-producer': '1;epoch=0;sequence=0' };
    expect((await produce(first, [{ partition: 0, value: 1 }], header)).status).toBe(200);
  });

  test('is unknown when it was deleted', async () => {
    const { first, second } = await twoDoors();
    await second.deps.topics.delete('orders');
    const response = await produce(first, [{ value: 1 }]);
    expect(await response.json()).toMatchObject({ error_code: 40401 });
    expect((await first.request('/topics/orders/partitions/0/offsets')).status).toBe(404);
  });

  test('is unknown to each record of a stream when it was deleted', async () => {
    const { first, second } = await twoDoors();
    await second.deps.topics.delete('orders');
    const response = await first.request(`/v3/clusters/${testClusterId}/topics/orders/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await response.json()).toMatchObject({ error_code: 40403 });
  });

  test('has the partitions that were added', async () => {
    for (const path of ['', '/partitions/2']) {
      const { first, second } = await twoDoors();
      await second.deps.topics.addPartitions('orders', 3);
      const response = await produce(first, [{ partition: 2, value: 1 }], {}, path);
      expect(await response.json()).toMatchObject({ offsets: [{ partition: 2, offset: 0 }] });
    }
    const { first, second } = await twoDoors();
    await second.deps.topics.addPartitions('orders', 3);
    expect((await first.request('/topics/orders/partitions/2')).status).toBe(200);
  });
});

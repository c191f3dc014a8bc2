import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { canShow } from './capabilities.ts';
import { type Deployment, deployStack } from './deployment.ts';
import type { SigningProxy } from './signing-proxy.ts';

const emulator = inject('emulator');
type Produced = { offsets: { offset: number }[] };
type Clusters = { data: { cluster_id: string }[] };

const v2Json = 'application/vnd.kafka.json.v2+json';

describe.runIf(canShow(emulator.name, 'a function URL'))(
  'function URLs, and data that outlives its stack',
  () => {
    const stack = 'UrlLog';
    let deployment: Deployment;
    let doors: Record<'rest' | 'produce' | 'fetch', SigningProxy>;

    const openDoors = async () => ({
      rest: await deployment.openDoor({ output: 'Url' }),
      produce: await deployment.openDoor({ output: 'ProduceUrl' }),
      fetch: await deployment.openDoor({ output: 'FetchUrl' }),
    });
    const closeDoors = () => Promise.all(Object.values(doors ?? {}).map((door) => door.close()));
    const send = (
      door: SigningProxy,
      method: string,
      path: string,
      body?: unknown,
      type = 'application/json',
    ) =>
      fetch(`${door.url}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } }),
      });
    const produce = async (value: unknown) => {
      const body = { records: [{ value }] };
      const answer = await send(doors.produce, 'POST', '/topics/orders', body, v2Json);
      expect(answer.status).toBe(200);
      return ((await answer.json()) as Produced).offsets[0]?.offset;
    };
    const read = async () => {
      const path = '/topics/orders/partitions/0/records?offset=earliest&timeout=0';
      const answer = await fetch(`${doors.fetch.url}${path}`, { headers: { accept: v2Json } });
      expect(answer.status).toBe(200);
      return ((await answer.json()) as { value: unknown }[]).map(({ value }) => value);
    };
    const topicsPath = async () => {
      const { data } = (await (await send(doors.rest, 'GET', '/v3/clusters')).json()) as Clusters;
      return `/v3/clusters/${data[0]?.cluster_id}/topics`;
    };

    beforeAll(async () => {
      deployment = await deployStack(emulator, stack, { api: 'functionUrl' });
      doors = await openDoors();
      const made = await send(doors.rest, 'POST', await topicsPath(), { topic_name: 'orders' });
      expect(made.status).toBe(201);
    });
    afterAll(closeDoors);

    test('each door does its part, and nobody gets in unsigned', async () => {
      expect(await produce({ n: 1 })).toBe(0);
      expect(await read()).toEqual([{ n: 1 }]);
      for (const output of ['Url', 'ProduceUrl', 'FetchUrl']) {
        const open = await deployment.openDoor({ output, isUnsigned: true });
        expect((await fetch(`${open.url}/topics`)).status).toBe(403);
        await open.close();
      }
    });

    test('whatever they are asked, the produce door cannot delete and the fetch door cannot store', async () => {
      const path = await topicsPath();
      expect((await send(doors.rest, 'POST', path, { topic_name: 'victim' })).status).toBe(201);
      const remove = await send(doors.produce, 'DELETE', `${path}/victim`);
      expect(remove.status).toBeGreaterThanOrEqual(500);
      const store = await send(doors.fetch, 'POST', '/topics/orders', { records: [{ value: 9 }] }, v2Json);
      expect(JSON.stringify(await store.json())).not.toContain('"offset":1');
      expect(await read()).toEqual([{ n: 1 }]);
      // Where rights end with families of keys, the produce door cannot even touch the catalog.
      if (!canShow(emulator.name, 'rights by key')) return;
      const make = await send(doors.produce, 'POST', path, { topic_name: 'forbidden' });
      expect(make.status).toBeGreaterThanOrEqual(500);
      expect(await (await send(doors.rest, 'GET', '/topics')).json()).toEqual(['orders', 'victim']);
    });

    test('a destroyed stack keeps its data, and a new one takes it over by the names that were printed', async () => {
      const { tableName, bucketName } = deployment;
      await closeDoors();
      await deployment.destroy();
      expect(await deployment.hasData()).toBe(true);
      const context = { api: 'functionUrl', existingTable: tableName, existingBucket: bucketName };
      deployment = await deployStack(emulator, stack, context);
      expect([deployment.tableName, deployment.bucketName]).toEqual([tableName, bucketName]);
      doors = await openDoors();
      expect(await read()).toEqual([{ n: 1 }]);
      expect(await produce({ n: 2 })).toBe(1);
      expect(await read()).toEqual([{ n: 1 }, { n: 2 }]);
      await deployment.pumpHourly();
      await deployment.destroy();
      expect(await deployment.hasData()).toBe(true);
    }, 300_000);
  },
);

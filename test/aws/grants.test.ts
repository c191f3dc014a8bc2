import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { assumeRole } from './assume-role.ts';
import { canShow } from './capabilities.ts';
import { type Deployment, deployStack } from './deployment.ts';
import type { SigningProxy } from './signing-proxy.ts';

const emulator = inject('emulator');
const app = 'node --import tsx test/aws/shop-app.ts';
const v2Json = 'application/vnd.kafka.json.v2+json';

const forms = (['http', 'rest'] as const).filter(
  (api) => api === 'rest' || canShow(emulator.name, 'an HTTP API'),
);

describe.runIf(canShow(emulator.name, 'IAM on routes')).each(forms)(
  'grants in somebody else’s app, api %s',
  (api) => {
    let deployment: Deployment;
    const doors: Record<string, SigningProxy> = {};
    const call = async (
      who: string,
      method: string,
      path: string,
      body?: unknown,
      type = 'application/json',
    ) => {
      const init =
        body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } };
      const answer = await fetch(`${doors[who]?.url}${path}`, { method, ...init });
      const text = await answer.text();
      return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
    };
    const records = { records: [{ value: 1 }] };

    beforeAll(async () => {
      deployment = await deployStack(emulator, `Shop${api}`, { api }, app);
      const { ProducerRole = '', ConsumerRole = '' } = deployment.outputs;
      doors.owner = await deployment.openDoor();
      doors.producer = await deployment.openDoor({ credentials: await assumeRole(emulator, ProducerRole) });
      doors.consumer = await deployment.openDoor({ credentials: await assumeRole(emulator, ConsumerRole) });
      const { json } = await call('owner', 'GET', '/v3/clusters');
      for (const topic_name of ['orders', 'orders-secret']) {
        const path = `/v3/clusters/${json.data[0].cluster_id}/topics`;
        expect((await call('owner', 'POST', path, { topic_name })).status).toBe(201);
      }
    });
    afterAll(async () => {
      await Promise.all(Object.values(doors).map((door) => door.close()));
      await deployment?.destroy();
    });

    test('a producer may write to its topic, and to no other, and read nothing', async () => {
      expect((await call('producer', 'POST', '/topics/orders', records, v2Json)).status).toBe(200);
      expect((await call('producer', 'POST', '/topics/orders/partitions/0', records, v2Json)).status).toBe(
        200,
      );
      expect((await call('producer', 'POST', '/producers', {})).status).toBe(200);
      expect((await call('producer', 'POST', '/topics/orders-secret', records, v2Json)).status).toBe(403);
      expect((await call('producer', 'GET', '/topics')).status).toBe(403);
      const read = '/topics/orders/partitions/0/records?offset=0&timeout=0';
      expect((await call('producer', 'GET', read)).status).toBe(403);
    });

    test('a consumer may read its topic, and no other, and write nothing', async () => {
      const read = (topic: string) => `/topics/${topic}/partitions/0/records?offset=0&timeout=0`;
      expect((await call('consumer', 'GET', read('orders'))).json).toHaveLength(2);
      expect((await call('consumer', 'GET', read('orders-secret'))).status).toBe(403);
      expect((await call('consumer', 'POST', '/topics/orders', records, v2Json)).status).toBe(403);
    });

    test('a path that means another topic than IAM judged is refused', async () => {
      const tricks = [
        '/topics/orders/..%2Forders-secret',
        '/topics/orders/%2e%2e/orders-secret',
        '/topics/orders%2F..%2Forders-secret',
      ];
      for (const path of tricks) {
        const { status } = await call('producer', 'POST', path, records, v2Json);
        expect([400, 403, 404]).toContain(status);
      }
      const end = await call('owner', 'GET', '/topics/orders-secret/partitions/0/offsets');
      expect(end.json).toEqual({ beginning_offset: 0, end_offset: 0 });
    });
  },
);

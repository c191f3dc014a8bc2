import { expect, test } from 'vitest';
import type { RestClient } from '../support/rest-client.ts';

export function restMetadataSuite(rest: () => RestClient): void {
  test('the root answers an object', async () => {
    const reply = await rest().get('/');
    expect(reply.status).toBe(200);
    expect(reply.json).toBeTypeOf('object');
  });

  test('a topic that was made is in the list of names', async () => {
    const topic = await rest().newTopic();
    const reply = await rest().get('/topics');
    expect(reply.status).toBe(200);
    expect(reply.json).toContain(topic);
  });

  test('a topic is shown with its configs as texts and its partitions', async () => {
    const topic = await rest().newTopic(2, { 'retention.ms': '60000' });
    const { status, json } = await rest().get(`/topics/${topic}`);
    expect(status).toBe(200);
    expect(json.name).toBe(topic);
    expect(json.configs['retention.ms']).toBe('60000');
    expect(json.configs['cleanup.policy']).toBe('delete');
    expect(json.partitions.map(({ partition }: { partition: number }) => partition)).toEqual([0, 1]);
  });

  test('partitions name a leader that is a replica in sync, and a broker of the list', async () => {
    const topic = await rest().newTopic(3);
    const { json } = await rest().get(`/topics/${topic}/partitions`);
    const { brokers } = (await rest().get('/brokers')).json;
    expect(json).toHaveLength(3);
    for (const [index, { partition, leader, replicas }] of json.entries()) {
      expect(partition).toBe(index);
      expect(brokers).toContain(leader);
      expect(replicas).toContainEqual({ broker: leader, leader: true, in_sync: true });
    }
    expect((await rest().get(`/topics/${topic}/partitions/2`)).json).toEqual(json[2]);
  });

  test('an empty partition begins and ends at 0; its end is the next offset', async () => {
    const topic = await rest().newTopic();
    const path = `/topics/${topic}/partitions/0/offsets`;
    expect((await rest().get(path)).json).toEqual({ beginning_offset: 0, end_offset: 0 });
    await rest().produce(topic, [{ value: 1 }, { value: 2 }]);
    expect((await rest().get(path)).json).toEqual({ beginning_offset: 0, end_offset: 2 });
  });

  test.each(['', '/partitions', '/partitions/0', '/partitions/0/offsets', '/partitions/0/records?offset=0'])(
    'an unknown topic is 404 40401 at /topics/{topic}%s',
    async (rest404) => {
      const slash = rest().traits.keepsEscapedSlashes ? ['%2F'] : [];
      for (const name of ['no-such-topic', 'a%20b', '%00', 'x'.repeat(300), '%ff', '%', '%zz', ...slash]) {
        const reply = await rest().get(`/topics/${name}${rest404}`);
        expect(reply.status, name).toBe(404);
        expect(reply.json.error_code, name).toBe(40401);
      }
    },
  );

  test.each(['', '/offsets', '/records?offset=0'])(
    'an unknown partition is 404 40402 at %s',
    async (path) => {
      const topic = await rest().newTopic();
      for (const partition of ['1', '-1', '2147483648', '99999999999999999999']) {
        const reply = await rest().get(`/topics/${topic}/partitions/${partition}${path}`);
        expect(reply.status, partition).toBe(404);
        expect(reply.json.error_code, partition).toBe(40402);
      }
    },
  );

  test.each(['a', '1.5', '0x0', '%00', '1e0', 'NaN', '+0'])(
    'a partition that is no number (%s) is 404',
    async (partition) => {
      const topic = await rest().newTopic();
      expect((await rest().get(`/topics/${topic}/partitions/${partition}`)).status).toBe(404);
    },
  );

  test('a slash at the end changes nothing', async () => {
    const topic = await rest().newTopic();
    expect((await rest().get(`/topics/${topic}/`)).json.name).toBe(topic);
  });
}

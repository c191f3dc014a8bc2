import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { RestClient } from '../support/rest-client.ts';

/** Every link of an answer, wherever it stands. */
function linksIn(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) =>
    (name === 'related' || name === 'self') && typeof value === 'string' ? [value] : linksIn(value),
  );
}

export function restAdminSuite(rest: () => RestClient): void {
  const topicPath = async (topic: string): Promise<string> => `${await rest().cluster()}/topics/${topic}`;
  const createTopic = async (body: unknown) => rest().post(`${await rest().cluster()}/topics`, body);

  test('the cluster is a list of one, and is what its own address answers', async () => {
    const list = await rest().get('/v3/clusters');
    expect(list.json).toMatchObject({ kind: 'KafkaClusterList', metadata: { next: null } });
    expect(list.json.data).toHaveLength(1);
    const [cluster] = list.json.data;
    expect(cluster.metadata.resource_name).toBe(`crn:///kafka=${cluster.cluster_id}`);
    expect((await rest().get(await rest().cluster())).json).toEqual(cluster);
  });

  test('every link can be followed, but the one to ACLs: there is no authorizer', async () => {
    const topic = await rest().newTopic(2);
    const cluster = await rest().cluster();
    const start = [
      '/v3/clusters',
      `${cluster}/brokers`,
      `${cluster}/topics/${topic}`,
      `${cluster}/topics/${topic}/partitions`,
    ];
    const seen = new Set<string>();
    const queue = [...start];
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const reply = await rest().get(path);
      expect([path, reply.status]).toEqual([path, path.endsWith('/acls') ? 400 : 200]);
      for (const link of linksIn(reply.json)) {
        const { pathname } = new URL(link);
        const at = pathname.slice(pathname.indexOf('/v3/'));
        const isOther = /\/topics\/[^/]+/.test(at) && !at.includes(topic) && !at.includes('/topics/-/');
        const isConfig = /\/configs\/[^/]+$/.test(at);
        // Groups come and go with other tests, and one without commits has no lag.
        const isGroup = /\/consumer-groups\/./.test(at);
        if (!isOther && !isConfig && !isGroup) queue.push(at);
      }
    }
    expect(seen.size).toBeGreaterThan(15);
  });

  test.each([
    '',
    '/topics',
    '/brokers',
    '/brokers/1',
    '/consumer-groups',
    '/acls',
    '/broker-configs',
    '/brokers/-/configs',
    '/topics/-/configs',
    '/topics/x/default-configs',
    '/topics/-/partitions/-/reassignment',
    '/topics/x',
    '/topics/x/partitions/0/offset',
  ])('another cluster is 404 with code 404 at C%s', async (path) => {
    const reply = await rest().get(`/v3/clusters/no-such-cluster${path}`);
    expect([reply.status, reply.json.error_code]).toEqual([404, 404]);
  });

  test('a broker shows where it is; an unknown one is 404', async () => {
    const cluster = await rest().cluster();
    const { json } = await rest().get(`${cluster}/brokers`);
    expect(json.kind).toBe('KafkaBrokerList');
    const [broker] = json.data;
    expect(broker.kind).toBe('KafkaBroker');
    expect((await rest().get(`${cluster}/brokers/${broker.broker_id}`)).json).toEqual(broker);
    for (const id of ['9999', '-1', 'x', '1.0', '99999999999999']) {
      expect((await rest().get(`${cluster}/brokers/${id}`)).status).toBe(404);
    }
  });

  test("a broker's configs are listed and can be read one by one", async () => {
    const cluster = await rest().cluster();
    const [{ broker_id: id }] = (await rest().get(`${cluster}/brokers`)).json.data;
    const list = await rest().get(`${cluster}/brokers/${id}/configs`);
    expect(list.json.kind).toBe('KafkaBrokerConfigList');
    const [config] = list.json.data;
    expect((await rest().get(`${cluster}/brokers/${id}/configs/${config.name}`)).json).toEqual(config);
    expect((await rest().get(`${cluster}/brokers/${id}/configs/no.such.config`)).status).toBe(404);
  });

  test('a topic is created with a Location, shown, and listed by name', async () => {
    const name = `t-${randomUUID()}`;
    const reply = await createTopic({ topic_name: name, partitions_count: 3, replication_factor: 1 });
    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({
      kind: 'KafkaTopic',
      topic_name: name,
      is_internal: false,
      replication_factor: 1,
      partitions_count: 3,
      metadata: { resource_name: expect.stringMatching(`^crn:///kafka=.+/topic=${name}$`) },
    });
    const location = reply.headers.get('location') ?? '';
    expect(location).toBe(reply.json.metadata.self);
    expect((await rest().get(await topicPath(name))).json).toEqual(reply.json);
    const names = (await rest().get(`${await rest().cluster()}/topics`)).json.data.map(
      ({ topic_name }: { topic_name: string }) => topic_name,
    );
    expect(names).toContain(name);
    expect(names).toEqual([...names].sort());
  });

  test('a name alone makes a topic with the defaults; nulls are defaults', async () => {
    for (const more of [
      {},
      { partitions_count: null, replication_factor: null, configs: null, validate_only: null },
      { partitions_count: -1, replication_factor: -1 },
    ]) {
      const reply = await createTopic({ topic_name: `t-${randomUUID()}`, ...more });
      expect([reply.status, reply.json.partitions_count]).toEqual([201, 1]);
    }
  });

  test('validate_only makes nothing, and fails as making would', async () => {
    const name = `t-${randomUUID()}`;
    const reply = await createTopic({ topic_name: name, partitions_count: 2, validate_only: true });
    expect([reply.status, reply.json.partitions_count]).toEqual([200, 2]);
    expect((await rest().get(await topicPath(name))).status).toBe(404);
    expect(
      (await createTopic({ topic_name: name, partitions_count: 0, validate_only: true })).json.error_code,
    ).toBe(40002);
    const taken = await rest().newTopic();
    expect((await createTopic({ topic_name: taken, validate_only: true })).json.error_code).toBe(40002);
  });

  test('replicas_assignments gives as many partitions as it names', async () => {
    const [{ broker_id: id }] = (await rest().get(`${await rest().cluster()}/brokers`)).json.data;
    const name = `t-${randomUUID()}`;
    const reply = await createTopic({ topic_name: name, replicas_assignments: { 0: [id], 1: [id] } });
    expect([reply.status, reply.json.partitions_count]).toEqual([201, 2]);
    for (const replicas_assignments of [{ 1: [id] }, { 0: [] }, { 0: [id, id] }, { 0: [9999] }]) {
      const refused = await createTopic({ topic_name: `t-${randomUUID()}`, replicas_assignments });
      expect([refused.status, refused.json.error_code]).toEqual([400, 40002]);
    }
  });

  test.each([
    { partitions_count: 0 },
    { partitions_count: -2 },
    { partitions_count: 2_000_000_000 },
    { replication_factor: 0 },
    { replication_factor: 99 },
    { configs: [{ name: 'no.such.config', value: '1' }] },
    { configs: [{ name: 'retention.ms', value: 'x' }] },
    { configs: [{ name: 'retention.ms', value: null }] },
    { configs: [{ name: 'retention.ms' }] },
    {
      configs: [
        { name: 'retention.ms', value: '1' },
        { name: 'retention.ms', value: '2' },
      ],
    },
  ])('Kafka refuses %j with 400 40002', async (more) => {
    const name = `t-${randomUUID()}`;
    const reply = await createTopic({ topic_name: name, ...more });
    expect([reply.status, reply.json.error_code], reply.text).toEqual([400, 40002]);
    expect((await rest().get(await topicPath(name))).status).toBe(404);
  });

  test('a topic that exists is 400 40002', async () => {
    const reply = await createTopic({ topic_name: await rest().newTopic() });
    expect([reply.status, reply.json.error_code]).toEqual([400, 40002]);
  });

  test.each([
    '{}',
    '{"topic_name":null}',
    '{"topic_name":5}',
    '{',
    'foobar',
    '[]',
    '"x"',
    '{"topic_name":"a","partitions_count":"3"}',
    '{"topic_name":"a","partitions_count":1.5}',
    '{"topic_name":"a","configs":{}}',
    '{"topic_name":"a","configs":[{"value":"1"}]}',
    '{"topic_name":"a","partitions_count":99999999999999999999}',
  ])('the body %s is 400', async (body) => {
    expect((await createTopic(body)).status).toBe(400);
  });

  test.each([
    '',
    ' \n',
    'null',
    '{"topic_name":""}',
    '{"topic_name":"a b"}',
    '{"topic_name":".."}',
    '{"topic_name":"a/b"}',
    '{"topic_name":"é"}',
    `{"topic_name":"${'x'.repeat(250)}"}`,
    '{"topic_name":"a\\u0000"}',
  ])('the body %s is 422 42206', async (body) => {
    const reply = await createTopic(body);
    expect([reply.status, reply.json.error_code], reply.text).toEqual([422, 42206]);
  });

  test('partitions can only be added', async () => {
    const topic = await rest().newTopic(2);
    const path = await topicPath(topic);
    const reply = await rest().write('PATCH', path, { partitions_count: 4 });
    expect([reply.status, reply.json.partitions_count]).toEqual([200, 4]);
    for (const partitions_count of [4, 3, 0, -1]) {
      const refused = await rest().write('PATCH', path, { partitions_count });
      expect([refused.status, refused.json.error_code]).toEqual([400, 40002]);
    }
    for (const body of ['{}', '{"partitions_count":"5"}', '{"partitions_count":null}']) {
      expect((await rest().write('PATCH', path, body)).status).toBe(400);
    }
    expect((await rest().get(`/topics/${topic}/partitions`)).json).toHaveLength(4);
    expect((await rest().produce(topic, [{ partition: 3, value: 1 }])).json.offsets[0].offset).toBe(0);
  });

  test('a deleted topic is gone, and its name is free for an empty one', async () => {
    const topic = await rest().newTopic();
    await rest().produce(topic, [{ value: 1 }]);
    const path = await topicPath(topic);
    const reply = await rest().send('DELETE', path);
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect((await rest().get(path)).json.error_code).toBe(40403);
    expect((await rest().produce(topic, [{ value: 1 }])).json.error_code).toBe(40401);
    expect((await rest().send('DELETE', path)).json.error_code).toBe(40403);
    expect((await createTopic({ topic_name: topic })).status).toBe(201);
    expect((await rest().read(topic)).json).toEqual([]);
  });

  test.each([
    '',
    '/partitions',
    '/partitions/0',
    '/partitions/0/replicas',
    '/partitions/0/offset',
    '/configs',
    '/configs/retention.ms',
    '/partitions/-/reassignment',
  ])('an unknown topic is 404 40403 at T%s', async (path) => {
    for (const name of ['no-such-topic', 'a%20b', '%ff', '%00', 'x'.repeat(300)]) {
      const reply = await rest().get(`${await topicPath(name)}${path}`);
      expect([reply.status, reply.json.error_code], name).toEqual([404, 40403]);
    }
  });

  test('a partition has a leader, replicas and offsets; an unknown one is 404', async () => {
    const topic = await rest().newTopic(2);
    await rest().produce(topic, [{ partition: 1, value: 1 }]);
    const path = `${await topicPath(topic)}/partitions`;
    const list = (await rest().get(path)).json;
    expect(list).toMatchObject({
      kind: 'KafkaPartitionList',
      data: [{ partition_id: 0 }, { partition_id: 1 }],
    });
    expect((await rest().get(`${path}/1`)).json).toEqual(list.data[1]);
    expect((await rest().get(`${path}/1/replicas`)).json.data[0]).toMatchObject({
      kind: 'KafkaReplica',
      topic_name: topic,
      partition_id: 1,
      is_leader: true,
      is_in_sync: true,
    });
    expect((await rest().get(`${path}/1/offset`)).json).toMatchObject({
      kind: 'KafkaPartitionWithOffsets',
      earliest_offset: 0,
      latest_offset: 1,
    });
    for (const partition of ['2', '-1', 'x', '99999999999', '1.0']) {
      for (const rest404 of ['', '/replicas', '/offset', '/reassignment']) {
        expect((await rest().get(`${path}/${partition}${rest404}`)).status).toBe(404);
      }
    }
    expect((await rest().get(`${path}/1/replicas/9999`)).status).toBe(404);
  });

  test('ACLs are 400 40002', async () => {
    const acls = `${await rest().cluster()}/acls`;
    const acl = { resource_type: 'TOPIC', resource_name: 'x', pattern_type: 'LITERAL', principal: 'User:a' };
    for (const reply of [
      await rest().get(`${acls}?principal=User:a`),
      await rest().post(acls, { ...acl, host: '*', operation: 'READ', permission: 'ALLOW' }),
      await rest().post(`${acls}:batch`, { data: [acl] }),
      await rest().send('DELETE', `${acls}?resource_type=TOPIC`),
    ]) {
      expect([reply.status, reply.json.error_code]).toEqual([400, 40002]);
    }
  });
}

import { expect, test } from 'vitest';
import type { Reply, RestClient } from '../support/rest-client.ts';

export function restConfigsSuite(rest: () => RestClient): void {
  const configs = async (topic: string): Promise<string> =>
    `${await rest().cluster()}/topics/${topic}/configs`;
  const shownValue = async (topic: string, name: string): Promise<string> =>
    (await rest().get(`${await configs(topic)}/${name}`)).json.value;
  const alter = async (topic: string, body: unknown): Promise<Reply> =>
    rest().post(`${await configs(topic)}:alter`, body);

  test('every config is listed with its value, its source and its synonyms', async () => {
    const topic = await rest().newTopic(1, { 'retention.ms': '60000' });
    const { json } = await rest().get(await configs(topic));
    expect(json.kind).toBe('KafkaTopicConfigList');
    const named = new Map<string, Record<string, unknown>>(
      json.data.map((config: { name: string }) => [config.name, config]),
    );
    expect(named.get('retention.ms')).toMatchObject({
      kind: 'KafkaTopicConfig',
      topic_name: topic,
      value: '60000',
      is_default: false,
      is_read_only: false,
      is_sensitive: false,
      source: 'DYNAMIC_TOPIC_CONFIG',
    });
    const synonyms = named.get('retention.ms')?.synonyms as unknown[] | undefined;
    expect(synonyms?.[0]).toEqual({ name: 'retention.ms', value: '60000', source: 'DYNAMIC_TOPIC_CONFIG' });
    expect(named.get('cleanup.policy')).toMatchObject({
      value: 'delete',
      is_default: true,
      source: 'DEFAULT_CONFIG',
    });
    expect((await rest().get(`${await configs(topic)}/cleanup.policy`)).json).toEqual(
      named.get('cleanup.policy'),
    );
  });

  test('the configs of all topics are one list, each as its topic shows it', async () => {
    const topic = await rest().newTopic(1, { 'retention.ms': '60000' });
    const all = `${await rest().cluster()}/topics/-/configs`;
    const { json } = await rest().get(all);
    expect(json.kind).toBe('KafkaTopicConfigList');
    expect(new URL(json.metadata.self).pathname.endsWith(all)).toBe(true);
    const own = json.data.filter((config: { topic_name: string }) => config.topic_name === topic);
    expect(own).toEqual((await rest().get(await configs(topic))).json.data);
  });

  test('the default configs are shown for any name, whatever the topic of that name has', async () => {
    const topic = await rest().newTopic(1, { 'retention.ms': '60000' });
    const cluster = await rest().cluster();
    for (const name of [topic, `never-made-${topic}`]) {
      const { json } = await rest().get(`${cluster}/topics/${name}/default-configs`);
      expect(json.kind).toBe('KafkaTopicConfigList');
      expect(json.data.length).toBeGreaterThan(20);
      for (const config of json.data) {
        expect(config).toMatchObject({ topic_name: name, is_default: true });
      }
    }
    expect((await rest().get(`${cluster}/topics/a%20b/default-configs`)).status).toBe(422);
  });

  test('no config of a broker, or of all, is altered while they run', async () => {
    const cluster = await rest().cluster();
    const [{ broker_id: id }] = (await rest().get(`${cluster}/brokers`)).json.data;
    for (const path of [`${cluster}/brokers/${id}/configs`, `${cluster}/broker-configs`]) {
      const value = { value: '1' };
      const answers = (name: string): Promise<Reply>[] => [
        rest().write('PUT', `${path}/${name}`, value),
        rest().send('DELETE', `${path}/${name}`),
        rest().post(`${path}:alter`, { data: [{ name, ...value }] }),
      ];
      for (const reply of await Promise.all(answers('num.partitions'))) {
        expect([reply.status, reply.json.error_code], reply.text).toEqual([400, 40002]);
      }
      for (const reply of await Promise.all(answers('no.such.config'))) {
        expect([reply.status, reply.json.error_code], reply.text).toEqual([404, 404]);
      }
      expect((await rest().post(`${path}:alter`, { data: [] })).status).toBe(204);
      expect((await rest().post(`${path}:alter`, '')).status).toBe(422);
    }
    expect((await rest().get(`${cluster}/broker-configs/num.partitions`)).status).toBe(404);
    expect((await rest().send('DELETE', `${cluster}/brokers/9999/configs/num.partitions`)).status).toBe(404);
  });

  test('the configs of all brokers are one list', async () => {
    const cluster = await rest().cluster();
    const { json } = await rest().get(`${cluster}/brokers/-/configs`);
    expect(json.kind).toBe('KafkaBrokerConfigList');
    const [first] = json.data;
    const one = await rest().get(`${cluster}/brokers/${first.broker_id}/configs`);
    expect(json.data).toEqual(expect.arrayContaining(one.json.data));
  });

  test('a config is set, shown and set back', async () => {
    const topic = await rest().newTopic();
    const path = `${await configs(topic)}/retention.ms`;
    for (const [value, shown] of [
      ['5', '5'],
      [6, '6'],
      ['-1', '-1'],
    ]) {
      expect((await rest().write('PUT', path, { value })).status).toBe(204);
      expect((await rest().get(path)).json).toMatchObject({ value: shown, is_default: false });
    }
    const reset = await rest().send('DELETE', path);
    expect([reset.status, reset.text]).toEqual([204, '']);
    expect((await rest().get(path)).json).toMatchObject({ value: '604800000', is_default: true });
  });

  test('an int64 given as a number keeps its digits', async () => {
    const topic = await rest().newTopic();
    await rest().write('PUT', `${await configs(topic)}/flush.ms`, '{"value":9007199254740993}');
    expect(await shownValue(topic, 'flush.ms')).toBe('9007199254740993');
  });

  test('an unknown config is 404, a bad value 400 40002, a body without value 400', async () => {
    const topic = await rest().newTopic();
    const path = await configs(topic);
    for (const name of ['no.such', '__proto__', 'constructor', '%00']) {
      expect((await rest().get(`${path}/${name}`)).status).toBe(404);
      expect((await rest().write('PUT', `${path}/${name}`, { value: '1' })).status).toBe(404);
      expect((await rest().send('DELETE', `${path}/${name}`)).status).toBe(404);
    }
    for (const value of ['x', '', '1.5', null, '99999999999999999999']) {
      const reply = await rest().write('PUT', `${path}/retention.ms`, { value });
      expect([reply.status, reply.json.error_code]).toEqual([400, 40002]);
    }
    for (const body of ['{}', '{"value":{}}', '{"value":["1"]}', '{', '[]']) {
      expect((await rest().write('PUT', `${path}/retention.ms`, body)).status).toBe(400);
    }
    expect((await rest().write('PUT', `${path}/retention.ms`, '')).status).toBe(422);
    expect(await shownValue(topic, 'retention.ms')).toBe('604800000');
  });

  test('several configs change together', async () => {
    const topic = await rest().newTopic(1, { 'segment.ms': '10000' });
    const reply = await alter(topic, {
      data: [
        { name: 'retention.ms', value: '7' },
        { name: 'cleanup.policy', value: 'compact', operation: 'SET' },
        { name: 'segment.ms', operation: 'DELETE' },
      ],
    });
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect(await shownValue(topic, 'retention.ms')).toBe('7');
    expect(await shownValue(topic, 'cleanup.policy')).toBe('compact');
    expect(await shownValue(topic, 'segment.ms')).toBe('3600000');
  });

  test('one bad change refuses all: 404 for a name, 400 40002 for a value', async () => {
    const topic = await rest().newTopic();
    const good = { name: 'retention.ms', value: '7' };
    const unknown = await alter(topic, { data: [good, { name: 'no.such', value: '1' }] });
    expect(unknown.status).toBe(404);
    for (const bad of [
      { name: 'segment.ms', value: 'x' },
      { name: 'segment.ms' },
      { name: 'retention.ms', value: '8' },
    ]) {
      const reply = await alter(topic, { data: [good, bad] });
      expect([reply.status, reply.json.error_code]).toEqual([400, 40002]);
    }
    expect(await shownValue(topic, 'retention.ms')).toBe('604800000');
  });

  test('validate_only changes nothing, and fails as a change would', async () => {
    const topic = await rest().newTopic();
    expect(
      (await alter(topic, { data: [{ name: 'retention.ms', value: '7' }], validate_only: true })).status,
    ).toBe(204);
    expect(
      (await alter(topic, { data: [{ name: 'retention.ms', value: 'x' }], validate_only: true })).status,
    ).toBe(400);
    expect(await shownValue(topic, 'retention.ms')).toBe('604800000');
  });

  test.each([
    '{}',
    '{"data":{}}',
    '{"data":[1]}',
    '{"data":[{"value":"1"}]}',
    '{"data":[{"name":"retention.ms","operation":"APPEND","value":"1"}]}',
    '{"data":[{"name":5,"value":"1"}]}',
  ])('the body %s is 400', async (body) => {
    expect((await alter(await rest().newTopic(), body)).status).toBe(400);
  });

  test('an unknown topic is 404 40403', async () => {
    expect((await alter('no-such-topic', { data: [] })).json.error_code).toBe(40403);
  });
}

import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { queryAll } from '../../shared/storage/metadata-store.ts';
import { listAll } from '../../shared/storage/object-store.ts';
import { eventually } from '../support/eventually.ts';
import type { RestUnderTest } from '../support/rest-client.ts';
import type { Deployment } from './deployment.ts';

type Read = { offset: number; value: { n: number } };

const v2Json = 'application/vnd.kafka.json.v2+json';

/** Text that no compression makes much smaller. */
const padding = (length: number): string => randomBytes(length).toString('base64').slice(0, length);

/** Calls the deployed door; any status but 2xx is an error that says what the door said. */
function caller(door: () => RestUnderTest) {
  const send = async (method: string, path: string, body?: unknown, type = 'application/json') => {
    const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } };
    const response = await door().request(path, { method, ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const cluster = async () => `/v3/clusters/${(await send('GET', '/v3/clusters')).data[0].cluster_id}`;
  return {
    send,
    cluster,
    newTopic: async (configs: Record<string, string>) => {
      const topic_name = `t-${randomUUID()}`;
      const entries = Object.entries(configs).map(([name, value]) => ({ name, value }));
      await send('POST', `${await cluster()}/topics`, { topic_name, partitions_count: 1, configs: entries });
      return topic_name;
    },
    produce: (topic: string, numbers: readonly number[], paddingBytes: number) =>
      send(
        'POST',
        `/topics/${topic}`,
        { records: numbers.map((n) => ({ value: { n, padding: padding(paddingBytes) } })) },
        v2Json,
      ),
    readAll: async (topic: string): Promise<Read[]> => {
      const all: Read[] = [];
      for (;;) {
        const offset = all.length === 0 ? 'earliest' : String((all.at(-1)?.offset ?? 0) + 1);
        const path = `/topics/${topic}/partitions/0/records?offset=${offset}&timeout=0`;
        const response = await door().request(path, { headers: { accept: v2Json } });
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
        const records = (await response.json()) as Read[];
        if (records.length === 0) return all;
        all.push(...records);
      }
    },
    offsets: (topic: string) => send('GET', `/topics/${topic}/partitions/0/offsets`),
  };
}

/**
 * Objects below a prefix, and items of the index of the one partition whose topic id stands in `log/…`
 * keys.
 */
async function stored(deployment: Deployment): Promise<{ segments: string[]; staged: string[] }> {
  const stores = deployment.openStores();
  const keysOf = async (prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of listAll(stores.objects, prefix)) keys.push(key);
    return keys;
  };
  try {
    return { segments: await keysOf('log/'), staged: await keysOf('stage/') };
  } finally {
    await stores.close();
  }
}

const topicIdOf = async (deployment: Deployment, topic: string): Promise<string> => {
  const stores = deployment.openStores();
  const item = await stores.metadata.get({ pk: 'catalog', sk: `topic#${topic}` });
  await stores.close();
  return String(item?.id);
};

async function itemsOf(deployment: Deployment, topicId: string): Promise<string[]> {
  const stores = deployment.openStores();
  const keys: string[] = [];
  for await (const { key } of queryAll(stores.metadata, { pk: `i#${topicId}#0` })) keys.push(key.sk);
  await stores.close();
  return keys;
}

/**
 * What flows through a deployed log: appends, the stream, the jobs, each in its own function with its own
 * rights.
 */
export function deployedLogSuite(deployment: () => Deployment, door: () => RestUnderTest): void {
  const api = caller(door);
  const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, place) => from + place);

  test('the stream wakes pump, pump starts roll, and what was produced is read back from segments in S3', async () => {
    const topic = await api.newTopic({ 'segment.bytes': '30000' });
    const topicId = await topicIdOf(deployment(), topic);
    for (let request = 0; request < 60; request++) {
      await api.produce(topic, numbers(10, request * 10), request % 3 === 0 ? 1_500 : 90);
    }
    const segments = await eventually(
      'segments in S3',
      async () => (await stored(deployment())).segments.filter((key) => key.includes(topicId)),
      (keys) => keys.length >= 2,
    );
    expect(segments.every((key) => key.startsWith(`log/${topicId}/0/rolled/`))).toBe(true);
    const sortKeys = await eventually(
      'pages below the segments to be removed',
      () => itemsOf(deployment(), topicId),
      (keys) => keys.some((key) => key.startsWith('seg#')) && !keys.includes(`page#${'0'.repeat(20)}`),
    );
    expect(sortKeys).toContain(`seg#${'0'.repeat(20)}`);
    const read = await api.readAll(topic);
    expect(read.map(({ offset }) => offset)).toEqual(numbers(600));
    expect(read.map(({ value }) => value.n)).toEqual(numbers(600));
  });

  test('the hourly rule starts retention, which lets segments go and moves the beginning', async () => {
    const topic = await api.newTopic({ 'segment.bytes': '5000', 'retention.bytes': '1' });
    const topicId = await topicIdOf(deployment(), topic);
    for (let request = 0; request < 40; request++) await api.produce(topic, [request], 300);
    await eventually(
      'a segment',
      () => itemsOf(deployment(), topicId),
      (keys) => keys.some((key) => key.startsWith('seg#')),
    );
    await deployment().pumpHourly();
    const offsets = await eventually(
      'the beginning to move',
      () => api.offsets(topic),
      ({ beginning_offset }) => beginning_offset > 0,
    );
    expect(offsets.end_offset).toBe(40);
    await eventually(
      'the objects below it to be removed',
      async () =>
        (await stored(deployment())).segments.filter((key) =>
          key.includes(`${topicId}/0/rolled/${'0'.repeat(20)}`),
        ),
      (keys) => keys.length === 0,
    );
    const read = await api.readAll(topic);
    expect(read[0]?.offset).toBe(offsets.beginning_offset);
    expect(read.at(-1)?.offset).toBe(39);
  });

  test('a deleted topic is gone at once, and the sweep that pump starts removes its data', async () => {
    const topic = await api.newTopic({ 'segment.bytes': '5000' });
    const topicId = await topicIdOf(deployment(), topic);
    for (let request = 0; request < 40; request++) await api.produce(topic, [request], 300);
    await eventually(
      'a segment',
      async () => (await stored(deployment())).segments.filter((key) => key.includes(topicId)),
      (keys) => keys.length > 0,
    );
    await api.send('DELETE', `${await api.cluster()}/topics/${topic}`);
    await expect(api.send('GET', `/topics/${topic}`)).rejects.toThrow('404');
    await deployment().pumpHourly();
    await eventually(
      'its segments to be removed',
      async () => (await stored(deployment())).segments.filter((key) => key.includes(topicId)),
      (keys) => keys.length === 0,
    );
    await eventually(
      'its items to be removed',
      () => itemsOf(deployment(), topicId),
      (keys) => keys.every((key) => key === 'jobs'),
    );
  });

  test('raised retention takes the expiry from what is staged', async () => {
    const topic = await api.newTopic({ 'retention.ms': '3600000' });
    await api.produce(topic, [1], 2_000);
    await api.send('PUT', `${await api.cluster()}/topics/${topic}/configs/retention.ms`, { value: '-1' });
    expect((await api.readAll(topic)).map(({ value }) => value.n)).toEqual([1]);
  });
}

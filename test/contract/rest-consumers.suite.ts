import { expect, test } from 'vitest';
import { base64, type RestClient, v2, v2Binary, v2Json, v2Text } from '../support/rest-client.ts';
import { newGroup, RestConsumer } from '../support/rest-consumer.ts';

const avro = 'application/vnd.kafka.avro.v2+json';

export function restConsumersSuite(rest: () => RestClient): void {
  const filled = async (count: number, partitions = 1): Promise<string> => {
    const topic = await rest().newTopic(partitions);
    const records = Array.from({ length: count }, (_, index) => ({
      value: index,
      partition: index % partitions,
      timestamp: 1_700_000_000_000 + index * 1000,
    }));
    if (count > 0) await rest().produce(topic, records);
    return topic;
  };
  const make = (settings: Record<string, unknown> = {}, group?: string): Promise<RestConsumer> =>
    RestConsumer.make(rest(), settings, group);
  const of = (topics: string[], settings: Record<string, unknown> = {}, group?: string) =>
    RestConsumer.of(rest(), topics, settings, group);
  const values = (records: { value: unknown }[]): unknown[] => records.map(({ value }) => value);

  test('an instance is made, and told where it is', async () => {
    const group = newGroup();
    const reply = await rest().post(`/consumers/${group}`, { name: 'one', format: 'json' }, v2);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe(v2);
    expect(reply.json.instance_id).toBe('one');
    expect(reply.json.base_uri).toMatch(
      new RegExp(`^https?://[^/]+(/[^/]+)?/consumers/${group}/instances/one$`),
    );
  });

  test.each([
    ['an empty body', '', v2],
    ['no body at all', undefined, undefined],
    ['an empty object', '{}', v2],
    ['the binary type', '{}', v2Binary],
    ['the JSON type', '{}', v2Json],
    ['plain JSON', '{}', 'application/json'],
  ])('%s makes an instance with a name of its own', async (_, body, type) => {
    const reply = await rest().send('POST', `/consumers/${newGroup()}`, {
      ...(body === undefined ? {} : { body }),
      ...(type === undefined ? {} : { headers: { 'content-type': type } }),
    });
    expect(reply.status, reply.text).toBe(200);
    expect(reply.json.instance_id.length).toBeGreaterThan(8);
  });

  test('a name is taken once in a group', async () => {
    const { group } = await make({ name: 'twin' });
    const reply = await rest().post(`/consumers/${group}`, { name: 'twin' }, v2);
    expect([reply.status, reply.json.error_code]).toEqual([409, 40902]);
    expect((await rest().post(`/consumers/${newGroup()}`, { name: 'twin' }, v2)).status).toBe(200);
  });

  test.each([
    [{ format: 'xml' }, 422, 422],
    [{ format: 'avro' }, 422, 422],
    [{ 'auto.offset.reset': 'middle' }, 422, 42204],
    [{ 'auto.commit.enable': 'maybe' }, 422, 42204],
    [{ 'fetch.min.bytes': -2 }, 422, 40001],
    [{ 'fetch.min.bytes': 10_000_001 }, 422, 40001],
    [{ 'consumer.request.timeout.ms': -1 }, 422, 40001],
    [{ nonsense: 1 }, 422, 422],
    [{ name: 7 }, 400, 400],
  ])('the settings %j are refused', async (settings, status, code) => {
    const reply = await rest().post(`/consumers/${newGroup()}`, settings, v2);
    expect([reply.status, reply.json.error_code]).toEqual([status, code]);
  });

  test.each(['earliest', 'latest'])('text and numbers are taken as settings (%s)', async (reset) => {
    const reply = await rest().post(
      `/consumers/${newGroup()}`,
      {
        format: 'BINARY',
        'auto.offset.reset': reset,
        'auto.commit.enable': 'false',
        'fetch.min.bytes': 1,
        'consumer.request.timeout.ms': '500',
      },
      v2,
    );
    expect(reply.status, reply.text).toBe(200);
  });

  test('names are percent-encoded in paths', async () => {
    const consumer = await make({ name: 'a b:ü' }, `${newGroup()} ü?`);
    expect((await consumer.get('subscription')).json).toEqual({ topics: [] });
    expect((await consumer.delete()).status).toBe(204);
  });

  test('an instance that is not there is 404 40403 everywhere', async () => {
    const path = `/consumers/${newGroup()}/instances/nobody`;
    const partitions = { partitions: [{ topic: 't', partition: 0 }] };
    const replies = [
      await rest().send('DELETE', path),
      await rest().post(`${path}/subscription`, { topics: ['t'] }, v2),
      await rest().get(`${path}/subscription`, v2),
      await rest().send('DELETE', `${path}/subscription`),
      await rest().post(`${path}/assignments`, partitions, v2),
      await rest().get(`${path}/assignments`, v2),
      await rest().get(`${path}/records`, v2Json),
      await rest().post(`${path}/offsets`, {}, v2),
      await rest().post(`${path}/positions`, { offsets: [] }, v2),
      await rest().post(`${path}/positions/beginning`, partitions, v2),
      await rest().post(`${path}/positions/end`, partitions, v2),
    ];
    for (const { status, json } of replies) expect([status, json.error_code]).toEqual([404, 40403]);
  });

  test('records are read once, in order, and then there are none', async () => {
    const topic = await filled(5);
    const consumer = await of([topic]);
    const records = await consumer.recordsUntil(5);
    expect(values(records)).toEqual([0, 1, 2, 3, 4]);
    expect(records[3]).toMatchObject({ topic, partition: 0, offset: 3, key: null, value: 3 });
    expect(await consumer.records('timeout=0')).toEqual([]);
    await rest().produce(topic, [{ value: 'new' }]);
    expect(values(await consumer.records())).toEqual(['new']);
  });

  test('a fetch wakes when a record arrives', async () => {
    const topic = await filled(0);
    const consumer = await of([topic]);
    await consumer.records('timeout=0');
    const waiting = consumer.recordsUntil(1, 'timeout=5000');
    await rest().produce(topic, [{ value: 'late' }]);
    expect(values(await waiting)).toEqual(['late']);
  });

  test.each([
    ['binary', v2Binary, base64('"x"')],
    ['binary', v2, base64('"x"')],
    ['json', v2Json, 'x'],
    ['text', v2Text, '"x"'],
    ['json', 'application/json', 'x'],
  ])('the format %s is read as %s', async (format, accept, value) => {
    const topic = await rest().newTopic();
    await rest().produce(topic, [{ value: 'x' }]);
    const consumer = await of([topic], { format });
    const reply = await consumer.fetch('timeout=1000', accept);
    expect(reply.status, reply.text).toBe(200);
    expect(reply.headers.get('content-type')).toBe(accept);
    expect(values(reply.json)).toEqual([value]);
  });

  test('no Accept takes the format of the instance', async () => {
    const topic = await filled(1);
    const consumer = await of([topic]);
    const reply = await rest().get(`${consumer.path}/records?timeout=1000`, '*/*');
    expect([reply.headers.get('content-type'), values(reply.json)]).toEqual([v2Json, [0]]);
  });

  test.each([
    ['json', v2Binary, 40601],
    ['json', v2, 40601],
    ['binary', v2Json, 40601],
    ['binary', v2Text, 40601],
    ['json', avro, 40601],
    ['json', 'text/html', 406],
  ])('an instance of the format %s is not read as %s', async (format, accept, code) => {
    const consumer = await of([await filled(1)], { format });
    const reply = await consumer.fetch('timeout=0', accept);
    expect([reply.status, reply.json.error_code]).toEqual([406, code]);
  });

  test('bytes that are not JSON are 422, and a binary consumer reads them', async () => {
    const topic = await rest().newTopic();
    await rest().produce(topic, [{ value: base64('no json') }], v2Binary);
    const reply = await (await of([topic])).fetch('timeout=1000');
    expect([reply.status, reply.json.error_code]).toEqual([422, 42203]);
    const binary = await of([topic], { format: 'binary' });
    expect(values((await binary.fetch('timeout=1000', v2Binary)).json)).toEqual([base64('no json')]);
  });

  test('what does not fit into a page comes with the next one', async () => {
    const topic = await rest().newTopic(3);
    const records = Array.from({ length: 30 }, (_, index) => ({
      value: `${String(index).padStart(2, '0')}${'x'.repeat(100)}`,
      partition: index % 3,
    }));
    await rest().produce(topic, records, v2Text);
    const consumer = await of([topic], { format: 'text' });
    const seen: string[] = [];
    for (let page = 0; seen.length < 30 && page < 40; page++) {
      const reply = await consumer.fetch('timeout=1000&max_bytes=350', v2Text);
      expect(reply.json.length).toBeLessThanOrEqual(3);
      seen.push(...reply.json.map(({ value }: { value: string }) => value));
    }
    expect(seen.sort()).toEqual(records.map(({ value }) => value).sort());
  });

  test('a record larger than the page is given all the same', async () => {
    const consumer = await of([await filled(2)]);
    expect(values(await consumer.records('timeout=1000&max_bytes=1'))).toEqual([0]);
    expect(values(await consumer.records('timeout=1000&max_bytes=1'))).toEqual([1]);
  });

  test.each(['timeout=x', 'max_bytes=x', 'timeout=1.5'])('%s is 400', async (query) => {
    const consumer = await of([await filled(1)]);
    expect((await consumer.fetch(query)).status).toBe(400);
  });

  test('latest begins with what comes after the first fetch', async () => {
    const topic = await filled(3);
    const consumer = await of([topic], { 'auto.offset.reset': 'latest' });
    expect(await consumer.records('timeout=0')).toEqual([]);
    await rest().produce(topic, [{ value: 'new' }]);
    expect(values(await consumer.records('timeout=1000'))).toEqual(['new']);
  });

  test('fetch.min.bytes waits for more, and not beyond the time', async () => {
    const topic = await filled(1);
    const consumer = await of([topic], { 'fetch.min.bytes': 1_000_000 });
    expect(values(await consumer.records('timeout=400'))).toEqual([0]);
  });

  test('a fetch of an instance that reads nothing is 409 40903', async () => {
    const reply = await (await make()).fetch();
    expect([reply.status, reply.json.error_code]).toEqual([409, 40903]);
  });

  test('two fetches at once share the records', async () => {
    const topic = await filled(40);
    const consumer = await of([topic]);
    const pages = await Promise.all(
      Array.from({ length: 4 }, () => consumer.records('timeout=1000&max_bytes=10')),
    );
    const rest40 = await consumer.recordsUntil(40 - pages.flat().length);
    const all = [...pages.flat(), ...rest40].map(({ offset }) => offset).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 40 }, (_, offset) => offset));
  });

  test('an instance that is deleted is gone, and its name is free', async () => {
    const consumer = await make({ name: 'again' });
    const reply = await consumer.delete();
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect((await consumer.delete()).status).toBe(404);
    await make({ name: 'again' }, consumer.group);
  });
}

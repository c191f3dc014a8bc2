import { expect, test } from 'vitest';
import { partitionForKey } from '../../shared/kafka/murmur2.ts';
import { base64, type Reply, type RestClient, v2Binary } from '../support/rest-client.ts';

const json = 'application/json';
const string = (data: string) => ({ type: 'STRING', data });

export function restRecordsSuite(rest: () => RestClient): void {
  const path = async (topic: string): Promise<string> => `${await rest().cluster()}/topics/${topic}/records`;
  const send = async (topic: string, body: unknown): Promise<Reply> =>
    rest().post(await path(topic), body, json);
  const stored = async (topic: string, partition = 0) =>
    (await rest().read(topic, undefined, v2Binary, partition)).json;
  const sendBatch = async (topic: string, body: unknown): Promise<Reply> =>
    rest().post(`${await path(topic)}:batch`, body);

  test('one record is answered with its place, its time and its sizes', async () => {
    const topic = await rest().newTopic();
    const reply = await send(topic, {
      partition_id: 0,
      headers: [{ name: 'h', value: base64('1') }, { name: 'h', value: null }, { name: 'e' }],
      key: { type: 'BINARY', data: base64('key') },
      value: { type: 'JSON', data: { a: [1.0, 'x'] } },
      timestamp: '2023-11-14T22:13:20.123Z',
    });
    expect(reply.status).toBe(200);
    expect(reply.values).toHaveLength(1);
    const { cluster_id, ...answer } = reply.json;
    expect(answer).toEqual({
      error_code: 200,
      topic_name: topic,
      partition_id: 0,
      offset: 0,
      timestamp: '2023-11-14T22:13:20.123Z',
      key: { type: 'BINARY', size: 3 },
      value: { type: 'JSON', size: 13 },
    });
    expect((await stored(topic))[0]).toMatchObject({
      timestamp: 1_700_000_000_123,
      key: base64('key'),
      value: base64('{"a":[1,"x"]}'),
      headers: [
        { key: 'h', value: base64('1') },
        { key: 'h', value: null },
        { key: 'e', value: null },
      ],
    });
  });

  test.each([
    ['nothing', ''],
    ['a line end', '\n'],
    ['much space', ' \r\n\t '],
  ])('records with %s between them are answered one by one, in order', async (_what, separator) => {
    const topic = await rest().newTopic();
    const texts = Array.from({ length: 20 }, (_, index) =>
      JSON.stringify({ value: string(`"}{${index}\\`) }),
    );
    const reply = await send(topic, texts.join(separator));
    expect(reply.status).toBe(200);
    expect(reply.values.map(({ offset }) => offset)).toEqual(texts.map((_, index) => index));
    expect(
      (await stored(topic)).map(({ value }: { value: string }) => Buffer.from(value, 'base64').toString()),
    ).toEqual(texts.map((_, index) => `"}{${index}\\`));
  });

  test.each([
    [{ value: string('é') }, 'w6k=', 2],
    [{ value: string('') }, '', 0],
    [{ value: { type: 'JSON', data: 0 } }, base64('0'), 1],
    [{ value: { type: 'JSON', data: '' } }, base64('""'), 2],
    [{ value: { type: 'BINARY', data: '' } }, '', 0],
  ])('the record %j stores %s', async (record, value, size) => {
    const topic = await rest().newTopic();
    expect((await send(topic, record)).json.value.size).toBe(size);
    expect((await stored(topic))[0].value).toBe(value);
  });

  test.each([
    {},
    { value: null },
    { value: { type: 'STRING', data: null } },
    { value: { type: 'JSON', data: null } },
    { key: string('k') },
  ])('the record %j is a tombstone', async (record) => {
    const topic = await rest().newTopic();
    expect((await send(topic, record)).json.error_code).toBe(200);
    expect((await stored(topic))[0].value).toBeNull();
  });

  test.each([
    { value: { type: 'BINARY', data: 'fooba' } },
    { value: { type: 'BINARY', data: 1 } },
    { value: { type: 'STRING', data: 1 } },
    { value: { type: 'STRING', data: {} } },
    { value: { type: 'AVRO', data: 'x' } },
    { value: { type: 'AVRO', schema_id: 1, data: 'x' } },
    { value: { type: 'json', data: 'x' } },
    { value: { type: 5, data: 'x' } },
    { value: 'x' },
    { value: [] },
    { key: 5 },
    { value: { type: 'JSON', data: 1, schema_id: 1 } },
    { value: { type: '__proto__', data: 1 } },
    { partition_id: 'x' },
    { partition_id: 0.5 },
    { timestamp: 5 },
    { timestamp: 'now' },
    { timestamp: '2023-11-14T22:13:20' },
    { timestamp: '1969-12-31T23:59:59Z' },
    { headers: {} },
    { headers: [1] },
    { headers: [{ value: '' }] },
    { headers: [{ name: 'a', value: '*' }] },
    { headers: [{ name: 5 }] },
    { unknown: 1 },
    [],
    [{}],
    5,
    'x',
    null,
    true,
  ])('the record %j fails in its place with 400, and the stream goes on', async (record) => {
    const topic = await rest().newTopic();
    const reply = await send(topic, `{"value":null} ${JSON.stringify(record)} {"value":null}`);
    expect(reply.status).toBe(200);
    expect(reply.values.map(({ error_code }) => error_code)).toEqual([200, 400, 200]);
    expect(await stored(topic)).toHaveLength(2);
  });

  test.each([
    { value: { data: 'x' } },
    { value: { schema_id: 1, data: 'x' } },
    { key: { type: 'AVRO', schema: '"string"', data: 'x' } },
    { value: { type: 'JSONSCHEMA', schema: '{}', data: 'x' } },
    { value: { type: 'PROTOBUF', schema: 'syntax', data: {} } },
  ])('the record %j needs a schema registry and fails in its place with 422', async (record) => {
    const topic = await rest().newTopic();
    const reply = await send(topic, `{"value":null} ${JSON.stringify(record)} {"value":null}`);
    expect(reply.values.map(({ error_code }) => error_code)).toEqual([200, 422, 200]);
    const batch = await sendBatch(topic, { entries: [{ id: '1', ...record }] });
    expect([batch.status, batch.json.failures[0].error_code]).toEqual([207, 422]);
    expect(await stored(topic)).toHaveLength(2);
  });

  test('the text of a number names a partition, too', async () => {
    const reply = await send(await rest().newTopic(2), '{"partition_id":"1"}');
    expect(reply.json).toMatchObject({ error_code: 200, partition_id: 1 });
  });

  test('an unknown partition fails in its place with 40402', async () => {
    const topic = await rest().newTopic(2);
    const reply = await send(
      topic,
      '{"partition_id":2}{"partition_id":-1}{"partition_id":1}{"partition_id":9999999999}',
    );
    expect(reply.values.map(({ error_code }) => error_code)).toEqual([40402, 40402, 200, 40402]);
  });

  test('an unknown topic fails every record with 40403', async () => {
    const reply = await send('no-such-topic', '{"value":null}{"value":null}');
    expect(reply.status).toBe(200);
    expect(reply.values.map(({ error_code }) => error_code)).toEqual([40403, 40403]);
  });

  test('a record too large for its topic fails in its place with 413', async () => {
    const topic = await rest().newTopic(1, { 'max.message.bytes': '1000' });
    const reply = await send(
      topic,
      `{"value":null}${JSON.stringify({ value: string('x'.repeat(2000)) })}{"value":null}`,
    );
    expect(reply.values.map(({ error_code }) => error_code)).toEqual([200, 413, 200]);
  });

  test.each([
    '{"value":null} nope {"value":null}',
    '{"value":null},{"value":null}',
    '{"value":null}{"value":}{"value":null}',
    '{"value":null}{"value":nul',
    '{"value":null}]',
    '{"value":null}{"a":"\u0001"}{}',
  ])('text that is no JSON ends the stream with 400: %j', async (body) => {
    const topic = await rest().newTopic();
    const reply = await send(topic, body);
    expect(reply.status).toBe(200);
    expect(reply.values.map(({ error_code }) => error_code)).toEqual([200, 400]);
    expect(await stored(topic)).toHaveLength(1);
  });

  test.each(['', ' \r\n '])('the empty body %j is 422 42206', async (body) => {
    const reply = await send(await rest().newTopic(), body);
    expect([reply.status, reply.json.error_code]).toEqual([422, 42206]);
  });

  test('only application/json is taken', async () => {
    const topic = await rest().newTopic();
    for (const type of [
      v2Binary,
      'application/vnd.kafka.v2+json',
      'text/plain',
      'application/x-ndjson',
      '',
    ]) {
      expect((await rest().post(await path(topic), '{}', type)).status, type).toBe(415);
    }
  });

  test('keys go where the Java client sends them; those without a key stay together', async () => {
    const topic = await rest().newTopic(5);
    const keys = ['a', 'b', 'c', 'd'];
    const keyed = await send(topic, keys.map((key) => JSON.stringify({ key: string(key) })).join(''));
    expect(keyed.values.map(({ partition_id }) => partition_id)).toEqual(
      keys.map((key) => partitionForKey(Buffer.from(key), 5)),
    );
    const keyless = await send(topic, '{}'.repeat(30));
    expect(new Set(keyless.values.map(({ partition_id }) => partition_id)).size).toBe(1);
  });

  test('a batch answers 207 with what was stored and what was not', async () => {
    const topic = await rest().newTopic();
    const reply = await sendBatch(topic, {
      entries: [
        { id: 'a', value: string('1') },
        { id: 'b', value: { type: 'BINARY', data: '*' } },
        { id: 'c', partition_id: 7 },
        { id: 'd', value: string('2') },
      ],
    });
    expect(reply.status).toBe(207);
    expect(
      reply.json.successes.map(({ id, offset }: { id: string; offset: number }) => [id, offset]),
    ).toEqual([
      ['a', 0],
      ['d', 1],
    ]);
    expect(
      reply.json.failures.map(({ id, error_code }: { id: string; error_code: number }) => [id, error_code]),
    ).toEqual([
      ['b', 400],
      ['c', 40402],
    ]);
  });

  test('a batch for an unknown topic fails entry by entry', async () => {
    const reply = await sendBatch('no-such-topic', { entries: [{ id: '1' }] });
    expect([reply.status, reply.json.failures[0].error_code]).toEqual([207, 40403]);
  });

  test.each([
    '{"entries":[]}',
    '{}',
    '{"entries":{}}',
    '{"entries":[{}]}',
    '{"entries":[{"id":""}]}',
    '{"entries":[{"id":5}]}',
    '{"entries":[{"id":null}]}',
    '{"entries":[5]}',
    '{"entries":[{"id":"a"},{"id":"a"}]}',
    `{"entries":[{"id":"${'x'.repeat(81)}"}]}`,
    `{"entries":[${Array.from({ length: 11 }, (_, id) => `{"id":"${id}"}`).join()}]}`,
  ])('the batch %s is 422 42208 and stores nothing', async (body) => {
    const topic = await rest().newTopic();
    const reply = await sendBatch(topic, body);
    expect([reply.status, reply.json.error_code]).toEqual([422, 42208]);
    expect(await stored(topic)).toEqual([]);
  });

  test('a batch with a member that is not known is 422 and stores nothing', async () => {
    const topic = await rest().newTopic();
    for (const body of [{ records: [{ id: '1' }] }, { entries: [{ id: '1' }], more: 1 }]) {
      const reply = await sendBatch(topic, body);
      expect([reply.status, reply.json.error_code]).toEqual([422, 422]);
    }
    expect(await stored(topic)).toEqual([]);
  });

  test('a batch that is no JSON is 400, an empty body 422', async () => {
    const topic = await rest().newTopic();
    expect((await sendBatch(topic, '{')).status).toBe(400);
    expect((await sendBatch(topic, '')).status).toBe(422);
  });
}

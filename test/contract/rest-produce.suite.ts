import { expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { partitionForKey } from '../../shared/kafka/murmur2.ts';
import { base64, type Reply, type RestClient, v2, v2Binary, v2Json, v2Text } from '../support/rest-client.ts';

type Offset = { partition: number; offset: number; error_code: number | null };

const places = (reply: Reply): [number, number][] =>
  reply.json.offsets.map(({ partition, offset }: Offset) => [partition, offset]);

export function restProduceSuite(rest: () => RestClient): void {
  const endOf = async (topic: string, partition = 0): Promise<number> =>
    (await rest().get(`/topics/${topic}/partitions/${partition}/offsets`)).json.end_offset;

  test('records get their offsets in the order of the request', async () => {
    const topic = await rest().newTopic();
    const reply = await rest().produce(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe(v2);
    expect(reply.json).toEqual({
      offsets: [0, 1, 2].map((offset) => ({ partition: 0, offset, error_code: null, error: null })),
      key_schema_id: null,
      value_schema_id: null,
    });
    expect(places(await rest().produce(topic, [{ value: 'd' }]))).toEqual([[0, 3]]);
  });

  test('binary keys and values come back byte for byte, empty ones as empty, none as null', async () => {
    const topic = await rest().newTopic();
    const records = [
      { key: base64('k'), value: Buffer.from([0, 255, 10, 13]).toString('base64') },
      { key: '', value: '' },
      { key: null, value: null },
      {},
    ];
    expect((await rest().produce(topic, records, v2Binary)).status).toBe(200);
    const { json } = await rest().read(topic, undefined, v2Binary);
    expect(json.map(({ key, value }: { key: string; value: string }) => [key, value])).toEqual([
      [base64('k'), 'AP8KDQ=='],
      ['', ''],
      [null, null],
      [null, null],
    ]);
  });

  test.each([
    'not base64!',
    'abc',
    'Zg=',
    'Z===',
    'Zm9v=',
    '-_-_',
    ' Zm9v',
    'Zm9v\n',
    '====',
    5,
    true,
    {},
    [],
    ['Zg=='],
  ])('the binary value %j refuses the whole request and stores nothing', async (value) => {
    const topic = await rest().newTopic();
    const reply = await rest().produce(topic, [{ value: base64('good') }, { value }], v2Binary);
    expect(reply.status).toBe(400);
    expect(await endOf(topic)).toBe(0);
  });

  test.each([
    ['0', '0'],
    ['false', 'false'],
    ['""', '""'],
    ['[]', '[]'],
    [' { } ', '{}'],
    ['1.0', '1.0'],
    ['-0', '-0'],
    ['1E400', '1E400'],
    ['123456789012345678901234567890.10', '123456789012345678901234567890.10'],
    [
      '{ "a" : [ 1 , "x y" ] ,\n "a" : 2 , "__proto__" : { "b" : null } }',
      '{"a":[1,"x y"],"a":2,"__proto__":{"b":null}}',
    ],
    ['"\\u00e9\\/\\t\\u0001"', '"é/\\t\\u0001"'],
    ['"\\ud83d\\ude00"', '"😀"'],
    ['{"constructor":{"prototype":1}}', '{"constructor":{"prototype":1}}'],
  ])('the JSON value %s is stored as %s', async (sent, stored) => {
    const topic = await rest().newTopic();
    const reply = await rest().post(
      `/topics/${topic}`,
      `{"records":[{"key":${sent},"value":${sent}}]}`,
      v2Json,
    );
    expect(reply.status, reply.text).toBe(200);
    const { json } = await rest().read(topic, undefined, v2Binary);
    expect(Buffer.from(json[0].value, 'base64').toString()).toBe(stored);
    expect(Buffer.from(json[0].key, 'base64').toString()).toBe(stored);
    expect((await rest().read(topic)).text).toContain(`"value":${stored},"headers"`);
  });

  test('texts are stored as UTF-8; null is null; anything else is refused', async () => {
    const topic = await rest().newTopic();
    const records = [{ key: 'ключ', value: '\ufeff "é" 😀\u0000' }, { value: '' }, { value: null }];
    expect((await rest().produce(topic, records, v2Text)).status).toBe(200);
    const { json } = await rest().read(topic, undefined, v2Text);
    expect(json.map(({ key, value }: { key: string; value: string }) => [key, value])).toEqual([
      ['ключ', '\ufeff "é" 😀\u0000'],
      [null, ''],
      [null, null],
    ]);
    for (const value of ['1', '{}', '[]', 'true', '"\\ud800"']) {
      const reply = await rest().post(`/topics/${topic}`, `{"records":[{"value":${value}}]}`, v2Text);
      expect(reply.status, value).toBe(400);
    }
    expect(await endOf(topic)).toBe(3);
  });

  test('plain application/json is the JSON format', async () => {
    const topic = await rest().newTopic();
    await rest().produce(topic, [{ value: { a: 1 } }], 'application/json');
    expect((await rest().read(topic, undefined, 'application/json')).json[0].value).toEqual({ a: 1 });
  });

  test('headers keep their order and repeats; there may be none, and a value may be null', async () => {
    const topic = await rest().newTopic();
    const headers = [
      { key: 'b', value: base64('1') },
      { key: 'a', value: base64('2') },
      { key: 'b', value: '' },
      { key: '', value: null },
      { key: 'é', value: base64('3') },
    ];
    await rest().produce(topic, [
      { value: 1, headers },
      { value: 2 },
      { value: 3, headers: [] },
      { value: 4, headers: null },
    ]);
    const { json } = await rest().read(topic);
    expect(json.map((record: { headers: unknown }) => record.headers)).toEqual([headers, [], [], []]);
  });

  test('timestamps are kept; without one it is now', async () => {
    const topic = await rest().newTopic();
    const before = systemClock.nowMs();
    await rest().produce(topic, [{ value: 1, timestamp: 1234 }, { value: 2 }, { value: 3, timestamp: 0 }]);
    const { json } = await rest().read(topic);
    expect(json[0].timestamp).toBe(1234);
    expect(Math.abs(json[1].timestamp - before)).toBeLessThan(600_000);
    expect(json[2].timestamp).toBe(0);
  });

  test('keys go where the Java client sends them, JSON keys by their text', async () => {
    const topic = await rest().newTopic(7);
    const keys = ['a', 'orders-4711', '', 'ключ', '😀'];
    const text = await rest().produce(
      topic,
      keys.map((key) => ({ key, value: '1' })),
      v2Text,
    );
    expect(places(text).map(([partition]) => partition)).toEqual(
      keys.map((key) => partitionForKey(Buffer.from(key), 7)),
    );
    const json = await rest().produce(
      topic,
      keys.map((key) => ({ key, value: 1 })),
    );
    expect(places(json).map(([partition]) => partition)).toEqual(
      keys.map((key) => partitionForKey(Buffer.from(JSON.stringify(key)), 7)),
    );
  });

  test('two spellings of one JSON key go to one partition', async () => {
    const topic = await rest().newTopic(50);
    const keys = ['"\\u00e9\\u0061"', '"éa"', '{ "a" : 1 }', '{"a":1}'];
    const body = `{"records":[${keys.map((key) => `{"key":${key},"value":1}`).join()}]}`;
    const [a, b, c, d] = places(await rest().post(`/topics/${topic}`, body, v2Json)) as [number, number][];
    expect(a?.[0]).toBe(b?.[0]);
    expect(c?.[0]).toBe(d?.[0]);
  });

  test('records without a key stay together in one request', async () => {
    const topic = await rest().newTopic(20);
    for (let request = 0; request < 3; request++) {
      const records = Array.from({ length: 20 }, (_, value) => ({ value }));
      const used = new Set(places(await rest().produce(topic, records)).map(([partition]) => partition));
      expect(used.size).toBe(1);
    }
  });

  test('a partition named in a record is taken, also against its key', async () => {
    const topic = await rest().newTopic(3);
    const records = [0, 1, 2, 1].map((partition) => ({ partition, key: 'same', value: 1 }));
    expect(places(await rest().produce(topic, records))).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [1, 1],
    ]);
  });

  test('all records go to the partition of the path', async () => {
    const topic = await rest().newTopic(3);
    const records = [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { partition: 0, value: 3 },
    ];
    const reply = await rest().post(`/topics/${topic}/partitions/2`, { records }, v2Json);
    expect(places(reply)).toEqual([
      [2, 0],
      [2, 1],
      [2, 2],
    ]);
  });

  test('the text of a number names a partition, too', async () => {
    const topic = await rest().newTopic(3);
    expect(places(await rest().produce(topic, [{ partition: '2', value: 1 }]))).toEqual([[2, 0]]);
  });

  test.each([3, 2_147_483_647])('a record for partition %s fails alone', async (partition) => {
    const topic = await rest().newTopic(3);
    const reply = await rest().produce(topic, [
      { partition: 0, value: 1 },
      { partition, value: 2 },
      { partition: 1, value: 3 },
    ]);
    expect(reply.status).toBe(200);
    const [first, failed, last] = reply.json.offsets;
    expect([first.offset, last.offset]).toEqual([0, 0]);
    expect(failed).toMatchObject({
      partition: null,
      offset: null,
      error_code: expect.any(Number),
      error: expect.any(String),
    });
    expect(await endOf(topic, 0)).toBe(1);
  });

  test('a record that is too large fails alone, however well it would compress', async () => {
    const topic = await rest().newTopic(1, { 'max.message.bytes': '5000' });
    const reply = await rest().produce(topic, [{ value: 'a' }, { value: 'x'.repeat(6000) }, { value: 'b' }]);
    expect(reply.status).toBe(200);
    expect(reply.json.offsets.map(({ offset }: Offset) => offset)).toEqual([0, null, 1]);
    expect(reply.json.offsets[1].error_code).toBe(50002);
  });

  test('more than max.message.bytes in small records is stored in several batches', async () => {
    const topic = await rest().newTopic(1, { 'max.message.bytes': '2000' });
    const records = Array.from({ length: 100 }, (_, index) => ({ value: `${index}-${'x'.repeat(90)}` }));
    const reply = await rest().produce(topic, records);
    expect(places(reply).map(([, offset]) => offset)).toEqual(records.map((_, index) => index));
    const { json } = await rest().read(topic);
    expect(json.map(({ value }: { value: string }) => value)).toEqual(records.map(({ value }) => value));
  });

  test('a timestamp too far ahead, and a missing key on a compacted topic, fail alone', async () => {
    const topic = await rest().newTopic(1, { 'cleanup.policy': 'compact' });
    const far = 253_370_764_800_000;
    const reply = await rest().produce(topic, [
      { key: 1, value: 1 },
      { value: 2 },
      { key: 3, value: 3, timestamp: far },
      { key: 4, value: 4 },
    ]);
    expect(reply.json.offsets.map(({ offset }: Offset) => offset)).toEqual([0, null, null, 1]);
  });

  test.each([
    '{}',
    '{"records":[]}',
    '{"records":null}',
    '{"records":[{"value":1,"timestamp":-1}]}',
    '{"records":[{"value":1,"headers":[{"value":""}]}]}',
    '{"records":[{"value":1,"partition":-1}]}',
    '{"records":[{"value":1,"headers":[{"key":"a","name":"b"}]}]}',
    '{"records":[{"value":1,"extra":2}]}',
    'null',
    '{"record":[{"value":1}]}',
    '',
  ])('the body %s is 422 and stores nothing', async (body) => {
    const topic = await rest().newTopic();
    const reply = await rest().post(`/topics/${topic}`, body, v2Json);
    expect(reply.status, reply.text).toBe(422);
    expect(await endOf(topic)).toBe(0);
  });

  test.each([
    '{',
    'nope',
    '{"records":[{"value":01}]}',
    "{'records':[]}",
    '{"records":[{"value":1}]} x',
    '{"records":[{"value":1},]}',
    '{"records":[{"value":NaN}]}',
    '{"records":{}}',
    '{"records":"x"}',
    '{"records":[1]}',
    '{"records":[null]}',
    '{"records":[[]]}',
    '[]',
    '"x"',
    '1',
    '{"records":[{"value":1,"partition":1.5}]}',
    '{"records":[{"value":1,"timestamp":"now"}]}',
    '{"records":[{"value":1,"headers":{}}]}',
    '{"records":[{"value":1,"headers":[1]}]}',
    '{"records":[{"value":1,"headers":[{"key":1,"value":""}]}]}',
    '{"records":[{"value":1,"timestamp":9223372036854775808}]}',
    '{"records":[{"value":1,"partition":"x"}]}',
    '{"records":[{"value":1,"partition":2147483648}]}',
    '{"records":[{"value":1,"partition":true}]}',
    '{"records":[{"value":1,"headers":[{"key":"a","value":"*"}]}]}',
  ])('the body %s is 400 and stores nothing', async (body) => {
    const topic = await rest().newTopic();
    expect((await rest().post(`/topics/${topic}`, body, v2Json)).status).toBe(400);
    expect(await endOf(topic)).toBe(0);
  });

  test('an unknown topic is 404 40401 and is not made', async () => {
    const name = `never-made-${await rest().newTopic()}`;
    for (const path of [`/topics/${name}`, `/topics/${name}/partitions/0`]) {
      const reply = await rest().post(path, { records: [{ value: 1 }] }, v2Json);
      expect([reply.status, reply.json.error_code]).toEqual([404, 40401]);
    }
    expect((await rest().get('/topics')).json).not.toContain(name);
  });

  test.each(['1', '-1', '99999999999'])(
    'a path with the unknown partition %s is 404 40402',
    async (partition) => {
      const topic = await rest().newTopic();
      const reply = await rest().post(
        `/topics/${topic}/partitions/${partition}`,
        { records: [{ value: 1 }] },
        v2Json,
      );
      expect([reply.status, reply.json.error_code]).toEqual([404, 40402]);
    },
  );

  test.each(['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed'])(
    'a topic of compression.type %s reads back',
    async (type) => {
      const topic = await rest().newTopic(1, { 'compression.type': type });
      const records = Array.from({ length: 50 }, (_, index) => ({
        key: index,
        value: { text: 'same '.repeat(50), index },
      }));
      await rest().produce(topic, records);
      const { json } = await rest().read(topic);
      expect(json.map(({ value }: { value: unknown }) => value)).toEqual(records.map(({ value }) => value));
    },
  );

  test('LogAppendTime stamps the time of the append', async () => {
    const topic = await rest().newTopic(1, { 'message.timestamp.type': 'LogAppendTime' });
    await rest().produce(topic, [{ value: 1, timestamp: 5 }]);
    expect((await rest().read(topic)).json[0].timestamp).toBeGreaterThan(1_000_000_000_000);
  });
}

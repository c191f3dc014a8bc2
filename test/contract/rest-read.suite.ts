import { expect, test } from 'vitest';
import { base64, type Reply, type RestClient, v2, v2Binary, v2Json, v2Text } from '../support/rest-client.ts';

const offsetsOf = (reply: Reply): number[] => reply.json.map(({ offset }: { offset: number }) => offset);

export function restReadSuite(rest: () => RestClient): void {
  const filled = async (count: number, sizeBytes = 1): Promise<string> => {
    const topic = await rest().newTopic();
    const records = Array.from({ length: count }, (_, index) => ({
      value: 'x'.repeat(sizeBytes),
      timestamp: 1_700_000_000_000 + index * 1000,
    }));
    await rest().produce(topic, records);
    return topic;
  };

  test('a record is shown whole', async () => {
    const topic = await rest().newTopic();
    await rest().produce(topic, [{ key: 'k', value: { a: 1 }, timestamp: 1_700_000_000_123 }]);
    const reply = await rest().read(topic);
    expect(reply.headers.get('content-type')).toBe(v2Json);
    expect(reply.json).toEqual([
      {
        topic,
        partition: 0,
        offset: 0,
        timestamp: 1_700_000_000_123,
        key: 'k',
        value: { a: 1 },
        headers: [],
      },
    ]);
  });

  test.each([
    [v2Binary, v2Binary, base64('"x"')],
    [v2Json, v2Json, 'x'],
    [v2Text, v2Text, '"x"'],
    ['application/json', 'application/json', 'x'],
    [v2, v2, base64('"x"')],
    ['*/*', v2Binary, base64('"x"')],
    [`${v2Text};q=0.5, ${v2Json};q=0.9`, v2Json, 'x'],
  ])('Accept %s answers %s', async (accept, type, value) => {
    const topic = await filled(1);
    const reply = await rest().read(topic, undefined, accept);
    expect(reply.headers.get('content-type')).toBe(type);
    expect(reply.json[0].value).toBe(value);
  });

  test('no Accept is binary', async () => {
    const topic = await filled(1);
    const reply = await rest().get(`/topics/${topic}/partitions/0/records?offset=0&timeout=0`);
    expect(reply.headers.get('content-type')).toBe(v2Binary);
  });

  test.each([
    ['offset=0', [0, 1, 2, 3, 4]],
    ['offset=3', [3, 4]],
    ['offset=5', []],
    ['offset=earliest', [0, 1, 2, 3, 4]],
    ['offset=latest', []],
    ['offset=2023-11-14T22:13:22.000Z', [2, 3, 4]],
    ['offset=2023-11-14T22:13:21.001Z', [2, 3, 4]],
    ['offset=2023-11-14T22%3A13%3A22Z', [2, 3, 4]],
    ['offset=2023-11-14T23:13:22%2B01:00', [2, 3, 4]],
    ['offset=2023-11-14T23:13:22+01:00', [2, 3, 4]],
    ['offset=2023-11-14T22:13:22', [2, 3, 4]],
    ['offset=2000-01-01', [0, 1, 2, 3, 4]],
    ['offset=2023-11-14T22:14:00Z', []],
  ])('%s reads the offsets %j', async (query, offsets) => {
    const topic = await filled(5);
    const reply = await rest().read(topic, `${query}&timeout=0`);
    expect(reply.status, reply.text).toBe(200);
    expect(offsetsOf(reply)).toEqual(offsets);
  });

  test.each(['6', '9223372036854775807', '9223372036854775808', '99999999999999999999999'])(
    'the offset %s beyond the end is 400 40002',
    async (offset) => {
      const topic = await filled(5);
      const reply = await rest().read(topic, `offset=${offset}&timeout=0`);
      expect([reply.status, reply.json.error_code]).toEqual([400, 40002]);
    },
  );

  test.each([
    'timeout=0',
    'offset=',
    'offset=-1',
    'offset=x',
    'offset=1.5',
    'offset=0x1',
    'offset=Earliest',
    'offset=2023-02-30',
    'offset=2023-11-14T25:00:00Z',
    'offset=0&timeout=-1',
    'offset=0&timeout=x',
    'offset=0&timeout=1.5',
    'offset=0&timeout=',
    'offset=0&max_bytes=-1',
    'offset=0&max_bytes=x',
    'offset=0&max_bytes=',
  ])('the query %s is 400', async (query) => {
    const topic = await filled(1);
    for (const name of [topic, `never-made-${topic}`]) {
      const reply = await rest().read(name, query);
      expect(reply.status, reply.text).toBe(400);
    }
  });

  test('max_bytes counts record bytes; the first record is always given', async () => {
    const topic = await filled(10, 1000);
    expect(offsetsOf(await rest().read(topic, 'offset=0&timeout=0&max_bytes=1'))).toEqual([0]);
    expect(offsetsOf(await rest().read(topic, 'offset=4&timeout=0&max_bytes=0'))).toEqual([4]);
    expect(offsetsOf(await rest().read(topic, 'offset=4&timeout=0&max_bytes=2500'))).toEqual([4, 5]);
    expect(offsetsOf(await rest().read(topic, 'offset=0&timeout=0&max_bytes=99999999999999'))).toHaveLength(
      10,
    );
  });

  test('a reader that goes on at last offset + 1 sees every record once', async () => {
    const topic = await rest().newTopic();
    for (let request = 0; request < 5; request++) {
      await rest().produce(
        topic,
        Array.from({ length: 7 }, (_, index) => ({ value: request * 7 + index })),
      );
    }
    const seen: number[] = [];
    for (let offset = 0; offset < 35; ) {
      const { json } = await rest().read(topic, `offset=${offset}&timeout=0&max_bytes=5`);
      seen.push(...json.map(({ value }: { value: number }) => value));
      offset = json.at(-1).offset + 1;
    }
    expect(seen).toEqual(Array.from({ length: 35 }, (_, index) => index));
  });

  test('no answer exceeds 6 MB, and the reader goes on where it ended', async () => {
    const topic = await rest().newTopic();
    for (let request = 0; request < 10; request++)
      await rest().produce(topic, [{ value: 'x'.repeat(900_000) }]);
    const seen: number[] = [];
    while (seen.length < 10) {
      const reply = await rest().read(topic, `offset=${seen.length}&timeout=0&max_bytes=100000000`, v2Binary);
      expect(reply.status).toBe(200);
      expect(reply.text.length).toBeLessThanOrEqual(6_000_000);
      seen.push(...offsetsOf(reply));
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => index));
  }, 60_000);

  test('timeout=0 at the end answers at once; a read that waits wakes when a record arrives', async () => {
    const topic = await filled(1);
    expect((await rest().read(topic, 'offset=1&timeout=0')).json).toEqual([]);
    const waiting = rest().read(topic, 'offset=1&timeout=20000');
    await rest().produce(topic, [{ value: 'new' }]);
    // Where a door waits less than asked for, the reader comes back.
    let reply = await waiting;
    while (reply.json.length === 0) reply = await rest().read(topic, 'offset=1&timeout=20000');
    expect(reply.json.map(({ value }: { value: string }) => value)).toEqual(['new']);
  });

  test('latest answers what comes after the call', async () => {
    const topic = await filled(3);
    let offset = 'latest';
    const waiting = rest().read(topic, `offset=${offset}&timeout=20000`);
    let reply: Reply | undefined;
    let produced = 0;
    const answered = waiting.then((answer) => {
      reply = answer;
    });
    // The call may take its place after a record: one of several comes after it for sure.
    while (reply === undefined && produced < 50) {
      await rest().produce(topic, [{ value: produced++ }]);
    }
    await answered;
    offset = String(reply?.json[0]?.offset ?? 3);
    expect(Number(offset)).toBeGreaterThanOrEqual(3);
  });

  test.each([
    [v2Json, v2Binary, base64('{not json')],
    [v2Json, v2Binary, ''],
    [v2Text, v2Binary, '/w=='],
    [v2Json, v2Binary, '/w=='],
  ])('bytes that are not of the format of Accept %s are 422', async (accept, type, value) => {
    const topic = await rest().newTopic();
    await rest().produce(topic, [{ value }], type);
    const reply = await rest().read(topic, undefined, accept);
    expect(reply.status).toBe(422);
    expect((await rest().read(topic, undefined, v2Binary)).json[0].value).toBe(value);
  });

  test('an offset far beyond a double and a huge number in a value keep their digits', async () => {
    const topic = await rest().newTopic();
    await rest().post(`/topics/${topic}`, '{"records":[{"value":12345678901234567890123}]}', v2Json);
    expect((await rest().read(topic)).text).toContain('"value":12345678901234567890123,');
  });
}

import { expect, test } from 'vitest';
import { type RestClient, v2Binary, v2Json, v2Text } from '../support/rest-client.ts';

/** A JSON text nested this deep. */
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

export function restHostileSuite(rest: () => RestClient): void {
  const endOf = async (topic: string): Promise<number> =>
    (await rest().get(`/topics/${topic}/partitions/0/offsets`)).json.end_offset;

  test('nesting is read to a stated depth and refused beyond it, without a crash', async () => {
    const topic = await rest().newTopic();
    const send = (value: string) =>
      rest().post(`/topics/${topic}`, `{"records":[{"value":${value}}]}`, v2Json);
    expect((await send(nested(900))).status).toBe(200);
    expect((await rest().read(topic)).status).toBe(200);
    for (const depth of [1001, 100_000, 1_000_000]) expect((await send(nested(depth))).status).toBe(400);
    expect((await send('['.repeat(1_000_000))).status).toBe(400);
    expect((await send('{"a":'.repeat(200_000))).status).toBe(400);
    const path = `${await rest().cluster()}/topics/${topic}/records`;
    expect((await rest().post(path, nested(500_000))).values.map(({ error_code }) => error_code)).toEqual([
      400,
    ]);
    expect(await endOf(topic)).toBe(1);
  });

  test('a number of a hundred thousand digits keeps them', async () => {
    const topic = await rest().newTopic();
    const digits = `1${'0'.repeat(99_999)}.5e-7`;
    expect((await rest().post(`/topics/${topic}`, `{"records":[{"value":${digits}}]}`, v2Json)).status).toBe(
      200,
    );
    const response = await rest().read(topic, undefined, v2Binary);
    expect(Buffer.from(response.json[0].value, 'base64').toString()).toBe(digits);
  });

  test('a body that is not UTF-8 is 400 and stores nothing', async () => {
    const topic = await rest().newTopic();
    for (const bad of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc0, 0xaf]]) {
      const body = Buffer.concat([
        Buffer.from('{"records":[{"value":"'),
        Buffer.from(bad),
        Buffer.from('"}]}'),
      ]);
      expect((await rest().post(`/topics/${topic}`, body, v2Json)).status).toBe(400);
      if (!rest().traits.keepsBytesOfJson) continue;
      const stream = Buffer.concat([
        Buffer.from('{"value":{"type":"STRING","data":"'),
        Buffer.from(bad),
        Buffer.from('"}}'),
      ]);
      const reply = await rest().post(`${await rest().cluster()}/topics/${topic}/records`, stream);
      expect(reply.json.error_code).toBe(400);
    }
    expect(await endOf(topic)).toBe(0);
  });

  test('NUL and half surrogate pairs are kept where bytes can say them, refused where not', async () => {
    const topic = await rest().newTopic();
    const send = (value: string, type: string) =>
      rest().post(`/topics/${topic}`, `{"records":[{"value":${value}}]}`, type);
    expect((await send('"a\\u0000b"', v2Text)).status).toBe(200);
    expect((await send('"\\ud800"', v2Text)).status).toBe(400);
    expect((await send('"\\ud800 \\u0000"', v2Json)).status).toBe(200);
    expect(
      (
        await rest().post(
          `/topics/${topic}`,
          '{"records":[{"value":1,"headers":[{"key":"\\udfff","value":""}]}]}',
          v2Json,
        )
      ).status,
    ).toBe(400);
    expect((await send(`"${'\u0000'}"`, v2Json)).status).toBe(400);
    const { json } = await rest().read(topic, undefined, v2Binary);
    expect(json.map(({ value }: { value: string }) => Buffer.from(value, 'base64').toString())).toEqual([
      'a\0b',
      '"\\ud800 \\u0000"',
    ]);
  });

  test('as many records in one request as can be answered are stored in order', async () => {
    const topic = await rest().newTopic();
    const count = rest().traits.answerBytesMax < 10_000_000 ? 20_000 : 100_000;
    const records = Array.from({ length: count }, (_, value) => ({ value }));
    const reply = await rest().produce(topic, records);
    expect(reply.status).toBe(200);
    const offsets = reply.json.offsets.map(({ offset }: { offset: number }) => offset);
    expect(offsets.every((offset: number, index: number) => offset === index)).toBe(true);
    expect((await rest().read(topic, `offset=${count - 1}&timeout=0`)).json[0].value).toBe(count - 1);
  }, 60_000);

  test('as many records in one stream as can be answered are answered in order', async () => {
    const topic = await rest().newTopic();
    const count = rest().traits.answerBytesMax < 10_000_000 ? 5_000 : 20_000;
    const reply = await rest().post(`${await rest().cluster()}/topics/${topic}/records`, '{}'.repeat(count));
    expect(reply.values).toHaveLength(count);
    expect(reply.values.every(({ offset }, index) => offset === index)).toBe(true);
  }, 60_000);

  test('a repeated member counts once, the last one', async () => {
    const topic = await rest().newTopic();
    await rest().post(
      `/topics/${topic}`,
      '{"records":[{"value":1}],"records":[{"value":2,"value":3}]}',
      v2Json,
    );
    expect((await rest().read(topic)).json.map(({ value }: { value: number }) => value)).toEqual([3]);
  });

  test('members named like those of every object are unknown members', async () => {
    const topic = await rest().newTopic();
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const body = `{"records":[{"value":1,"${name}":{"partition":5}}]}`;
      expect((await rest().post(`/topics/${topic}`, body, v2Json)).status).toBe(422);
      expect(
        (await rest().post(`${await rest().cluster()}/topics`, `{"topic_name":"x","${name}":1}`)).status,
      ).toBe(422);
    }
    expect(await endOf(topic)).toBe(0);
  });

  test('one bad caller does not disturb others', async () => {
    const topic = await rest().newTopic();
    const length = rest().traits.callersAtOnce;
    const requests = Array.from({ length }, (_, index) =>
      index % 2 === 0
        ? rest().produce(topic, [{ value: index }])
        : rest().post(`/topics/${topic}`, '{"records":[{"value":', v2Json),
    );
    const replies = await Promise.all(requests);
    expect(replies.map(({ status }) => status)).toEqual(
      Array.from({ length }, (_, index) => (index % 2 === 0 ? 200 : 400)),
    );
    expect(await endOf(topic)).toBe(length / 2);
  });
}

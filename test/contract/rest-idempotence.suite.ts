import { expect, test } from 'vitest';
import { type Reply, type RestClient, v2Json } from '../support/rest-client.ts';

export function restIdempotenceSuite(rest: () => RestClient): void {
  const newProducer = async (): Promise<{ producer_id: number; producer_epoch: number }> => {
    const reply = await rest().send('POST', '/producers');
    expect(reply.status).toBe(200);
    return reply.json;
  };
  const send = (topic: string, header: string, values: unknown[], partition = 0): Promise<Reply> =>
    rest().post(
      `/topics/${topic}/partitions/${partition}`,
      { records: values.map((value) => ({ value })) },
      v2Json,
      {
        'millrace-producer': header,
      },
    );
  const offsets = (reply: Reply): number[] =>
    reply.json.offsets.map(({ offset }: { offset: number }) => offset);

  test('every producer gets an id of its own, at epoch 0', async () => {
    const [a, b] = [await newProducer(), await newProducer()];
    expect(a.producer_id).not.toBe(b.producer_id);
    expect([a.producer_epoch, b.producer_epoch]).toEqual([0, 0]);
  });

  test('a request sent twice is stored once and answers the first offsets', async () => {
    const topic = await rest().newTopic(2);
    const { producer_id: id } = await newProducer();
    const first = await send(topic, `${id};epoch=0;sequence=0`, ['a', 'b']);
    expect(offsets(first)).toEqual([0, 1]);
    expect(offsets(await send(topic, `${id};epoch=0;sequence=0`, ['a', 'b']))).toEqual([0, 1]);
    expect(offsets(await send(topic, `${id}; epoch=0; sequence=2`, ['c']))).toEqual([2]);
    expect(offsets(await send(topic, `${id};epoch=0;sequence=0`, ['x'], 1))).toEqual([0]);
    const { json } = await rest().read(topic);
    expect(json.map(({ value }: { value: string }) => value)).toEqual(['a', 'b', 'c']);
  });

  test('a gap in the sequence is 409 40911 and stores nothing', async () => {
    const topic = await rest().newTopic();
    const { producer_id: id } = await newProducer();
    await send(topic, `${id};epoch=0;sequence=0`, ['a']);
    const reply = await send(topic, `${id};epoch=0;sequence=2`, ['c']);
    expect([reply.status, reply.json.error_code]).toEqual([409, 40911]);
    expect((await rest().read(topic)).json).toHaveLength(1);
  });

  test('an older epoch is 409 40912', async () => {
    const topic = await rest().newTopic();
    const { producer_id: id } = await newProducer();
    await send(topic, `${id};epoch=1;sequence=0`, ['a']);
    const reply = await send(topic, `${id};epoch=0;sequence=1`, ['b']);
    expect([reply.status, reply.json.error_code]).toEqual([409, 40912]);
  });

  test('the partition may be named in every record, but must be one and the same', async () => {
    const topic = await rest().newTopic(3);
    const { producer_id: id } = await newProducer();
    const headers = { 'millrace-producer': `${id};epoch=0;sequence=0` };
    const named = [
      { partition: 1, value: 1 },
      { partition: 1, value: 2 },
    ];
    expect(offsets(await rest().produce(topic, named, v2Json, headers))).toEqual([0, 1]);
    for (const records of [
      [{ value: 1 }],
      [{ key: 'a', value: 1 }],
      [
        { partition: 1, value: 1 },
        { partition: 2, value: 2 },
      ],
      [{ partition: 1, value: 1 }, { value: 2 }],
      [{ partition: 9, value: 1 }],
    ]) {
      expect((await rest().produce(topic, records, v2Json, headers)).status).toBe(400);
    }
  });

  test('one record that may not be stored refuses the whole request', async () => {
    const topic = await rest().newTopic(1, { 'max.message.bytes': '2000' });
    const { producer_id: id } = await newProducer();
    expect((await send(topic, `${id};epoch=0;sequence=0`, ['a', 'x'.repeat(3000)])).status).toBe(413);
    expect((await rest().read(topic)).json).toEqual([]);
  });

  test.each([
    '',
    'x',
    '1',
    '1;epoch=0',
    '1;sequence=0',
    '-1;epoch=0;sequence=0',
    '1;epoch=-1;sequence=0',
    '1;epoch=32768;sequence=0',
    '1;epoch=0;sequence=2147483648',
    '9223372036854775808;epoch=0;sequence=0',
    '1;epoch=0;sequence=0;x=1',
    '1.5;epoch=0;sequence=0',
  ])('the header %j is 400', async (header) => {
    const topic = await rest().newTopic();
    expect((await send(topic, header, ['a'])).status).toBe(400);
    expect((await rest().read(topic)).json).toEqual([]);
  });

  test('v3 records refuse the header rather than ignore it', async () => {
    const topic = await rest().newTopic();
    const headers = { 'millrace-producer': '1;epoch=0;sequence=0' };
    for (const path of ['records', 'records:batch']) {
      const reply = await rest().post(
        `${await rest().cluster()}/topics/${topic}/${path}`,
        '{}',
        'application/json',
        headers,
      );
      expect(reply.status).toBe(400);
    }
  });
}

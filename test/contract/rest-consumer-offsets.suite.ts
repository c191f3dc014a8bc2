import { expect, test } from 'vitest';
import { type RestClient, v2 } from '../support/rest-client.ts';
import { newGroup, RestConsumer } from '../support/rest-consumer.ts';

export function restConsumerOffsetsSuite(rest: () => RestClient): void {
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
  const of = (topics: string[], settings: Record<string, unknown> = {}, group?: string) =>
    RestConsumer.of(rest(), topics, settings, group);
  const make = (settings: Record<string, unknown> = {}, group?: string) =>
    RestConsumer.make(rest(), settings, group);
  const values = (records: { value: unknown }[]): unknown[] => records.map(({ value }) => value);
  const manual = { 'auto.commit.enable': 'false' };
  /** What a group has committed of partition 0, as its lag shows it. */
  const committedOf = async (group: string, topic: string): Promise<number | undefined> => {
    const path = `${await rest().cluster()}/consumer-groups/${group}/lags/${topic}/partitions/0`;
    const { status, json } = await rest().get(path);
    return status === 404 ? undefined : json.current_offset;
  };

  test('a commit names the last record that is done, and what is committed is the next one', async () => {
    const topic = await filled(5);
    const consumer = await of([topic], manual);
    await consumer.recordsUntil(5);
    const reply = await consumer.post('offsets', { offsets: [{ topic, partition: 0, offset: 2 }] });
    expect([reply.status, reply.json]).toEqual([200, []]);
    expect(await committedOf(consumer.group, topic)).toBe(3);
  });

  test('GET offsets reads its body, and leaves out what has no commit', async () => {
    const topic = await filled(5, 2);
    const consumer = await of([topic], manual);
    await consumer.recordsUntil(5);
    await consumer.commit({ offsets: [{ topic, partition: 1, offset: 1, metadata: 'note' }] });
    const body = { partitions: [0, 1].map((partition) => ({ topic, partition })) };
    const reply = await rest().getWithBody(`${consumer.path}/offsets`, body);
    if (reply === undefined) return; // nothing passes such a request on to this door
    expect(reply.status, reply.text).toBe(200);
    expect(reply.json).toEqual({ offsets: [{ topic, partition: 1, offset: 2, metadata: 'note' }] });
  });

  test('GET offsets without a body is 404 40402', async () => {
    const reply = await (await of([await filled(1)])).get('offsets');
    expect([reply.status, reply.json.error_code]).toEqual([404, 40402]);
  });

  test.each([
    ['an empty object', '{}', v2],
    ['an empty body', '', v2],
    ['no body', undefined, undefined],
  ])('%s commits all that was read, and nothing more', async (_, body, type) => {
    const topic = await filled(6);
    const consumer = await of([topic], manual);
    const read = await consumer.records('timeout=1000&max_bytes=3');
    const reply = await rest().send('POST', `${consumer.path}/offsets`, {
      ...(body === undefined ? {} : { body }),
      ...(type === undefined ? {} : { headers: { 'content-type': type } }),
    });
    expect(reply.status, reply.text).toBe(200);
    expect(await committedOf(consumer.group, topic)).toBe(read.length);
  });

  test('without automatic commit nothing is committed by a fetch or a delete', async () => {
    const topic = await filled(3);
    const consumer = await of([topic], manual);
    await consumer.recordsUntil(3);
    await consumer.records('timeout=0');
    await consumer.delete();
    expect(await committedOf(consumer.group, topic)).toBeUndefined();
  });

  test('automatic commit comes with the next fetch, up to where the one before ended', async () => {
    const topic = await filled(4);
    const consumer = await of([topic]);
    const first = await consumer.records('timeout=1000&max_bytes=2');
    expect(await committedOf(consumer.group, topic)).toBeUndefined();
    await consumer.records('timeout=0&max_bytes=1');
    expect(await committedOf(consumer.group, topic)).toBe(first.length);
  });

  test('automatic commit comes with the delete, and a new instance of the name goes on there', async () => {
    const topic = await filled(4);
    const consumer = await of([topic], { name: 'heir' });
    expect(values(await consumer.recordsUntil(4))).toEqual([0, 1, 2, 3]);
    expect((await consumer.delete()).status).toBe(204);
    await rest().produce(topic, [{ value: 'next' }]);
    const heir = await of([topic], { name: 'heir' }, consumer.group);
    expect(values(await heir.recordsUntil(1))).toEqual(['next']);
  });

  test.each([
    [{ offsets: [{ topic: 'missing', partition: 0, offset: 0 }] }, 404, 40401],
    [{ offsets: [{ topic: '', partition: 0, offset: 0 }] }, 422, 422],
    [{ offsets: [{ topic: 't', partition: -1, offset: 0 }] }, 422, 422],
    [{ offsets: [{ topic: 't', partition: 0, offset: -1 }] }, 422, 422],
    [{ offsets: [{ topic: 't', partition: 0 }] }, 422, 422],
    [{ offsets: [{ topic: 't', partition: 0, offset: 'x' }] }, 400, 400],
    [{ offsets: 'x' }, 400, 400],
    [{ nonsense: [] }, 422, 422],
  ])('the commit %j is refused', async (body, status, code) => {
    const reply = await (await make()).post('offsets', body);
    expect([reply.status, reply.json.error_code], reply.text).toEqual([status, code]);
  });

  test('a commit of a partition beyond the last one is 404 40402', async () => {
    const topic = await filled(1);
    const body = { offsets: [{ topic, partition: 9, offset: 0 }] };
    const reply = await (await make()).post('offsets', body);
    expect([reply.status, reply.json.error_code]).toEqual([404, 40402]);
  });

  test('an instance whose member was expelled cannot commit over the others', async () => {
    const topic = await filled(3);
    const consumer = await of([topic], manual);
    await consumer.recordsUntil(3);
    await rest().send('DELETE', `${consumer.path}/subscription`);
    const other = await of([topic], manual, consumer.group);
    await other.recordsUntil(3);
    const reply = await consumer.post('offsets', { offsets: [{ topic, partition: 0, offset: 0 }] });
    expect([reply.status, reply.json.error_code]).toEqual([409, 40903]);
  });

  test('assigned partitions are read without a group, from the commit on', async () => {
    const topic = await filled(6, 2);
    const consumer = await make(manual);
    await consumer.did(consumer.post('assignments', { partitions: [{ topic, partition: 1 }] }));
    expect((await consumer.get('assignments')).json).toEqual({ partitions: [{ topic, partition: 1 }] });
    expect(values(await consumer.recordsUntil(3))).toEqual([1, 3, 5]);
    await consumer.commit({ offsets: [{ topic, partition: 1, offset: 0 }] });
    const heir = await make(manual, consumer.group);
    await heir.did(heir.post('assignments', { partitions: [{ topic, partition: 1 }] }));
    expect(values(await heir.recordsUntil(2))).toEqual([3, 5]);
  });

  test('subscription and assignment exclude each other until the subscription is dropped', async () => {
    const topic = await filled(1);
    const partitions = { partitions: [{ topic, partition: 0 }] };
    const consumer = await of([topic]);
    for (const [path, body] of [
      ['assignments', partitions],
      ['subscription', { topic_pattern: 'x.*' }],
    ] as const) {
      const reply = await consumer.post(path, body);
      expect([reply.status, reply.json.error_code]).toEqual([409, 40903]);
    }
    await consumer.did(rest().send('DELETE', `${consumer.path}/subscription`));
    await consumer.did(consumer.post('assignments', partitions));
    const reply = await consumer.post('subscription', { topics: [topic] });
    expect([reply.status, reply.json.error_code]).toEqual([409, 40903]);
    await consumer.did(rest().send('DELETE', `${consumer.path}/subscription`));
    expect((await consumer.get('assignments')).json).toEqual({ partitions: [] });
  });

  test('a subscription by list and by pattern at once is 409 40903, and changes nothing', async () => {
    const topic = await filled(1);
    const consumer = await make();
    const reply = await consumer.post('subscription', { topics: [topic], topic_pattern: 'x.*' });
    expect([reply.status, reply.json.error_code]).toEqual([409, 40903]);
    expect((await consumer.get('subscription')).json).toEqual({ topics: [] });
  });

  test('the text of a number names a partition, too', async () => {
    const topic = await filled(3);
    const consumer = await make(manual);
    const partitions = [{ topic, partition: '0' }];
    await consumer.did(consumer.post('assignments', { partitions }));
    expect((await consumer.get('assignments')).json).toEqual({ partitions: [{ topic, partition: 0 }] });
    await consumer.did(consumer.post('positions', { offsets: [{ topic, partition: '0', offset: '1' }] }));
    expect(values(await consumer.recordsUntil(2))).toEqual([1, 2]);
    await consumer.did(consumer.post('positions/beginning', { partitions }));
    await consumer.commit({ offsets: [{ topic, partition: '0', offset: '1' }] });
    expect(await committedOf(consumer.group, topic)).toBe(2);
  });

  test('a subscription replaces the one before, and none given changes nothing', async () => {
    const [one, two] = [await filled(1), await filled(2)];
    const consumer = await of([one], manual);
    expect(values(await consumer.recordsUntil(1))).toEqual([0]);
    await consumer.did(consumer.post('subscription', {}));
    expect((await consumer.get('subscription')).json).toEqual({ topics: [one] });
    await consumer.did(consumer.post('subscription', { topics: [two] }));
    expect((await consumer.get('subscription')).json).toEqual({ topics: [two] });
    const records = await consumer.recordsUntil(2);
    expect(records.map(({ topic }) => topic)).toEqual([two, two]);
    expect((await consumer.get('assignments')).json).toEqual({ partitions: [{ topic: two, partition: 0 }] });
  });

  test.each([
    [{ topics: 'x' }, 400],
    [{ topics: [''] }, 422],
    [{ topic_pattern: '(' }, 422],
    [{ nonsense: 1 }, 422],
    ['', 422],
    ['{', 400],
  ])('the subscription %j is refused with %d', async (body, status) => {
    expect((await (await make()).post('subscription', body)).status).toBe(status);
  });

  test('a pattern takes the topics whose whole name matches, also those that come later', async () => {
    const mark = newGroup();
    const create = async (name: string): Promise<void> => {
      const body = { topic_name: name, partitions_count: 1 };
      expect((await rest().post(`${await rest().cluster()}/topics`, body)).status).toBe(201);
      await rest().produce(name, [{ value: name }]);
    };
    await create(`${mark}-a`);
    await create(`x-${mark}-a`);
    const consumer = await make();
    await consumer.did(consumer.post('subscription', { topic_pattern: `${mark}-.*` }));
    expect(values(await consumer.recordsUntil(1))).toEqual([`${mark}-a`]);
    expect((await consumer.get('subscription')).json).toEqual({ topics: [`${mark}-a`] });
    await create(`${mark}-b`);
    expect(values(await consumer.recordsUntil(1))).toEqual([`${mark}-b`]);
  });

  test('a topic that is made after the subscription is read', async () => {
    const name = `later-${newGroup()}`;
    const consumer = await of([name]);
    expect(await consumer.records('timeout=0')).toEqual([]);
    const body = { topic_name: name, partitions_count: 2 };
    expect((await rest().post(`${await rest().cluster()}/topics`, body)).status).toBe(201);
    await rest().produce(name, [{ value: 1, partition: 1 }]);
    expect(values(await consumer.recordsUntil(1))).toEqual([1]);
  });

  test('positions: an offset, the beginning, the end and a time', async () => {
    const topic = await filled(5);
    const consumer = await of([topic], manual);
    await consumer.recordsUntil(5);
    const partitions = { partitions: [{ topic, partition: 0 }] };
    await consumer.did(consumer.post('positions', { offsets: [{ topic, partition: 0, offset: 3 }] }));
    expect(values(await consumer.recordsUntil(2))).toEqual([3, 4]);
    await consumer.did(consumer.post('positions/beginning', partitions));
    expect(values(await consumer.recordsUntil(5))).toEqual([0, 1, 2, 3, 4]);
    const timestamps = [{ topic, partition: 0, timestamp: '2023-11-14T22:13:22.000Z' }];
    await consumer.did(consumer.post('positions', { offsets: [], timestamps }));
    expect(values(await consumer.recordsUntil(3))).toEqual([2, 3, 4]);
    await consumer.did(consumer.post('positions/beginning', partitions));
    await consumer.did(consumer.post('positions/end', partitions));
    expect(await consumer.records('timeout=0')).toEqual([]);
  });

  test('a position beyond the end goes back to where auto.offset.reset says', async () => {
    const topic = await filled(3);
    const consumer = await of([topic], manual);
    await consumer.recordsUntil(3);
    await consumer.did(consumer.post('positions', { offsets: [{ topic, partition: 0, offset: 99 }] }));
    expect(values(await consumer.recordsUntil(3))).toEqual([0, 1, 2]);
  });

  test('a position in a partition that is not held is 409 40903 and moves nothing', async () => {
    const topic = await filled(3, 2);
    const consumer = await make(manual);
    await consumer.did(consumer.post('assignments', { partitions: [{ topic, partition: 0 }] }));
    const both = [0, 1].map((partition) => ({ topic, partition }));
    for (const [path, body] of [
      ['positions', { offsets: both.map((place) => ({ ...place, offset: 1 })) }],
      ['positions/beginning', { partitions: both }],
      ['positions/end', { partitions: both }],
    ] as const) {
      const reply = await consumer.post(path, body);
      expect([reply.status, reply.json.error_code]).toEqual([409, 40903]);
    }
    expect(values(await consumer.recordsUntil(2))).toEqual([0, 2]);
  });

  test('two instances of a group share the partitions, and one takes over from the other', async () => {
    const topic = await filled(0, 4);
    const one = await of([topic]);
    await one.records('timeout=0');
    const two = await of([topic], {}, one.group);
    const held = async (): Promise<number[]> => {
      const all = await Promise.all([one, two].map((consumer) => consumer.get('assignments')));
      return all.map(({ json }) => json.partitions.length);
    };
    for (let tries = 0; (await held()).join() !== '2,2' && tries < 20; tries++) {
      await two.records('timeout=100');
      await one.records('timeout=100');
    }
    expect(await held()).toEqual([2, 2]);
    const records = Array.from({ length: 40 }, (_, index) => ({ value: index, partition: index % 4 }));
    await rest().produce(topic, records);
    const shares = [await one.recordsUntil(20), await two.recordsUntil(20)];
    expect(shares.map(({ length }) => length)).toEqual([20, 20]);
    expect(values(shares.flat()).sort((a, b) => Number(a) - Number(b))).toEqual(values(records));
    expect((await two.delete()).status).toBe(204);
    await rest().produce(topic, records);
    expect(values(await one.recordsUntil(40)).length).toBe(40);
  });
}

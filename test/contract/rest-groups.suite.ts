import { expect, test } from 'vitest';
import type { Reply, RestClient } from '../support/rest-client.ts';
import { newGroup, RestConsumer } from '../support/rest-consumer.ts';

export function restGroupsSuite(rest: () => RestClient): void {
  const groupPath = async (group: string): Promise<string> =>
    `${await rest().cluster()}/consumer-groups/${encodeURIComponent(group)}`;
  const filled = async (count: number, partitions = 1): Promise<string> => {
    const topic = await rest().newTopic(partitions);
    const records = Array.from({ length: count }, (_, index) => ({
      value: index,
      partition: index % partitions,
    }));
    if (count > 0) await rest().produce(topic, records);
    return topic;
  };
  /** A group with one consumer, which has read and committed this many records of each partition. */
  const grouped = async (count: number, partitions: number, done: number): Promise<RestConsumer> => {
    const topic = await filled(count, partitions);
    const consumer = await RestConsumer.of(rest(), [topic], { 'auto.commit.enable': 'false' });
    await consumer.recordsUntil(count);
    const offsets = Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      offset: done - 1,
    }));
    if (done > 0) await consumer.commit({ offsets });
    return consumer;
  };
  const follow = (link: { related: string }): Promise<Reply> => {
    const path = link.related.replace(/^https?:\/\/[^/]+/, '');
    return rest().get(path.slice(Math.max(0, path.indexOf('/v3'))));
  };

  test('a group is shown with its state, and its links can be followed', async () => {
    const { group } = await grouped(4, 2, 1);
    const { status, json, text } = await rest().get(await groupPath(group));
    expect(status, text).toBe(200);
    expect(json).toMatchObject({
      kind: 'KafkaConsumerGroup',
      consumer_group_id: group,
      is_simple: false,
      partition_assignor: 'range',
      state: 'STABLE',
      type: 'CLASSIC',
      is_mixed_consumer_group: false,
    });
    for (const link of [json.coordinator, json.consumers, json.lag_summary]) {
      expect((await follow(link)).status).toBe(200);
    }
  });

  test('the list has the group as it is shown alone', async () => {
    const { group } = await grouped(1, 1, 1);
    const list = await rest().get(`${await rest().cluster()}/consumer-groups`);
    const found = list.json.data.find(
      (one: { consumer_group_id: string }) => one.consumer_group_id === group,
    );
    expect(list.json.kind).toBe('KafkaConsumerGroupList');
    expect(found).toEqual((await rest().get(await groupPath(group))).json);
  });

  test('consumers and assignments are shown', async () => {
    const { group } = await grouped(4, 2, 1);
    const path = await groupPath(group);
    const { json } = await rest().get(`${path}/consumers`);
    expect([json.kind, json.data.length]).toEqual(['KafkaConsumerList', 1]);
    const [consumer] = json.data;
    expect(consumer).toMatchObject({ kind: 'KafkaConsumer', consumer_group_id: group, instance_id: null });
    expect((await rest().get(`${path}/consumers/${consumer.consumer_id}`)).json).toEqual(consumer);
    const assignments = await follow(consumer.assignments);
    expect(assignments.json.data.map((one: { partition_id: number }) => one.partition_id)).toEqual([0, 1]);
    for (const one of assignments.json.data) {
      expect((await follow(one.partition)).status).toBe(200);
      expect((await follow(one.lag)).status).toBe(200);
      expect((await follow({ related: one.metadata.self })).json).toEqual(one);
    }
  });

  test('lag is the end less what is committed, the worst first', async () => {
    const consumer = await grouped(7, 2, 1);
    const path = await groupPath(consumer.group);
    const { json } = await rest().get(`${path}/lags`);
    const shown = json.data.map((lag: Record<string, unknown>) => [
      lag.partition_id,
      lag.current_offset,
      lag.log_end_offset,
      lag.lag,
    ]);
    expect(shown).toEqual([
      [0, 1, 4, 3],
      [1, 1, 3, 2],
    ]);
    const [{ consumer_id, topic_name }] = json.data;
    expect(consumer_id).not.toBe('');
    const one = await rest().get(`${path}/lags/${topic_name}/partitions/1`);
    expect(one.json).toEqual(json.data[1]);
    const summary = (await rest().get(`${path}/lag-summary`)).json;
    expect(summary).toMatchObject({
      kind: 'KafkaConsumerGroupLagSummary',
      max_lag: 3,
      total_lag: 5,
      max_lag_partition_id: 0,
      max_lag_topic_name: topic_name,
      max_lag_consumer_id: consumer_id,
    });
    expect((await follow(summary.max_lag_consumer)).json.consumer_id).toBe(consumer_id);
    expect((await follow(summary.max_lag_partition)).status).toBe(200);
  });

  test('without any commit there is no lag to show: 404', async () => {
    const consumer = await grouped(2, 1, 0);
    const path = await groupPath(consumer.group);
    for (const part of ['lags', 'lag-summary', 'lags/x/partitions/0']) {
      expect((await rest().get(`${path}/${part}`)).status).toBe(404);
    }
  });

  test('a group that only commits is simple and empty, and its lag belongs to no consumer', async () => {
    const topic = await filled(3);
    const consumer = await RestConsumer.make(rest());
    await consumer.commit({ offsets: [{ topic, partition: 0, offset: 0 }] });
    const path = await groupPath(consumer.group);
    expect((await rest().get(path)).json).toMatchObject({ is_simple: true, state: 'EMPTY' });
    const { json } = await rest().get(`${path}/lags`);
    expect(json.data[0]).toMatchObject({ lag: 2, consumer_id: '', client_id: '', instance_id: null });
    expect((await follow((await rest().get(`${path}/lag-summary`)).json.max_lag_consumer)).status).toBe(200);
  });

  test('a group that is not there is 404 everywhere, an unknown cluster too', async () => {
    const path = await groupPath(newGroup());
    const paths = ['', '/consumers', '/consumers/x', '/consumers/x/assignments', '/lags', '/lag-summary'];
    for (const part of [...paths, '/lags/x/partitions/0']) {
      const { status, json } = await rest().get(`${path}${part}`);
      expect([status, json.error_code], part).toEqual([404, 404]);
    }
    expect((await rest().get(`/v3/clusters/nope/consumer-groups`)).status).toBe(404);
    const { group } = await grouped(1, 1, 1);
    for (const part of ['consumers/nope', 'consumers/nope/assignments', 'lags/nope/partitions/0']) {
      expect((await rest().get(`${await groupPath(group)}/${part}`)).status).toBe(404);
    }
  });

  test('a group is deleted when its members are gone, with what it committed', async () => {
    const consumer = await grouped(3, 1, 2);
    const path = await groupPath(consumer.group);
    const refused = await rest().send('DELETE', path);
    expect([refused.status, refused.json.error_code]).toEqual([409, 40968]);
    expect((await rest().get(`${path}/lags`)).json.data.length).toBe(1);
    await consumer.delete();
    expect((await rest().send('DELETE', path)).status).toBe(204);
    expect((await rest().get(path)).status).toBe(404);
    expect((await rest().send('DELETE', path)).status).toBe(404);
  });

  test('the offsets of an empty group are altered, and its next consumer begins there', async () => {
    const topic = await filled(5);
    const group = newGroup();
    const path = `${await groupPath(group)}/offsets:alter`;
    const reply = await rest().post(path, { offsets: [{ topic_name: topic, partition_id: 0, offset: 3 }] });
    expect([reply.status, reply.text]).toEqual([204, '']);
    const consumer = await RestConsumer.of(rest(), [topic], {}, group);
    expect((await consumer.recordsUntil(2)).map(({ offset }) => offset)).toEqual([3, 4]);
    const refused = await rest().post(path, { offsets: [{ topic_name: topic, partition_id: 0, offset: 0 }] });
    expect([refused.status, refused.json.error_code]).toEqual([409, 40968]);
  });

  test('one unknown topic or partition leaves all offsets as they are', async () => {
    const topic = await filled(2);
    const group = newGroup();
    const path = `${await groupPath(group)}/offsets:alter`;
    const good = { topic_name: topic, partition_id: 0, offset: 1 };
    const bad: [Record<string, unknown>, number, number][] = [
      [{ topic_name: 'missing', partition_id: 0, offset: 0 }, 404, 40403],
      [{ topic_name: topic, partition_id: 5, offset: 0 }, 404, 40402],
      [{ topic_name: topic, partition_id: 0, offset: -1 }, 422, 422],
      [{ topic_name: topic, partition_id: -1, offset: 0 }, 422, 422],
      [{ topic_name: topic, offset: 0 }, 422, 422],
    ];
    for (const [offset, status, code] of bad) {
      const reply = await rest().post(path, { offsets: [good, offset] });
      expect([reply.status, reply.json.error_code], JSON.stringify(offset)).toEqual([status, code]);
    }
    expect((await rest().post(path, { offsets: [] })).status).toBe(422);
    expect((await rest().get(await groupPath(group))).status).toBe(404);
  });
}

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { KafkaErrorName } from '../../../../shared/kafka/error-codes.ts';
import { createPartitions } from '../../../../shared/protocol/messages/create-partitions.ts';
import { createTopics } from '../../../../shared/protocol/messages/create-topics.ts';
import { deleteTopics } from '../../../../shared/protocol/messages/delete-topics.ts';
import { zeroUuid } from '../../../../shared/protocol/uuid.ts';
import { call, newTopic } from '../../../support/broker-engine.ts';
import { brokerInMemory, code, ends, none } from './admin-bench.ts';

const broker = brokerInMemory();
const fresh = (): string => `t-${randomUUID()}`;

type Assignment = { partitionIndex: number; brokerIds: number[] };
type Config = { name: string; value: string | null };
type Wanted = {
  name?: string;
  numPartitions?: number;
  replicationFactor?: number;
  assignments?: Assignment[];
  configs?: Config[];
};

const create = (wanted: readonly Wanted[], { version = 7, validateOnly = false } = {}) =>
  call(broker(), createTopics, version, {
    topics: wanted.map((topic) => ({
      name: fresh(),
      numPartitions: -1,
      replicationFactor: -1,
      assignments: [],
      configs: [],
      ...topic,
    })),
    validateOnly,
  });

async function createOne(wanted: Wanted, options = {}) {
  const [answer] = (await create([wanted], options)).topics;
  if (answer === undefined) throw new Error('CreateTopics answered nothing');
  return answer;
}

describe('CreateTopics', () => {
  test.each(ends(createTopics))('v%i makes a topic as asked for', async (version) => {
    const name = fresh();
    const configs = [{ name: 'retention.ms', value: '1000' }];
    const answer = await createOne({ name, numPartitions: 3, replicationFactor: 2, configs }, { version });
    expect(answer).toMatchObject({ name, errorCode: none, errorMessage: null });
    const topic = await broker().topics.get(name);
    expect(topic).toMatchObject({ partitions: 3, configs: { 'retention.ms': '1000' } });
    expect(answer.topicId).toBe(version < 7 ? zeroUuid : topic.topicId);
  });

  test('from v5 on the answer has the numbers and every config with its source', async () => {
    const configs = [{ name: 'retention.ms', value: '1000' }];
    const answer = await createOne({ numPartitions: 2, configs }, { version: 5 });
    expect(answer).toMatchObject({ numPartitions: 2, replicationFactor: 1, topicConfigErrorCode: none });
    const shown = new Map(answer.configs?.map((config) => [config.name, config]));
    expect(shown.size).toBe(33);
    expect(shown.get('retention.ms')).toMatchObject({ value: '1000', configSource: 1, readOnly: false });
    expect(shown.get('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5 });
    expect(await createOne({}, { version: 4 })).toMatchObject({ numPartitions: -1, configs: [] });
  });

  test('-1 partitions are as many as the broker says', async () => {
    expect(await createOne({})).toMatchObject({ errorCode: none, numPartitions: 1 });
  });

  test('validate_only checks all, and makes nothing', async () => {
    const taken = await newTopic(broker());
    const name = fresh();
    const wanted = [{ name, numPartitions: 4 }, { name: taken.name }];
    const { topics } = await create(wanted, { validateOnly: true });
    expect(topics[0]).toMatchObject({ name, errorCode: none, numPartitions: 4 });
    expect(topics[1]).toMatchObject({ errorCode: code('TOPIC_ALREADY_EXISTS') });
    expect(await broker().topics.find(name)).toBeUndefined();
  });

  test.each<[KafkaErrorName, string, Wanted]>([
    ['INVALID_TOPIC_EXCEPTION', 'an illegal name', { name: 'a b' }],
    ['INVALID_TOPIC_EXCEPTION', 'no name', { name: '' }],
    ['INVALID_REQUEST', "the controller's own topic", { name: '__cluster_metadata' }],
    ['INVALID_PARTITIONS', 'no partitions', { numPartitions: 0 }],
    ['INVALID_PARTITIONS', 'too many partitions', { numPartitions: 2_000_000 }],
    ['INVALID_REPLICATION_FACTOR', 'no replicas', { replicationFactor: 0 }],
    ['INVALID_REPLICATION_FACTOR', 'too many replicas', { replicationFactor: 4 }],
    ['INVALID_CONFIG', 'an unknown config', { configs: [{ name: 'no.such', value: '1' }] }],
    ['INVALID_CONFIG', 'a config without value', { configs: [{ name: 'retention.ms', value: null }] }],
    ['INVALID_CONFIG', 'a value of another type', { configs: [{ name: 'retention.ms', value: 'x' }] }],
  ])('%s refuses %s, and the neighbour is made', async (error, _what, wanted) => {
    const name = wanted.name ?? fresh();
    const neighbour = fresh();
    const { topics } = await create([{ ...wanted, name }, { name: neighbour }]);
    expect(topics[0]).toMatchObject({ name, errorCode: code(error), numPartitions: -1, topicId: zeroUuid });
    expect(topics[0]?.errorMessage).toMatch(/\w/);
    expect(topics[1]).toMatchObject({ name: neighbour, errorCode: none });
    expect(await broker().topics.find(name)).toBeUndefined();
  });

  test('a topic that is there is TOPIC_ALREADY_EXISTS, and one that differs by a dot is refused', async () => {
    const name = `a.${fresh()}`;
    expect(await createOne({ name })).toMatchObject({ errorCode: none });
    expect(await createOne({ name })).toMatchObject({ errorCode: code('TOPIC_ALREADY_EXISTS') });
    const near = { name: name.replace('.', '_') };
    expect(await createOne(near)).toMatchObject({ errorCode: code('INVALID_TOPIC_EXCEPTION') });
  });

  test('a name given twice is refused, answered once, and not made', async () => {
    const [name, other] = [fresh(), fresh()];
    const { topics } = await create([{ name }, { name: other }, { name }]);
    expect(topics.map((topic) => [topic.name, topic.errorCode])).toEqual([
      [name, code('INVALID_REQUEST')],
      [other, none],
    ]);
    expect(await broker().topics.find(name)).toBeUndefined();
  });

  test('an assignment of replicas says how many partitions there are', async () => {
    const assignments = [
      { partitionIndex: 1, brokerIds: [1] },
      { partitionIndex: 0, brokerIds: [1] },
    ];
    const answer = await createOne({ assignments });
    expect(answer).toMatchObject({ errorCode: none, numPartitions: 2, replicationFactor: 1 });
  });

  const one = [{ partitionIndex: 0, brokerIds: [1] }];
  test.each<[KafkaErrorName, string, Wanted]>([
    ['INVALID_REQUEST', 'a number of partitions', { assignments: one, numPartitions: 1 }],
    ['INVALID_REQUEST', 'a number of replicas', { assignments: one, replicationFactor: 1 }],
    ['INVALID_REPLICA_ASSIGNMENT', 'a gap', { assignments: [{ partitionIndex: 1, brokerIds: [1] }] }],
    ['INVALID_REPLICA_ASSIGNMENT', 'a partition given twice', { assignments: [...one, ...one] }],
    ['INVALID_REPLICA_ASSIGNMENT', 'no broker', { assignments: [{ partitionIndex: 0, brokerIds: [] }] }],
    ['INVALID_REPLICA_ASSIGNMENT', 'a stranger', { assignments: [{ partitionIndex: 0, brokerIds: [9] }] }],
    [
      'INVALID_REPLICA_ASSIGNMENT',
      'a broker given twice',
      { assignments: [{ partitionIndex: 0, brokerIds: [1, 1] }] },
    ],
  ])('%s refuses an assignment with %s', async (error, _what, wanted) => {
    const name = fresh();
    expect(await createOne({ ...wanted, name })).toMatchObject({ errorCode: code(error) });
    expect(await broker().topics.find(name)).toBeUndefined();
  });

  test('what a client sent does not make a message that no answer could carry', async () => {
    const configs = [{ name: 'x'.repeat(32_000), value: '1' }];
    const answer = await createOne({ configs }, { version: 2 });
    expect(answer.errorCode).toBe(code('INVALID_CONFIG'));
    expect(answer.errorMessage?.length).toBeLessThanOrEqual(1_000);
  });
});

describe('DeleteTopics', () => {
  const byName = (names: readonly string[], version: number) =>
    call(
      broker(),
      deleteTopics,
      version,
      version < 6
        ? { topicNames: names, timeoutMs: 1000 }
        : { topics: names.map((name) => ({ name, topicId: zeroUuid })), timeoutMs: 1000 },
    );
  const byId = (topicIds: readonly string[]) =>
    call(broker(), deleteTopics, 6, {
      topics: topicIds.map((topicId) => ({ name: null, topicId })),
      timeoutMs: 1000,
    });

  test.each(ends(deleteTopics))(
    'v%i deletes by name; unknown names do not keep it from it',
    async (version) => {
      const topic = await newTopic(broker());
      const { responses } = await byName([fresh(), topic.name, 'a b'], version);
      const unknown = code('UNKNOWN_TOPIC_OR_PARTITION');
      expect(responses.map(({ errorCode }) => errorCode)).toEqual([unknown, none, unknown]);
      expect(responses[1]?.topicId).toBe(version < 6 ? zeroUuid : topic.topicId);
      expect(await broker().topics.find(topic.name)).toBeUndefined();
    },
  );

  test('v6 deletes by id, and answers name and id', async () => {
    const topic = await newTopic(broker());
    const stranger = randomUUID();
    const { responses } = await byId([topic.topicId, stranger]);
    expect(responses).toMatchObject([
      { name: topic.name, topicId: topic.topicId, errorCode: none },
      { name: null, topicId: stranger, errorCode: code('UNKNOWN_TOPIC_ID') },
    ]);
    expect(await broker().topics.find(topic.name)).toBeUndefined();
  });

  test('an id does not hit the topic that has taken the name since', async () => {
    const first = await newTopic(broker());
    await broker().topics.delete(first.name);
    const second = await broker().topics.create({ name: first.name });
    const { responses } = await byId([first.topicId]);
    expect(responses[0]).toMatchObject({ errorCode: code('UNKNOWN_TOPIC_ID') });
    await expect(broker().topics.delete(first.name, first.topicId)).rejects.toMatchObject({
      errorName: 'UNKNOWN_TOPIC_ID',
    });
    expect(await broker().topics.find(first.name)).toEqual(second);
  });

  test('a topic named twice, or by name and by id, is refused and stays', async () => {
    const [twice, both] = [await newTopic(broker()), await newTopic(broker())];
    const { responses } = await call(broker(), deleteTopics, 6, {
      topics: [
        { name: twice.name, topicId: zeroUuid },
        { name: twice.name, topicId: zeroUuid },
        { name: both.name, topicId: zeroUuid },
        { name: null, topicId: both.topicId },
      ],
      timeoutMs: 1000,
    });
    const invalid = code('INVALID_REQUEST');
    expect(responses.map(({ errorCode }) => errorCode)).toEqual([invalid, invalid, invalid]);
    for (const topic of [twice, both]) expect(await broker().topics.find(topic.name)).toEqual(topic);
  });

  test('a topic with name and id, or with neither, is refused', async () => {
    const topic = await newTopic(broker());
    const { responses } = await call(broker(), deleteTopics, 6, {
      topics: [
        { name: topic.name, topicId: topic.topicId },
        { name: null, topicId: zeroUuid },
      ],
      timeoutMs: 1000,
    });
    expect(responses).toMatchObject([
      { errorCode: code('INVALID_REQUEST'), errorMessage: expect.stringMatching(/\w/) },
      { errorCode: code('INVALID_REQUEST') },
    ]);
    expect(await broker().topics.find(topic.name)).toEqual(topic);
  });
});

describe('CreatePartitions', () => {
  type More = { name: string; count: number; assignments?: { brokerIds: number[] }[] | null };
  const add = async (topics: readonly More[], { version = 3, validateOnly = false } = {}) => {
    const wanted = topics.map((topic) => ({ assignments: null, ...topic }));
    const body = { topics: wanted, timeoutMs: 1000, validateOnly };
    return (await call(broker(), createPartitions, version, body)).results;
  };
  const partitionsOf = async (name: string) => (await broker().topics.get(name)).partitions;

  test.each(ends(createPartitions))('v%i adds partitions, and refuses what is not more', async (version) => {
    const [one, two] = [await newTopic(broker()), await newTopic(broker(), { partitions: 2 })];
    const wanted = [
      { name: one.name, count: 3 },
      { name: two.name, count: 2 },
      { name: 'no-such', count: 9 },
    ];
    const results = await add(wanted, { version });
    expect(results.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      [one.name, none],
      [two.name, code('INVALID_PARTITIONS')],
      ['no-such', code('UNKNOWN_TOPIC_OR_PARTITION')],
    ]);
    expect([await partitionsOf(one.name), await partitionsOf(two.name)]).toEqual([3, 2]);
  });

  test('validate_only adds none', async () => {
    const { name } = await newTopic(broker());
    expect((await add([{ name, count: 5 }], { validateOnly: true }))[0]).toMatchObject({ errorCode: none });
    expect(await partitionsOf(name)).toBe(1);
  });

  test('a topic named twice is refused and stays as it was', async () => {
    const { name } = await newTopic(broker());
    const results = await add([
      { name, count: 2 },
      { name, count: 3 },
    ]);
    expect(results).toMatchObject([{ name, errorCode: code('INVALID_REQUEST') }]);
    expect(await partitionsOf(name)).toBe(1);
  });

  test.each([
    ['too few', [[1]], 'INVALID_REPLICA_ASSIGNMENT'],
    ['too many', [[1], [1], [1]], 'INVALID_REPLICA_ASSIGNMENT'],
    ['none', [], 'INVALID_REPLICA_ASSIGNMENT'],
    ['a stranger', [[1], [7]], 'INVALID_REPLICA_ASSIGNMENT'],
    ['as many as are added', [[1], [1]], 'NONE'],
  ] as const)('with replicas assigned to %s (%j) the answer is %s', async (_what, brokers, error) => {
    const { name } = await newTopic(broker());
    const assignments = brokers.map((brokerIds) => ({ brokerIds: [...brokerIds] }));
    expect((await add([{ name, count: 3, assignments }]))[0]).toMatchObject({ errorCode: code(error) });
    expect(await partitionsOf(name)).toBe(error === 'NONE' ? 3 : 1);
  });
});

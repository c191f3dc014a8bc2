import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { kafkaErrors } from '../../shared/kafka/error-codes.ts';
import { metadata } from '../../shared/protocol/messages/metadata.ts';
import { zeroUuid } from '../../shared/protocol/uuid.ts';
import { LocalCluster } from '../../shared/runtime/local-cluster.ts';
import { type BrokerEngine, call, newTopic, openBroker } from '../support/broker-engine.ts';
import type { OpenStores } from './engine.ts';

type World = () => { stores: OpenStores; engine: BrokerEngine };
const versions = Array.from({ length: 14 }, (_, n) => n);
const { code: none } = kafkaErrors.NONE;
const newName = (): string => `t-${randomUUID()}`;

type Asked = { name?: string | null; topicId?: string };

async function metadataOf(
  engine: Pick<BrokerEngine, 'broker'>,
  version: number,
  asked: readonly Asked[] | null,
  options: { allowAutoTopicCreation?: boolean; includeTopicAuthorizedOperations?: boolean } = {},
) {
  const topics = asked?.map(({ name = null, topicId = zeroUuid }) =>
    version >= 10 ? { name, topicId } : { name },
  );
  const { allowAutoTopicCreation = false, includeTopicAuthorizedOperations = false } = options;
  return call(engine, metadata, version, {
    topics: topics ?? null,
    ...(version >= 4 ? { allowAutoTopicCreation } : {}),
    ...(version >= 8 ? { includeTopicAuthorizedOperations } : {}),
  } as never);
}

export function metadataTests(world: World): void {
  describe('Metadata', () => {
    answerTests(world);
    creationTests(world);
    refusalTests(world);
  });
}

function answerTests(world: World): void {
  test.each(versions)('v%i describes the brokers and a topic', async (version) => {
    const { engine } = world();
    const topic = await newTopic(engine, { partitions: 2 });
    const answer = await metadataOf(engine, version, [{ name: topic.name }]);
    expect(answer.brokers).toMatchObject([{ nodeId: 1, host: '127.0.0.1', port: 9092, rack: null }]);
    expect(answer.controllerId).toBe(version >= 1 ? 1 : -1);
    expect(answer.clusterId).toBe(version >= 2 ? 'test-cluster' : null);
    expect(answer.errorCode).toBe(none);
    expect(answer.topics).toMatchObject([{ errorCode: none, name: topic.name, isInternal: false }]);
    const [described] = answer.topics;
    expect(described?.topicId).toBe(version >= 10 ? topic.topicId : zeroUuid);
    expect(described?.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([0, 1]);
    for (const partition of described?.partitions ?? []) {
      expect(partition).toMatchObject({ errorCode: none, leaderId: 1, replicaNodes: [1], isrNodes: [1] });
      expect(partition.leaderEpoch).toBe(version >= 7 ? 0 : -1);
      expect(partition.offlineReplicas).toEqual([]);
    }
  });

  test.each(versions)('v%i: all topics, and none', async (version) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const all = await metadataOf(engine, version, version === 0 ? [] : null);
    expect(all.topics.map(({ name }) => name)).toContain(topic.name);
    if (version === 0) return; // it cannot ask for none
    expect((await metadataOf(engine, version, [])).topics).toEqual([]);
  });

  test.each([12, 13])('v%i describes topics by id, unknown ones as UNKNOWN_TOPIC_ID', async (version) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const stranger = randomUUID();
    const { topics } = await metadataOf(engine, version, [{ topicId: topic.topicId }, { topicId: stranger }]);
    expect(topics).toMatchObject([
      { errorCode: none, name: topic.name, topicId: topic.topicId },
      { errorCode: kafkaErrors.UNKNOWN_TOPIC_ID.code, name: null, topicId: stranger, partitions: [] },
    ]);
  });

  test('a topic that is asked for twice is described once, as in Kafka', async () => {
    const { engine } = world();
    const { name } = await newTopic(engine);
    const { topics } = await metadataOf(engine, 9, [{ name }, { name: 'missing' }, { name }]);
    expect(topics.map((topic) => topic.name)).toEqual([name, 'missing']);
  });

  test('operations are told where they are asked for: everything is allowed', async () => {
    const { engine } = world();
    const { name } = await newTopic(engine);
    const without = await metadataOf(engine, 8, [{ name }]);
    expect(without.topics[0]?.topicAuthorizedOperations).toBe(-2147483648);
    expect(without.clusterAuthorizedOperations).toBe(-2147483648);
    const answer = await call(engine, metadata, 8, {
      topics: [{ name }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
      includeClusterAuthorizedOperations: true,
    } as never);
    expect(answer.topics[0]?.topicAuthorizedOperations).toBe(3576); // as Apache Kafka 4.1 without an authorizer
    expect(answer.clusterAuthorizedOperations).toBe(8096);
  });
}

function creationTests(world: World): void {
  test.each(versions)(
    'v%i makes a topic on first use, if the client and the broker allow it',
    async (version) => {
      const { stores, engine } = world();
      const refused = openBroker({ stores, settings: { autoCreateTopics: false } });
      const name = newName();
      const unknown = kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code;
      const asked = (at: BrokerEngine, allowAutoTopicCreation: boolean) =>
        metadataOf(at, version, [{ name }], { allowAutoTopicCreation });
      expect((await asked(refused, true)).topics).toMatchObject([
        { errorCode: unknown, name, partitions: [] },
      ]);
      if (version >= 4)
        expect((await asked(engine, false)).topics).toMatchObject([
          { errorCode: unknown, name, partitions: [] },
        ]);
      const made = await asked(engine, true);
      expect(made.topics).toMatchObject([{ errorCode: none, name }]);
      expect(made.topics[0]?.partitions.length).toBe(1);
      expect((await engine.topics.get(name)).partitions).toBe(1);
    },
  );

  test('many who ask at once for the same missing topic get the same one', async () => {
    const { stores, engine } = world();
    const other = openBroker({ stores });
    const name = newName();
    const asked = Array.from({ length: 10 }, (_, n) =>
      metadataOf(n % 2 === 0 ? engine : other, 12, [{ name }], { allowAutoTopicCreation: true }),
    );
    const topics = (await Promise.all(asked)).flatMap((answer) => [...answer.topics]);
    expect(topics.map(({ errorCode }) => errorCode)).toEqual(Array(10).fill(none));
    expect(new Set(topics.map(({ topicId }) => topicId)).size).toBe(1);
  });
}

function refusalTests(world: World): void {
  test.each(['', '.', '..', 'a b', 'ä', 'a/b', 'x'.repeat(250)])(
    "the illegal name '%s' is INVALID_TOPIC_EXCEPTION, to be created or not",
    async (name) => {
      const { engine } = world();
      for (const allowAutoTopicCreation of [true, false]) {
        const { topics } = await metadataOf(engine, 9, [{ name }], { allowAutoTopicCreation });
        const expected = { errorCode: kafkaErrors.INVALID_TOPIC_EXCEPTION.code, name, partitions: [] };
        expect(topics).toMatchObject([expected]);
      }
    },
  );

  test('one illegal or unknown topic does not hide its neighbours', async () => {
    const { engine } = world();
    const { name } = await newTopic(engine);
    const { topics } = await metadataOf(engine, 9, [{ name: 'a b' }, { name }, { name: 'missing' }]);
    expect(topics.map(({ errorCode }) => errorCode)).toEqual([
      kafkaErrors.INVALID_TOPIC_EXCEPTION.code,
      none,
      kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code,
    ]);
  });

  test('names that differ only by . and _ collide', async () => {
    const { engine } = world();
    const name = newName();
    await engine.topics.create({ name: `${name}.x` });
    const asked = [{ name: `${name}_x` }];
    const { topics } = await metadataOf(engine, 9, asked, { allowAutoTopicCreation: true });
    expect(topics[0]?.errorCode).toBe(kafkaErrors.INVALID_TOPIC_EXCEPTION.code);
  });

  test.each([10, 11])('v%i has ids in its answers only', async (version) => {
    const { engine } = world();
    const { name, topicId } = await newTopic(engine);
    const { topics } = await metadataOf(engine, version, [{ topicId }, { name, topicId }]);
    const { code } = kafkaErrors.INVALID_REQUEST;
    expect(topics).toMatchObject([
      { errorCode: code, name: '' },
      { errorCode: code, name },
    ]);
  });

  test('brokers that are known later are told later, and the dead are not', async () => {
    const { stores } = world();
    const nodes = [{ id: 4, host: 'a', port: 1, rack: 'r' }];
    const cluster = new LocalCluster('c', () => nodes);
    const engine = openBroker({ stores, cluster });
    const idsNow = async () => (await metadataOf(engine, 12, [])).brokers.map(({ nodeId }) => nodeId);
    expect(await idsNow()).toEqual([4]);
    nodes.push({ id: 5, host: 'b', port: 2, rack: 'r' });
    expect(await idsNow()).toEqual([4, 5]);
    cluster.stop(4);
    expect(await idsNow()).toEqual([5]);
  });
}

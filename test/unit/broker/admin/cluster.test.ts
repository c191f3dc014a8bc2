import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { KafkaErrorName } from '../../../../shared/kafka/error-codes.ts';
import { describeCluster } from '../../../../shared/protocol/messages/describe-cluster.ts';
import { describeTopicPartitions } from '../../../../shared/protocol/messages/describe-topic-partitions.ts';
import { electLeaders } from '../../../../shared/protocol/messages/elect-leaders.ts';
import { listPartitionReassignments } from '../../../../shared/protocol/messages/list-partition-reassignments.ts';
import { zeroUuid } from '../../../../shared/protocol/uuid.ts';
import { LocalCluster } from '../../../../shared/runtime/local-cluster.ts';
import { call, newTopic } from '../../../support/broker-engine.ts';
import { brokerInMemory, code, ends, none } from './admin-bench.ts';

const nodes = [1, 2, 3].map((id) => ({
  id,
  host: `host-${id}`,
  port: 9091 + id,
  rack: id === 1 ? 'a' : null,
}));
const cluster = new LocalCluster('cluster-of-three', () => nodes);
const broker = brokerInMemory({ cluster });
const noOperations = -2_147_483_648;

describe('DescribeCluster', () => {
  test.each(ends(describeCluster))(
    'v%i names the cluster, its controller and its brokers',
    async (version) => {
      const body = { includeClusterAuthorizedOperations: false, ...(version > 0 ? { endpointType: 1 } : {}) };
      const answer = await call(broker(), describeCluster, version, body);
      expect(answer).toMatchObject({ errorCode: none, clusterId: 'cluster-of-three', controllerId: 1 });
      expect(answer.brokers).toEqual([
        { brokerId: 1, host: 'host-1', port: 9092, rack: 'a', isFenced: false },
        { brokerId: 2, host: 'host-2', port: 9093, rack: null, isFenced: false },
        { brokerId: 3, host: 'host-3', port: 9094, rack: null, isFenced: false },
      ]);
      expect(answer.clusterAuthorizedOperations).toBe(noOperations);
    },
  );

  test('what one may do is told when it is asked for: everything, as bits', async () => {
    const body = { includeClusterAuthorizedOperations: true };
    expect(await call(broker(), describeCluster, 2, body)).toMatchObject({
      clusterAuthorizedOperations: 0b1_1111_1010_0000,
    });
  });

  test.each<[KafkaErrorName, number]>([
    ['MISMATCHED_ENDPOINT_TYPE', 2],
    ['UNSUPPORTED_ENDPOINT_TYPE', 3],
  ])('%s refuses endpoints of type %i', async (error, endpointType) => {
    const body = { includeClusterAuthorizedOperations: false, endpointType };
    const answer = await call(broker(), describeCluster, 1, body);
    expect(answer).toMatchObject({ errorCode: code(error), clusterId: '', controllerId: -1, brokers: [] });
  });
});

describe('ElectLeaders', () => {
  const elect = (topicPartitions: { topic: string; partitions: number[] }[] | null, version = 2, type = 0) =>
    call(broker(), electLeaders, version, {
      topicPartitions,
      ...(version > 0 ? { electionType: type } : {}),
    });

  test.each(ends(electLeaders))('v%i: no partition needs one, and strangers are unknown', async (version) => {
    const { name } = await newTopic(broker(), { partitions: 2 });
    const wanted = [
      { topic: name, partitions: [0, 1, 2, -1] },
      { topic: 'no-such', partitions: [0] },
    ];
    const { errorCode, replicaElectionResults: results } = await elect(wanted, version);
    expect(errorCode).toBe(none);
    const codes = results.map((one) => one.partitionResult.map((partition) => partition.errorCode));
    const [notNeeded, unknown] = [code('ELECTION_NOT_NEEDED'), code('UNKNOWN_TOPIC_OR_PARTITION')];
    expect(codes).toEqual([[notNeeded, notNeeded, unknown, unknown], [unknown]]);
    expect(results[0]?.partitionResult.map(({ partitionId }) => partitionId)).toEqual([0, 1, 2, -1]);
  });

  test('all partitions: none needed one, so none is named', async () => {
    await newTopic(broker());
    expect(await elect(null)).toMatchObject({ errorCode: none, replicaElectionResults: [] });
  });

  test('an election type that there is not is INVALID_REQUEST, of the whole and of each', async () => {
    const { name } = await newTopic(broker());
    const answer = await elect([{ topic: name, partitions: [0] }], 2, 7);
    expect(answer).toMatchObject({
      errorCode: code('INVALID_REQUEST'),
      replicaElectionResults: [{ topic: name, partitionResult: [{ errorCode: code('INVALID_REQUEST') }] }],
    });
  });
});

describe('ListPartitionReassignments', () => {
  test.each([null, 'a topic'])('asked for %s: nothing moves', async (what) => {
    const { name } = await newTopic(broker());
    const topics = what === null ? null : [{ name, partitionIndexes: [0] }];
    const answer = await call(broker(), listPartitionReassignments, 0, { topics });
    expect(answer).toMatchObject({ errorCode: none, errorMessage: null, topics: [] });
  });
});

describe('DescribeTopicPartitions', () => {
  type Cursor = { topicName: string; partitionIndex: number };
  const page = (names: readonly string[], limit = 2000, cursor: Cursor | null = null) =>
    call(broker(), describeTopicPartitions, 0, {
      topics: names.map((name) => ({ name })),
      responsePartitionLimit: limit,
      cursor,
    });
  /** Two topics, p with 4 partitions and q with 2, of a name that no other test has. */
  const twoTopics = async (): Promise<{ p: string; q: string }> => {
    const stem = randomUUID();
    const [p, q] = [`${stem}p`, `${stem}q`];
    await broker().topics.create({ name: p, partitions: 4 });
    await broker().topics.create({ name: q, partitions: 2 });
    return { p, q };
  };

  test('topics come by name with their leaders, spread over the brokers; strangers by themselves', async () => {
    const { topicId, name } = await newTopic(broker(), { partitions: 3 });
    const { topics, nextCursor } = await page(['zz-no-such', name, 'a b', name]);
    expect(nextCursor).toBeNull();
    expect(topics.map((topic) => [topic.name, topic.errorCode])).toEqual([
      ['a b', code('INVALID_TOPIC_EXCEPTION')],
      [name, none],
      ['zz-no-such', code('UNKNOWN_TOPIC_OR_PARTITION')],
    ]);
    expect(topics[2]).toMatchObject({ topicId: zeroUuid, partitions: [] });
    expect(topics[1]).toMatchObject({ topicId, isInternal: false, topicAuthorizedOperations: 3576 });
    const leaders = topics[1]?.partitions.map(({ leaderId }) => leaderId) ?? [];
    expect([...leaders].sort()).toEqual([1, 2, 3]);
    topics[1]?.partitions.forEach((partition, partitionIndex) => {
      const replicas = [partition.leaderId];
      expect(partition).toMatchObject({ partitionIndex, leaderEpoch: 0, replicaNodes: replicas });
      expect(partition).toMatchObject({
        isrNodes: replicas,
        offlineReplicas: [],
        eligibleLeaderReplicas: [],
      });
    });
  });

  // As Apache Kafka 4.1 answers them.
  test.each([
    [3, null, 'p:0,1,2', 'p 3'],
    [4, null, 'p:0,1,2,3', 'q 0'],
    [5, null, 'p:0,1,2,3 q:0', 'q 1'],
    [6, null, 'p:0,1,2,3 q:0,1', null],
    [0, null, 'p:0', 'p 1'],
    [-5, null, 'p:0', 'p 1'],
    [1, 'p 3', 'p:3', 'q 0'],
    [1, 'p 4', 'p: q:0', 'q 1'],
    [1, 'q 1', 'q:1', null],
  ])('%i partitions from cursor %s on are %s, and then %s', async (limit, from, expected, then) => {
    const { p, q } = await twoTopics();
    const names = { p, q };
    const cursorOf = (text: string): Cursor => ({
      topicName: text.startsWith('p') ? p : q,
      partitionIndex: Number(text.slice(2)),
    });
    const cursor = from === null ? null : cursorOf(from);
    const { topics, nextCursor } = await page([q, p], limit, cursor);
    const shown = topics.map(
      ({ name, partitions }) =>
        `${name === names.p ? 'p' : 'q'}:${partitions.map(({ partitionIndex }) => partitionIndex)}`,
    );
    expect(shown.join(' ')).toBe(expected);
    expect(nextCursor).toEqual(then === null ? null : cursorOf(then));
  });

  test('all topics, page by page, are every partition once', async () => {
    await twoTopics();
    const seen: string[] = [];
    let cursor: Cursor | null = null;
    for (let pages = 0; pages === 0 || cursor !== null; pages++) {
      expect(pages).toBeLessThan(100);
      const answer: Awaited<ReturnType<typeof page>> = await page([], 3, cursor);
      for (const { name, partitions } of answer.topics)
        for (const { partitionIndex } of partitions) seen.push(`${name} ${partitionIndex}`);
      cursor = answer.nextCursor;
    }
    const topics = [...(await broker().topics.list())].sort((a, b) => (a.name < b.name ? -1 : 1));
    const there = topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => `${name} ${partition}`),
    );
    expect(seen).toEqual(there);
  });

  test('a cursor that leads nowhere is INVALID_REQUEST for every topic asked for', async () => {
    const { p, q } = await twoTopics();
    for (const cursor of [
      { topicName: p, partitionIndex: -1 },
      { topicName: `${p}x`, partitionIndex: 0 },
    ]) {
      const { topics, nextCursor } = await page([p, q], 2000, cursor);
      const refused = { errorCode: code('INVALID_REQUEST'), partitions: [] };
      expect(topics).toMatchObject([
        { name: p, ...refused },
        { name: q, ...refused },
      ]);
      expect(nextCursor).toBeNull();
    }
  });
});

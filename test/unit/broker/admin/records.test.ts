import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/base/clock.ts';
import { seededRandom } from '../../../../shared/base/random.ts';
import { deleteRecords } from '../../../../shared/protocol/messages/delete-records.ts';
import { describeLogDirs } from '../../../../shared/protocol/messages/describe-log-dirs.ts';
import { describeProducers } from '../../../../shared/protocol/messages/describe-producers.ts';
import { LocalCluster } from '../../../../shared/runtime/local-cluster.ts';
import { openMemoryStores } from '../../../../shared/storage/memory/open-memory-stores.ts';
import {
  type BrokerEngine,
  batchOf,
  call,
  decodedAnswer,
  frameOf,
  newTopic,
  openBroker,
  produceTo,
  testCaller,
} from '../../../support/broker-engine.ts';
import { brokerInMemory, code, ends, none } from './admin-bench.ts';

const nodes = [1, 2, 3].map((id) => ({ id, host: '127.0.0.1', port: 9091 + id, rack: null }));
/** Pages and evictions come early. */
const logSettings = { producersInHeadMax: 2, pageEntries: 4 };
const broker = brokerInMemory({ logSettings });
const unknown = code('UNKNOWN_TOPIC_OR_PARTITION');

async function produceMany(engine: BrokerEngine, topic: string, count: number): Promise<number> {
  const batch = batchOf(['x'.repeat(100)]);
  for (let n = 0; n < count; n++) await produceTo(engine, topic, batch);
  await engine.logs.drain();
  return batch.length;
}

describe('DeleteRecords', () => {
  const remove = async (name: string, wanted: readonly [number, bigint][], version = 2) => {
    const partitions = wanted.map(([partitionIndex, offset]) => ({ partitionIndex, offset }));
    const body = { topics: [{ name, partitions }], timeoutMs: 1000 };
    const { topics } = await call(broker(), deleteRecords, version, body);
    return topics.flatMap((topic) =>
      topic.partitions.map((one) => [one.partitionIndex, one.errorCode, one.lowWatermark]),
    );
  };

  test.each(ends(deleteRecords))('v%i moves the log start offset, forward only', async (version) => {
    const topic = await newTopic(broker(), { partitions: 2 });
    await produceMany(broker(), topic.name, 5);
    expect(await remove(topic.name, [[0, 3n]], version)).toEqual([[0, none, 3n]]);
    expect(await remove(topic.name, [[0, 1n]], version)).toEqual([[0, none, 3n]]);
    expect(await remove(topic.name, [[0, -1n]], version)).toEqual([[0, none, 5n]]);
    const { logStartOffset } = await broker().logs.offsets({ topicId: topic.topicId, partition: 0 });
    expect(logStartOffset).toBe(5n);
  });

  test('an offset beyond the end is OFFSET_OUT_OF_RANGE, and its neighbour is moved', async () => {
    const { name } = await newTopic(broker(), { partitions: 1 });
    await produceMany(broker(), name, 2);
    const outside = code('OFFSET_OUT_OF_RANGE');
    expect(await remove(name, [[0, 3n]])).toEqual([[0, outside, -1n]]);
    expect(
      await remove(name, [
        [0, -2n],
        [1, 0n],
        [0, 1n],
      ]),
    ).toEqual([
      [0, outside, -1n],
      [1, unknown, -1n],
      [0, none, 1n],
    ]);
    expect(await remove('no-such', [[0, 0n]])).toEqual([[0, unknown, -1n]]);
  });

  test.each([
    ['compact', 'POLICY_VIOLATION'],
    ['compact,delete', 'NONE'],
  ] as const)('a topic with cleanup.policy=%s answers %s', async (policy, error) => {
    const { name } = await newTopic(broker(), { configs: { 'cleanup.policy': policy } });
    const [answer] = await remove(name, [[0, -1n]]);
    expect(answer?.[1]).toBe(code(error));
  });
});

describe('DescribeLogDirs', () => {
  const dirsOf = async (
    engine: BrokerEngine,
    topics: readonly { topic: string; partitions: number[] }[] | null,
    { version = 4, brokerId = 1 } = {},
  ) => {
    const caller = { ...testCaller, brokerId };
    const { signal } = new AbortController();
    const { answer } = engine.broker.serve(frameOf(describeLogDirs, version, { topics }), caller, signal);
    const { errorCode, results } = decodedAnswer(describeLogDirs, version, await answer);
    expect([errorCode, results.length, results[0]?.errorCode]).toEqual([none, 1, none]);
    return results[0]?.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, partitionSize }) => [name, partitionIndex, partitionSize]),
    );
  };

  test.each(ends(describeLogDirs))(
    'v%i answers the sizes of partitions, without strangers',
    async (version) => {
      const { name } = await newTopic(broker(), { partitions: 2 });
      const bytes = await produceMany(broker(), name, 3);
      const wanted = [
        { topic: name, partitions: [1, 0, 0, 7, -1] },
        { topic: 'no-such', partitions: [0] },
      ];
      expect(await dirsOf(broker(), wanted, { version })).toEqual([
        [name, 1, 0n],
        [name, 0, BigInt(3 * bytes)],
      ]);
      expect(await dirsOf(broker(), [], { version })).toEqual([]);
    },
  );

  test('the size is what lies from the log start offset on, in tail, pages and segments', async () => {
    const { name, topicId } = await newTopic(broker());
    const bytes = await produceMany(broker(), name, 30);
    for (const start of [0n, 1n, 5n, 13n, 28n, 30n]) {
      await broker().logs.deleteRecordsBefore({ topicId, partition: 0 }, start);
      const [shown] = (await dirsOf(broker(), [{ topic: name, partitions: [0] }])) ?? [];
      expect(shown, `from ${start} on`).toEqual([name, 0, BigInt(bytes) * (30n - start)]);
    }
  });

  test('three brokers asked for everything name each partition once', async () => {
    const stores = openMemoryStores({ clock: systemClock, random: seededRandom(5) });
    const engine = openBroker({ stores, cluster: new LocalCluster('three', () => nodes) });
    const topics = [await newTopic(engine, { partitions: 3 }), await newTopic(engine, { partitions: 6 })];
    const answers = await Promise.all([1, 2, 3].map((brokerId) => dirsOf(engine, null, { brokerId })));
    for (const answer of answers) expect(answer?.length).toBe(3);
    const named = answers.flatMap((answer) =>
      (answer ?? []).map(([name, partition]) => `${name} ${partition}`),
    );
    const there = topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => `${name} ${partition}`),
    );
    expect(named.sort()).toEqual(there.sort());
  });
});

describe('DescribeProducers', () => {
  const producersOf = async (topics: readonly { name: string; partitionIndexes: number[] }[]) =>
    (await call(broker(), describeProducers, 0, { topics })).topics;
  const idempotent = (producerId: bigint, baseSequence: number, timestamp: bigint, producerEpoch = 0) =>
    batchOf(['a', 'b'], { producerId, producerEpoch, baseSequence, timestamp });

  test('every producer that the partition knows, with its last sequence and time', async () => {
    const { name } = await newTopic(broker(), { partitions: 2 });
    const now = BigInt(systemClock.nowMs());
    await produceTo(broker(), name, idempotent(7n, 0, now - 5n));
    await produceTo(broker(), name, idempotent(7n, 2, now));
    await produceTo(broker(), name, idempotent(5n, 0, now - 9n, 3));
    await produceTo(broker(), name, batchOf(['plain']));
    const [topic] = await producersOf([{ name, partitionIndexes: [0, 1] }]);
    const unbound = { coordinatorEpoch: -1, currentTxnStartOffset: -1n };
    expect(topic?.partitions).toEqual([
      {
        partitionIndex: 0,
        errorCode: none,
        errorMessage: null,
        activeProducers: [
          { producerId: 5n, producerEpoch: 3, lastSequence: 1, lastTimestamp: now - 9n, ...unbound },
          { producerId: 7n, producerEpoch: 0, lastSequence: 3, lastTimestamp: now, ...unbound },
        ],
      },
      { partitionIndex: 1, errorCode: none, errorMessage: null, activeProducers: [] },
    ]);
  });

  test('producers that had to leave the head are still told of', async () => {
    const { name, topicId } = await newTopic(broker());
    const now = BigInt(systemClock.nowMs());
    const ids = Array.from({ length: 6 }, (_, n) => BigInt(n + 1));
    for (const id of ids) await produceTo(broker(), name, idempotent(id, 0, now));
    await produceMany(broker(), name, 40);
    const producers = await broker().logs.producers({ topicId, partition: 0 });
    expect(producers.map(({ producerId, lastSequence }) => [producerId, lastSequence])).toEqual(
      ids.map((id) => [id, 1]),
    );
    expect(producers[0]?.lastTimestamp).toBe(-1n);
  });

  test('unknown partitions, topics and illegal names are answered each by themselves, once', async () => {
    const { name } = await newTopic(broker());
    const topics = await producersOf([
      { name, partitionIndexes: [0, 9, 9] },
      { name: 'no-such', partitionIndexes: [0] },
      { name: 'a b', partitionIndexes: [0] },
    ]);
    const codes = topics.map((topic) => topic.partitions.map(({ errorCode }) => errorCode));
    expect(codes).toEqual([[none, unknown], [unknown], [code('INVALID_TOPIC_EXCEPTION')]]);
  });
});

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { kafkaErrors } from '../../shared/kafka/error-codes.ts';
import { fetch } from '../../shared/protocol/messages/fetch.ts';
import { zeroUuid } from '../../shared/protocol/uuid.ts';
import {
  type BrokerEngine,
  batchOf,
  call,
  fetchAll,
  fetchBody,
  fetchFrom,
  newTopic,
  openBroker,
  produceTo,
  valuesOf,
} from '../support/broker-engine.ts';
import type { OpenStores } from './engine.ts';

type World = () => { stores: OpenStores; engine: BrokerEngine };
const versions = Array.from({ length: 14 }, (_, n) => 4 + n);
const { code: none } = kafkaErrors.NONE;
/** Longer than any test waits for what should come at once. */
const longMs = 25_000;

export function fetchTests(world: World): void {
  describe('Fetch', () => {
    answerTests(world);
    unknownTests(world);
    limitTests(world);
    waitTests(world);
  });
}

function answerTests(world: World): void {
  test.each(versions)('v%i answers batches, offsets and no session', async (version) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['a', 'b']));
    const body = fetchBody([{ topic, offset: 0n }], { version, sessionEpoch: 0 });
    const { errorCode, sessionId, responses } = await call(engine, fetch, version, body as never);
    expect({ errorCode, sessionId }).toEqual({ errorCode: none, sessionId: 0 });
    expect(responses[0]?.topic).toBe(version < 13 ? topic.name : '');
    expect(responses[0]?.topicId).toBe(version < 13 ? zeroUuid : topic.topicId);
    const [partition] = responses[0]?.partitions ?? [];
    expect(partition).toMatchObject({ partitionIndex: 0, errorCode: none, highWatermark: 2n });
    expect(partition).toMatchObject({ lastStableOffset: 2n, logStartOffset: version < 5 ? -1n : 0n });
    expect(partition?.abortedTransactions).toBeNull();
    expect(valuesOf(partition ?? { records: null })).toEqual([
      [0n, 'a'],
      [1n, 'b'],
    ]);
  });

  test('an offset in the middle of a batch answers the whole batch, as in Kafka', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['a', 'b', 'c']));
    await produceTo(engine, topic.name, batchOf(['d']));
    const offsets = valuesOf(await fetchFrom(engine, topic, 1n)).map(([offset]) => offset);
    expect(offsets).toEqual([0n, 1n, 2n, 3n]);
    expect(valuesOf(await fetchFrom(engine, topic, 3n))).toEqual([[3n, 'd']]);
  });

  test('at the end of the log nothing is answered, outside it OFFSET_OUT_OF_RANGE', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['a', 'b']));
    await engine.logs.deleteRecordsBefore({ topicId: topic.topicId, partition: 0 }, 1n);
    const end = await fetchFrom(engine, topic, 2n);
    expect(end).toMatchObject({ errorCode: none, highWatermark: 2n, logStartOffset: 1n });
    expect(end.records?.length).toBe(0);
    for (const offset of [0n, 3n, -1n]) {
      const outside = await fetchFrom(engine, topic, offset);
      expect(outside.errorCode).toBe(kafkaErrors.OFFSET_OUT_OF_RANGE.code);
      expect(outside.highWatermark).toBe(-1n);
    }
  });

  test('read_committed answers a list of aborted transactions, read_uncommitted none', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['a']));
    const committed = await fetchFrom(engine, topic, 0n, { isolationLevel: 1 });
    expect(committed).toMatchObject({ errorCode: none, lastStableOffset: 1n, abortedTransactions: [] });
    expect(valuesOf(committed)).toEqual([[0n, 'a']]);
    expect((await fetchFrom(engine, topic, 0n)).abortedTransactions).toBeNull();
  });

  test('a leader epoch that was never given is UNKNOWN_LEADER_EPOCH', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['a']));
    for (const currentLeaderEpoch of [-1, 0])
      expect((await fetchFrom(engine, topic, 0n, { currentLeaderEpoch })).errorCode).toBe(none);
    const { errorCode } = await fetchFrom(engine, topic, 0n, { currentLeaderEpoch: 1 });
    expect(errorCode).toBe(kafkaErrors.UNKNOWN_LEADER_EPOCH.code);
  });

  test.each([
    [0, 0, none],
    [0, -1, none],
    [55, -1, none], // the end of a session, with a whole fetch
    [55, 3, kafkaErrors.FETCH_SESSION_ID_NOT_FOUND.code],
    [0, 1, kafkaErrors.FETCH_SESSION_ID_NOT_FOUND.code],
  ])('of session %i epoch %i is answered error %i and session 0', async (id, epoch, expected) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const body = fetchBody([{ topic, offset: 0n }], { sessionId: id, sessionEpoch: epoch });
    const { errorCode, sessionId, responses } = await call(engine, fetch, 12, body as never);
    expect({ errorCode, sessionId }).toEqual({ errorCode: expected, sessionId: 0 });
    expect(responses.length).toBe(expected === none ? 1 : 0);
  });

  test('zstd topics are closed to versions before 10, as in Kafka', async () => {
    const { engine } = world();
    const topic = await newTopic(engine, { configs: { 'compression.type': 'zstd' } });
    await produceTo(engine, topic.name, batchOf(['a']));
    const { errorCode } = await fetchFrom(engine, topic, 0n, { version: 9 });
    expect(errorCode).toBe(kafkaErrors.UNSUPPORTED_COMPRESSION_TYPE.code);
    expect(valuesOf(await fetchFrom(engine, topic, 0n, { version: 10 }))).toEqual([[0n, 'a']]);
  });
}

function unknownTests(world: World): void {
  test('unknown topics, ids and partitions are named, and their neighbours served', async () => {
    const { engine } = world();
    const topic = await newTopic(engine, { partitions: 2 });
    await produceTo(engine, topic.name, batchOf(['a']), { partition: 1 });
    const stranger = { name: 'missing', topicId: randomUUID() };
    const wanted = [
      { topic: stranger, partition: 0, offset: 0n },
      { topic, partition: 2, offset: 0n },
      { topic, partition: -1, offset: 0n },
      { topic, partition: 1, offset: 0n },
    ];
    const unknown = kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code;
    const byName = (await fetchAll(engine, wanted)).map(({ errorCode }) => errorCode);
    expect(byName).toEqual([unknown, unknown, unknown, none]);
    const byId = (await fetchAll(engine, wanted, { version: 17 })).map(({ errorCode }) => errorCode);
    expect(byId).toEqual([kafkaErrors.UNKNOWN_TOPIC_ID.code, unknown, unknown, none]);
  });

  test.each([12, 17])('v%i forgets a topic that another process deleted', async (version) => {
    const { stores, engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['a']));
    await openBroker({ stores }).topics.delete(topic.name);
    const { code } = kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION;
    expect((await fetchFrom(engine, topic, 0n, { version })).errorCode).toBe(code);
    const then = await fetchFrom(engine, topic, 0n, { version });
    expect(then.errorCode).toBe(version < 13 ? code : kafkaErrors.UNKNOWN_TOPIC_ID.code);
  });
}

const sizesOf = (answers: readonly { records: Uint8Array | null }[]): number[] =>
  answers.map(({ records }) => records?.length ?? 0);

function limitTests(world: World): void {
  test('the first batch is answered whole, however small the limits; the next is not', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const size = batchOf(['x'.repeat(5_000)]).length;
    for (let n = 0; n < 3; n++) await produceTo(engine, topic.name, batchOf(['x'.repeat(5_000)]));
    const fetched = (limits: object) => fetchFrom(engine, topic, 0n, limits);
    for (const limits of [{ maxBytes: 1 }, { partitionMaxBytes: 1 }, { maxBytes: 0 }, { maxBytes: -1 }])
      expect(sizesOf([await fetched(limits)])).toEqual([size]);
    expect(sizesOf([await fetched({ partitionMaxBytes: 2 * size })])).toEqual([2 * size]);
    expect(sizesOf([await fetched({ maxBytes: 3 * size - 1 })])).toEqual([2 * size]);
  });

  test('several partitions share the limit in the order of the request', async () => {
    const { engine } = world();
    const topic = await newTopic(engine, { partitions: 3 });
    const size = batchOf(['x'.repeat(5_000)]).length;
    for (const partition of [0, 1, 2])
      for (let n = 0; n < 2; n++)
        await produceTo(engine, topic.name, batchOf(['x'.repeat(5_000)]), { partition });
    const wanted = [2, 0, 1].map((partition) => ({ topic, partition, offset: 0n }));
    const limited = async (limits: object) => sizesOf(await fetchAll(engine, wanted, limits));
    expect(await limited({ maxBytes: 3 * size })).toEqual([2 * size, size, 0]);
    expect(await limited({ maxBytes: 1 })).toEqual([size, 0, 0]);
    expect(await limited({ partitionMaxBytes: size })).toEqual([size, size, size]);
    expect(await limited({ partitionMaxBytes: size - 1 })).toEqual([size, 0, 0]);
  });

  test('what has no room still tells its offsets and its errors', async () => {
    const { engine } = world();
    const topic = await newTopic(engine, { partitions: 3 });
    for (const partition of [0, 1]) await produceTo(engine, topic.name, batchOf(['x']), { partition });
    const [, full, outside] = await fetchAll(
      engine,
      [
        { topic, partition: 0, offset: 0n },
        { topic, partition: 1, offset: 0n },
        { topic, partition: 2, offset: 9n },
      ],
      { maxBytes: 1 },
    );
    expect(full).toMatchObject({ errorCode: none, highWatermark: 1n, lastStableOffset: 1n });
    expect(outside?.errorCode).toBe(kafkaErrors.OFFSET_OUT_OF_RANGE.code);
  });

  test('a partition named a thousand times is answered within the limit', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['x'.repeat(100_000)]));
    const wanted = Array.from({ length: 1_000 }, () => ({ topic, offset: 0n }));
    const answers = await fetchAll(engine, wanted, { maxBytes: 500_000 });
    expect(answers.length).toBe(1_000);
    expect(sizesOf(answers).reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(500_000);
  });

  test('many who fetch at once share what the process may hold, and none waits for more', async () => {
    const { stores } = world();
    const logSettings = { readBytesMax: 20_000, readShareBytesMin: 1_000, pollFirstMs: 60_000 };
    const engine = openBroker({ stores, logSettings });
    const topic = await newTopic(engine);
    for (let n = 0; n < 5; n++) await produceTo(engine, topic.name, batchOf(['x'.repeat(4_000)]));
    const countsOf = async (consumers: number, minBytes: number) => {
      const limits = { maxWaitMs: longMs, minBytes };
      const fetched = Array.from({ length: consumers }, () => fetchFrom(engine, topic, 0n, limits));
      return new Set((await Promise.all(fetched)).map((answer) => valuesOf(answer).length));
    };
    expect(await countsOf(1, 1)).toEqual(new Set([4]));
    expect(Math.min(...(await countsOf(10, 1)))).toBe(1);
    expect(Math.max(...(await countsOf(100, 15_000)))).toBeLessThan(5);
  });

  test('the broker answers no more than its own fetch.max.bytes', async () => {
    const { stores } = world();
    const engine = openBroker({ stores, settings: { fetchBytesMax: 10_000 } });
    const topic = await newTopic(engine);
    for (let n = 0; n < 4; n++) await produceTo(engine, topic.name, batchOf(['x'.repeat(4_000)]));
    expect(valuesOf(await fetchFrom(engine, topic, 0n, { maxBytes: 0x7fffffff })).length).toBe(2);
  });
}

function waitTests(world: World): void {
  test('an append in the same process wakes a waiting fetch at once', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const startMs = systemClock.nowMs();
    const waiting = fetchFrom(engine, topic, 0n, { maxWaitMs: longMs });
    await produceTo(engine, topic.name, batchOf(['a']));
    expect(valuesOf(await waiting)).toEqual([[0n, 'a']]);
    expect(systemClock.nowMs() - startMs).toBeLessThan(longMs / 2);
  });

  test('it waits for minBytes, over all partitions', async () => {
    const { engine } = world();
    const topic = await newTopic(engine, { partitions: 2 });
    const { length } = batchOf(['a']);
    const wanted = [0, 1].map((partition) => ({ topic, partition, offset: 0n }));
    let isAnswered = false;
    const waiting = fetchAll(engine, wanted, { maxWaitMs: longMs, minBytes: 2 * length });
    void waiting.then(() => {
      isAnswered = true;
    });
    await produceTo(engine, topic.name, batchOf(['a']), { partition: 0 });
    await fetchFrom(engine, topic, 0n); // a later look at the same partition
    expect(isAnswered).toBe(false);
    await produceTo(engine, topic.name, batchOf(['b']), { partition: 1 });
    expect(sizesOf(await waiting)).toEqual([length, length]);
  });

  test('after maxWaitMs it answers what there is', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['a']));
    const startMs = systemClock.nowMs();
    const answer = await fetchFrom(engine, topic, 0n, { maxWaitMs: 120, minBytes: 1_000_000 });
    expect(systemClock.nowMs() - startMs).toBeGreaterThanOrEqual(119);
    expect(valuesOf(answer)).toEqual([[0n, 'a']]);
    const negative = await fetchFrom(engine, topic, 1n, { maxWaitMs: -5, minBytes: -5 });
    expect(negative.errorCode).toBe(none);
  });

  test('an unknown partition does not shorten the wait, an offset out of range does', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const unknown = { topic, partition: 7, offset: 0n };
    let isAnswered = false;
    const waiting = fetchAll(engine, [unknown, { topic, offset: 0n }], { maxWaitMs: longMs });
    void waiting.then(() => {
      isAnswered = true;
    });
    const [outside] = await fetchAll(
      engine,
      [
        { topic, offset: 5n },
        { topic, offset: 0n },
      ],
      { maxWaitMs: longMs },
    );
    expect(outside?.errorCode).toBe(kafkaErrors.OFFSET_OUT_OF_RANGE.code);
    expect(isAnswered).toBe(false);
    await produceTo(engine, topic.name, batchOf(['a']));
    expect((await waiting)[0]?.errorCode).toBe(kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code);
  });

  test('whoever is gone is not waited for', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const gone = new AbortController();
    const waiting = fetchFrom(engine, topic, 0n, { maxWaitMs: longMs, signal: gone.signal });
    gone.abort();
    expect((await waiting).records?.length).toBe(0);
    expect((await fetchFrom(engine, topic, 0n, { maxWaitMs: longMs, signal: gone.signal })).errorCode).toBe(
      none,
    );
  });
}

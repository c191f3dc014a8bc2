import { describe, expect, test } from 'vitest';
import { kafkaErrors } from '../../shared/kafka/error-codes.ts';
import { listOffsets } from '../../shared/protocol/messages/list-offsets.ts';
import { offsetForLeaderEpoch } from '../../shared/protocol/messages/offset-for-leader-epoch.ts';
import { type BrokerEngine, batchOf, call, newTopic, produceTo } from '../support/broker-engine.ts';

type World = () => { engine: BrokerEngine };
const versions = Array.from({ length: 10 }, (_, n) => 1 + n);
const { code: none } = kafkaErrors.NONE;
const firstTime = 1_700_000_000_000n;

/** Records at offsets 0 to 5 with times 10, 30, 20 | 40, 40 | 5 after `firstTime`; the log begins at 1. */
async function newLog(engine: BrokerEngine) {
  const topic = await newTopic(engine);
  for (const times of [[10n, 30n, 20n], [40n, 40n], [5n]]) {
    const records = times.map((time) => ({
      timestamp: firstTime + time,
      key: null,
      value: Buffer.from('v'),
      headers: [],
    }));
    await produceTo(engine, topic.name, batchOf([], { records }));
  }
  await engine.logs.deleteRecordsBefore({ topicId: topic.topicId, partition: 0 }, 1n);
  return topic;
}

async function offsetsAt(
  engine: BrokerEngine,
  version: number,
  topic: string,
  wanted: { partitionIndex?: number; timestamp: bigint; currentLeaderEpoch?: number }[],
  isolationLevel = 0,
) {
  const partitions = wanted.map(({ partitionIndex = 0, timestamp, currentLeaderEpoch = -1 }) => ({
    partitionIndex,
    timestamp,
    ...(version >= 4 ? { currentLeaderEpoch } : {}),
  }));
  const body = {
    replicaId: -1,
    ...(version >= 2 ? { isolationLevel } : {}),
    topics: [{ name: topic, partitions }],
  };
  const { topics } = await call(engine, listOffsets, version, body as never);
  return topics[0]?.partitions ?? [];
}

export function offsetTests(world: World): void {
  describe('ListOffsets', () => {
    specialTests(world);
    byTimeTests(world);
    refusalTests(world);
  });
  leaderEpochTests(world);
}

/** timestamp, the version that has it, offset, time */
const specials: readonly [timestamp: bigint, since: number, offset: bigint, time: bigint][] = [
  [-1n, 1, 6n, -1n],
  [-2n, 1, 1n, -1n],
  [-3n, 7, 3n, firstTime + 40n],
  [-4n, 8, 1n, -1n],
  [-5n, 9, -1n, -1n],
  [-6n, 99, -1n, -1n],
];

function specialTests(world: World): void {
  test.each(versions)('v%i answers every special timestamp that it has', async (version) => {
    const { engine } = world();
    const topic = await newLog(engine);
    for (const [timestamp, since, offset, time] of specials) {
      const [answer] = await offsetsAt(engine, version, topic.name, [{ timestamp }]);
      if (version < since) {
        expect(answer).toMatchObject({ errorCode: kafkaErrors.UNSUPPORTED_VERSION.code, offset: -1n });
      } else {
        expect(answer).toMatchObject({ errorCode: none, offset, timestamp: time });
        expect(answer?.leaderEpoch).toBe(version < 4 || timestamp === -5n ? -1 : 0);
      }
    }
  });

  test('of an empty log the begin and the end are 0, and there is no largest timestamp', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const offsets = [];
    for (const timestamp of [-1n, -2n, -3n, -4n, -5n, 0n])
      offsets.push((await offsetsAt(engine, 9, topic.name, [{ timestamp }]))[0]?.offset);
    expect(offsets).toEqual([0n, 0n, -1n, 0n, -1n, -1n]);
  });

  test('read_committed ends at the last stable offset', async () => {
    const { engine } = world();
    const topic = await newLog(engine);
    const [answer] = await offsetsAt(engine, 9, topic.name, [{ timestamp: -1n }], 1);
    expect(answer).toMatchObject({ errorCode: none, offset: 6n });
  });
}

function byTimeTests(world: World): void {
  test.each([
    [0n, 1n, firstTime + 30n],
    [firstTime + 11n, 1n, firstTime + 30n], // the record at offset 0 is below the log's begin
    [firstTime + 30n, 1n, firstTime + 30n],
    [firstTime + 31n, 3n, firstTime + 40n],
    [firstTime + 40n, 3n, firstTime + 40n],
    [firstTime + 41n, -1n, -1n],
    [2n ** 63n - 1n, -1n, -1n],
  ])('the first record at or after %i is at offset %i', async (timestamp, offset, time) => {
    const { engine } = world();
    const topic = await newLog(engine);
    for (const version of versions) {
      const [answer] = await offsetsAt(engine, version, topic.name, [{ timestamp }]);
      expect(answer).toMatchObject({ errorCode: none, offset, timestamp: time });
    }
  });
}

function refusalTests(world: World): void {
  test('what is unknown, asked twice or of another epoch is refused alone', async () => {
    const { engine } = world();
    const { name } = await newTopic(engine, { partitions: 4 });
    const answers = await offsetsAt(engine, 9, name, [
      { partitionIndex: 4, timestamp: -1n },
      { partitionIndex: -1, timestamp: -1n },
      { partitionIndex: 1, timestamp: -1n },
      { partitionIndex: 1, timestamp: -2n },
      { partitionIndex: 2, timestamp: -1n, currentLeaderEpoch: 1 },
      { partitionIndex: 0, timestamp: -1n, currentLeaderEpoch: 0 },
    ]);
    const unknown = kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code;
    const twice = kafkaErrors.INVALID_REQUEST.code;
    const epoch = kafkaErrors.UNKNOWN_LEADER_EPOCH.code;
    expect(answers.map(({ errorCode }) => errorCode)).toEqual([unknown, unknown, twice, twice, epoch, none]);
    expect(answers.map(({ offset }) => offset)).toEqual([-1n, -1n, -1n, -1n, -1n, 0n]);
    const [missing] = await offsetsAt(engine, 9, 'missing', [{ timestamp: -1n }]);
    expect(missing?.errorCode).toBe(unknown);
  });
}

function leaderEpochTests(world: World): void {
  describe('OffsetForLeaderEpoch', () => {
    test.each([2, 3, 4])(
      'v%i: the one epoch ends where the log does, others are unknown',
      async (version) => {
        const { engine } = world();
        const topic = await newLog(engine);
        const wanted = (partition: number, leaderEpoch: number, currentLeaderEpoch = -1) => ({
          partition,
          leaderEpoch,
          currentLeaderEpoch,
        });
        const { topics } = await call(engine, offsetForLeaderEpoch, version, {
          topics: [
            {
              topic: topic.name,
              partitions: [wanted(0, 0), wanted(0, 3), wanted(0, -1), wanted(0, 0, 2), wanted(1, 0)],
            },
            { topic: 'missing', partitions: [wanted(0, 0)] },
          ],
        } as never);
        const unknown = kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code;
        const answers = topics.flatMap(({ partitions }) => [...partitions]);
        expect(answers.map((one) => [one.errorCode, one.leaderEpoch, one.endOffset])).toEqual([
          [none, 0, 6n],
          [none, -1, -1n],
          [none, -1, -1n],
          [kafkaErrors.UNKNOWN_LEADER_EPOCH.code, -1, -1n],
          [unknown, -1, -1n],
          [unknown, -1, -1n],
        ]);
      },
    );
  });
}

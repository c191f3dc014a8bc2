import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import type { PartitionId } from '../../../shared/kafka/topic-partition.ts';
import type { OpenPartitionLogs } from '../../../shared/log/partition-logs.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { type CountingStores, countingStores } from '../../support/counting-stores.ts';
import { batchOf, logConfig, newPartition, openLogs, type TestProducer } from '../../support/log-engine.ts';

const random = seededRandom(3);
let clock: ManualClock;
let stores: CountingStores;
let logs: OpenPartitionLogs;
let partitions: PartitionId[];

beforeEach(async () => {
  clock = new ManualClock();
  stores = countingStores(openMemoryStores({ clock, random }));
  logs = openLogs(stores, { clock, random, settings: { lingerMs: 100, batchObjectBytesMax: 100_000 } });
  partitions = await Promise.all([0, 1, 2].map(() => newPartition(stores, clock)));
});

const turn = async (): Promise<void> => {
  for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
};
const partitionOf = (place: number): PartitionId => partitions[place] as PartitionId;

/** One connection's request: a batch of about `bytes` for one partition. `answer` is there when it is. */
function append(place: number, bytes: number, producer?: TestProducer) {
  const batch = batchOf(['v'.padEnd(bytes, '.')], clock.nowMs(), producer);
  const appended: { answer?: unknown } = {};
  void logs.append([{ partition: partitionOf(place), config: logConfig, batch }]).then(([answer]) => {
    appended.answer = answer;
  });
  return appended;
}

describe('appends that linger', () => {
  test('of nine connections to three partitions share one object and one update a head', async () => {
    const { calls } = await stores.costOf(async () => {
      const appends = Array.from({ length: 9 }, (_, n) => append(n % 3, 2_000));
      await turn();
      expect(appends.map(({ answer }) => answer)).toEqual(appends.map(() => undefined));
      clock.advance(100);
      await turn();
      const offsets = appends.map(({ answer }) => (answer as { baseOffset: bigint }).baseOffset);
      expect(offsets).toEqual([0n, 0n, 0n, 1n, 1n, 1n, 2n, 2n, 2n]);
    });
    expect(calls).toEqual({ objectPut: 1, update: 3 });
    const read = { partition: partitionOf(1), config: logConfig, offset: 0n, maxBytes: 100_000 };
    expect((await logs.read(read)).batches).toHaveLength(3);
  });

  test('few small ones stay items: an object would cost more', async () => {
    const { calls } = await stores.costOf(async () => {
      append(0, 1_000);
      append(1, 1_000);
      clock.advance(100);
      await turn();
    });
    expect(calls).toEqual({ put: 2, update: 2 });
  });

  test('wait no longer when there is enough for an object', async () => {
    const appends = Array.from({ length: 5 }, (_, n) => append(n % 3, 25_000));
    await turn();
    for (const { answer } of appends) expect(answer).toMatchObject({ logStartOffset: 0n });
    const late = append(0, 25_000);
    await turn();
    expect(late.answer).toBeUndefined();
    clock.advance(100);
    await turn();
    expect(late.answer).toMatchObject({ baseOffset: 2n });
  });

  test('keep a producer’s order, across windows too', async () => {
    const producer = { producerId: 7n, producerEpoch: 0 };
    const appends = [];
    for (let baseSequence = 0; baseSequence < 6; baseSequence++) {
      appends.push(append(0, 3_000, { ...producer, baseSequence }));
      clock.advance(40);
      await turn();
    }
    clock.advance(100);
    await turn();
    expect(appends.map(({ answer }) => (answer as { baseOffset: bigint }).baseOffset)).toEqual([
      0n,
      1n,
      2n,
      3n,
      4n,
      5n,
    ]);
  });

  test('one that is refused does not harm those that it waited with', async () => {
    const stranger = { ...partitionOf(0), partition: 9 };
    const batch = batchOf(['lost'], clock.nowMs());
    const refused = logs.append([{ partition: stranger, config: logConfig, batch }]);
    const good = append(0, 3_000);
    clock.advance(100);
    await turn();
    expect(good.answer).toMatchObject({ baseOffset: 0n });
    expect(await refused).toMatchObject([{ errorName: 'UNKNOWN_TOPIC_OR_PARTITION' }]);
  });
});

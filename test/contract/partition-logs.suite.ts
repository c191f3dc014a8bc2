import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { KafkaError } from '../../shared/kafka/error-codes.ts';
import type { OpenPartitionLogs } from '../../shared/log/partition-logs.ts';
import { rollPartition } from '../../shared/log/roll.ts';
import { partitionHeadKey, readPartitionHead } from '../../shared/storage/items/partition-head.ts';
import { segmentRange } from '../../shared/storage/items/segment.ts';
import { queryAll } from '../../shared/storage/metadata-store.ts';
import { listAll } from '../../shared/storage/object-store.ts';
import { segmentObjectPrefix } from '../../shared/storage/objects/object-keys.ts';
import {
  appendOne,
  batchOf,
  errorOf,
  logConfig,
  newPartition,
  openLogs,
  readAll,
  recordsOf,
} from '../support/log-engine.ts';
import { appendRepeatTests } from './append-repeat.suite.ts';
import type { Engine, OpenStores } from './engine.ts';
import { retentionTests } from './retention.suite.ts';

const clock = systemClock;
const settings = { producersInHeadMax: 3, indexSlotBytes: 512, pollFirstMs: 5 };

/** The log on an engine: one behaviour on all of them (I13). */
export function partitionLogsSuite(engine: Engine): void {
  describe(`partition logs on ${engine.name}`, () => {
    let stores: OpenStores;
    let logs: OpenPartitionLogs;
    beforeAll(async () => {
      stores = await engine.open();
      logs = openLogs(stores, { clock, random: systemRandom, settings });
    }, 60_000);
    afterAll(async () => {
      await logs.drain();
      await stores.close();
    });
    const world = () => ({ stores, logs });
    appendTests(world);
    idempotenceTests(world);
    appendRepeatTests(world);
    readTests(world);
    rollTests(world);
    retentionTests(world);
  });
}

type World = () => { stores: OpenStores; logs: OpenPartitionLogs };
const sizes = [
  ['in the entry', 1],
  ['in an item', 2_000],
  ['in an object', 1_040_000],
] as const;

const headOf = async (stores: OpenStores, partition: Awaited<ReturnType<typeof newPartition>>) => {
  const item = await stores.metadata.get(partitionHeadKey(partition));
  if (!item) throw new Error('there is no head');
  return readPartitionHead(item);
};

function appendTests(world: World): void {
  test.each(sizes)('a batch staged %s is read back as it was appended', async (_where, length) => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const value = 'x'.repeat(length);
    const { baseOffset } = await appendOne(
      logs,
      partition,
      batchOf(
        [value, `${value}y`].map((v) => v.slice(0, 1_040_000 / 2)),
        clock.nowMs(),
      ),
    );
    expect(baseOffset).toBe(0n);
    const records = await readAll(logs, partition, { maxBytes: 5_000_000 });
    expect(records.map(({ value: v }) => v.length)).toEqual(
      [value, `${value}y`].map((v) => Math.min(v.length, 520_000)),
    );
  });

  test('many appends at once get dense offsets, each its own, in the order of the calls', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const batches = Array.from({ length: 150 }, (_, n) =>
      batchOf(
        Array.from({ length: (n % 3) + 1 }, () => `v${n}`),
        clock.nowMs(),
      ),
    );
    const answers = await Promise.all(batches.map((batch) => appendOne(logs, partition, batch)));
    let expected = 0n;
    answers.forEach(({ baseOffset }, n) => {
      expect(baseOffset).toBe(expected);
      expected += BigInt((n % 3) + 1);
    });
    await logs.drain();
    const records = await readAll(logs, partition);
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_, place) => BigInt(place)));
    expect(records.length).toBe(Number(expected));
    const head = await headOf(stores, partition);
    expect(head.paged).toBeGreaterThan(0n);
    expect(head.tail.length).toBeLessThan(16);
  });

  test('two processes append to one partition without losing or mixing anything', async () => {
    const { stores, logs } = world();
    const other = openLogs(stores, { clock, random: systemRandom, settings });
    const partition = await newPartition(stores, clock);
    const work = [logs, other].map(async (process, p) => {
      for (let n = 0; n < 40; n++) await appendOne(process, partition, batchOf([`${p}:${n}`], clock.nowMs()));
    });
    await Promise.all(work);
    await Promise.all([logs.drain(), other.drain()]);
    const values = (await readAll(logs, partition)).map(({ value }) => value);
    for (const p of [0, 1]) {
      expect(values.filter((value) => value.startsWith(`${p}:`))).toEqual(
        Array.from({ length: 40 }, (_, n) => `${p}:${n}`),
      );
    }
  });

  test('one bad batch fails alone; its neighbours are stored', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const bad = batchOf(['bad'], clock.nowMs());
    bad[30] = (bad[30] ?? 0) ^ 1;
    const good = batchOf(['good'], clock.nowMs());
    const nowhere = { topicId: 'no-such-topic', partition: 0 };
    const answers = await logs.append([
      { partition, config: logConfig, batch: bad },
      { partition, config: logConfig, batch: good },
      { partition: nowhere, config: logConfig, batch: batchOf(['lost'], clock.nowMs()) },
      { partition, config: logConfig, batch: new Uint8Array(3) },
    ]);
    expect(
      answers.map((answer) => (answer instanceof KafkaError ? answer.errorName : answer.baseOffset)),
    ).toEqual(['CORRUPT_MESSAGE', 0n, 'UNKNOWN_TOPIC_OR_PARTITION', expect.any(String)]);
    expect((await readAll(logs, partition)).map(({ value }) => value)).toEqual(['good']);
  });
}

function idempotenceTests(world: World): void {
  const producer = (producerId: bigint, baseSequence: number, producerEpoch = 0) => ({
    producerId,
    producerEpoch,
    baseSequence,
  });

  test('a batch sent twice is stored once and answers the first offset, wherever it lies by now', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const first = batchOf(['a', 'b'], clock.nowMs(), producer(7n, 0));
    expect((await appendOne(logs, partition, first.slice())).baseOffset).toBe(0n);
    expect((await appendOne(logs, partition, first.slice())).baseOffset).toBe(0n);
    for (let n = 0; n < 20; n++) await appendOne(logs, partition, batchOf([`plain ${n}`], clock.nowMs()));
    await logs.drain();
    expect((await appendOne(logs, partition, first.slice())).baseOffset).toBe(0n); // now in a page
    expect(await rollPartition(logs.context, partition, logConfig, { force: true })).toBeGreaterThan(0);
    expect((await appendOne(logs, partition, first.slice())).baseOffset).toBe(0n); // now in a segment
    expect(
      (await appendOne(logs, partition, batchOf(['c'], clock.nowMs(), producer(7n, 2)))).baseOffset,
    ).toBe(22n);
    expect((await readAll(logs, partition)).filter(({ value }) => value === 'a').length).toBe(1);
  });

  test('a gap is refused, an older epoch is refused, a new epoch begins with sequence 0', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const send = (sequence: number, epoch: number) =>
      appendOne(logs, partition, batchOf(['v'], clock.nowMs(), producer(9n, sequence, epoch)));
    await send(0, 1);
    expect(await errorOf(send(2, 1))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(await errorOf(send(1, 0))).toBe('INVALID_PRODUCER_EPOCH');
    expect(await errorOf(send(5, 2))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect((await send(0, 2)).baseOffset).toBe(1n);
    expect(await errorOf(send(1, 1))).toBe('INVALID_PRODUCER_EPOCH');
    expect((await send(1, 2)).baseOffset).toBe(2n);
  });

  test('a producer that nobody knows may begin at any sequence', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    expect(
      (await appendOne(logs, partition, batchOf(['v'], clock.nowMs(), producer(3n, 41)))).baseOffset,
    ).toBe(0n);
    expect(await errorOf(appendOne(logs, partition, batchOf(['v'], clock.nowMs(), producer(3n, 43))))).toBe(
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    );
  });

  test('sequences wrap from 2^31 - 1 to 0', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const nearEnd = batchOf(['a', 'b', 'c'], clock.nowMs(), producer(4n, 2 ** 31 - 2));
    await appendOne(logs, partition, nearEnd.slice());
    expect(
      (await appendOne(logs, partition, batchOf(['d'], clock.nowMs(), producer(4n, 1)))).baseOffset,
    ).toBe(3n);
    expect((await appendOne(logs, partition, nearEnd.slice())).baseOffset).toBe(0n);
  });

  test('an evicted producer is still stored once, and goes on where it was', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const batches = Array.from({ length: 40 }, (_, n) =>
      batchOf([`p${n}`], clock.nowMs(), producer(BigInt(100 + n), 0)),
    );
    for (const batch of batches) await appendOne(logs, partition, batch.slice());
    await logs.drain();
    const head = await headOf(stores, partition);
    expect(Object.keys(head.prod).length).toBeLessThan(40);
    expect(head.evicted).toBeGreaterThan(0n);
    for (const [n, batch] of batches.entries()) {
      expect((await appendOne(logs, partition, batch.slice())).baseOffset).toBe(BigInt(n));
    }
    const next = batchOf(['second'], clock.nowMs(), producer(100n, 1));
    expect((await appendOne(logs, partition, next)).baseOffset).toBe(40n);
    expect((await readAll(logs, partition)).length).toBe(41);
  });

  test('a repeat further back than the search reaches is DUPLICATE_SEQUENCE_NUMBER, never appended', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const send = (n: number) => appendOne(logs, partition, batchOf([`${n}`], clock.nowMs(), producer(5n, n)));
    for (let n = 0; n < 12; n++) await send(n);
    expect(await errorOf(send(0))).toBe('DUPLICATE_SEQUENCE_NUMBER');
    expect((await send(9)).baseOffset).toBe(9n);
    expect((await readAll(logs, partition)).length).toBe(12);
  });
}

function readTests(world: World): void {
  test('reads outside the log are OFFSET_OUT_OF_RANGE; at its end they are empty', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    await appendOne(logs, partition, batchOf(['a', 'b'], clock.nowMs()));
    const readAt = (offset: bigint) => logs.read({ partition, config: logConfig, offset, maxBytes: 1000 });
    expect(await errorOf(readAt(3n))).toBe('OFFSET_OUT_OF_RANGE');
    expect(await errorOf(readAt(-1n))).toBe('OFFSET_OUT_OF_RANGE');
    expect((await readAt(2n)).batches).toEqual([]);
    // The whole batch, as in Kafka.
    expect(recordsOf(await readAt(1n)).map(({ offset }) => offset)).toEqual([0n, 1n]);
    expect(await errorOf(logs.offsets({ topicId: 'none', partition: 0 }))).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });

  test('the first batch is given whole, however small the limit', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    await appendOne(logs, partition, batchOf(['x'.repeat(3000)], clock.nowMs()));
    await appendOne(logs, partition, batchOf(['y'], clock.nowMs()));
    const result = await logs.read({ partition, config: logConfig, offset: 0n, maxBytes: 1 });
    expect(result.batches.length).toBe(1);
    expect(result.nextOffset).toBe(1n);
  });

  test('a waiting read wakes as soon as a record arrives', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const startedMs = clock.nowMs();
    const waiting = logs.readWaiting([{ partition, config: logConfig, offset: 0n, maxBytes: 1000 }], {
      minBytes: 1,
      maxWaitMs: 20_000,
    });
    await appendOne(logs, partition, batchOf(['wake'], clock.nowMs()));
    const [result] = await waiting;
    if (result === undefined || result instanceof KafkaError) throw result;
    expect(recordsOf(result).map(({ value }) => value)).toEqual(['wake']);
    expect(clock.nowMs() - startedMs).toBeLessThan(15_000);
    const [empty] = await logs.readWaiting([{ partition, config: logConfig, offset: 1n, maxBytes: 1000 }], {
      minBytes: 1,
      maxWaitMs: 20,
    });
    expect(empty).toMatchObject({ batches: [], highWatermark: 1n });
  });

  test('offsets by time are exact over segments, pages and tail', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const base = clock.nowMs() - 1_000_000;
    const times: number[] = [];
    for (let n = 0; n < 75; n++) {
      const time = base + n * 1000 + (n % 5 === 0 ? 4500 : 0); // not in order
      times.push(time, time + 1);
      await appendOne(logs, partition, batchOf(['a', 'b'], time));
      if (n === 30 || n === 50) {
        await logs.drain();
        await rollPartition(logs.context, partition, logConfig, { force: true });
      }
    }
    await logs.drain();
    const head = await headOf(stores, partition);
    expect(head.rolled > 0n && head.paged > head.rolled && head.tail.length > 0).toBe(true);
    for (const at of [0, base, base + 1, ...times, ...times.map((time) => time + 1)]) {
      const expected = times.findIndex((time) => time >= at);
      const found = await logs.offsetForTimestamp(partition, BigInt(at));
      expect(found?.offset ?? -1n, `at ${at - base}`).toBe(BigInt(expected));
      if (found) expect(found.timestamp).toBe(BigInt(times[expected] ?? -1));
    }
  });
}

function rollTests(world: World): void {
  test('a roll moves pages into segment objects in which every record keeps its offset', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    const config = { ...logConfig, segmentBytes: 4000 };
    for (let n = 0; n < 100; n++)
      await appendOne(logs, partition, batchOf([`${n} ${'x'.repeat(n * 3)}`], clock.nowMs()), config);
    await logs.drain();
    const before = await readAll(logs, partition);
    const segments = await rollPartition(logs.context, partition, config);
    expect(segments).toBeGreaterThan(2);
    expect(await readAll(logs, partition)).toEqual(before);
    for (const from of [1n, 17n, 50n, 99n]) {
      expect(await readAll(logs, partition, { from, maxBytes: 300 })).toEqual(before.slice(Number(from)));
    }
    const objects: string[] = [];
    for await (const { key } of listAll(stores.objects, segmentObjectPrefix(partition))) objects.push(key);
    expect(objects.length).toBe(segments);
    const head = await headOf(stores, partition);
    expect(head.newSeg).toBeUndefined();
    expect(head.rolled).toBe(head.paged);
  });

  test('two rollers at once make one log', async () => {
    const { stores, logs } = world();
    const other = openLogs(stores, { clock, random: systemRandom, settings });
    const partition = await newPartition(stores, clock);
    for (let n = 0; n < 64; n++) await appendOne(logs, partition, batchOf([`${n}`], clock.nowMs()));
    await logs.drain();
    const before = await readAll(logs, partition);
    const config = { ...logConfig, segmentBytes: 2000 };
    const roll = (process: OpenPartitionLogs) =>
      rollPartition(process.context, partition, config, { force: true }).catch((error: Error) => {
        if (error.name !== 'Moved') throw error;
        return 0;
      });
    await Promise.all([roll(logs), roll(other), roll(logs)]);
    expect(await readAll(logs, partition)).toEqual(before);
    let next = 0n;
    for await (const { item } of queryAll(stores.metadata, segmentRange(partition))) {
      expect(item.base).toBe(next);
      next = item.next as bigint;
    }
    expect(next).toBe((await headOf(stores, partition)).rolled);
  });
}

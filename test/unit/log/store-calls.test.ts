import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import type { PartitionId } from '../../../shared/kafka/topic-partition.ts';
import type { OpenPartitionLogs } from '../../../shared/log/partition-logs.ts';
import { enforceRetention } from '../../../shared/log/retention.ts';
import { rollPartition } from '../../../shared/log/roll.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { countingStores, type StoreCounts } from '../../support/counting-stores.ts';
import { appendOne, batchOf, logConfig, newPartition, openLogs } from '../../support/log-engine.ts';

const config = { ...logConfig, segmentBytes: 20_000 };
const readAt = (logs: OpenPartitionLogs, partition: PartitionId, offset: bigint) =>
  logs.read({ partition, config, offset, maxBytes: 1_000_000 });
const total = ({ calls }: StoreCounts): number => Object.values(calls).reduce((sum, count) => sum + count, 0);

/** A log of `batches` batches of 100 bytes, rolled up to `unrolled` before its end, on counted stores. */
async function logOf(batches: number, { rolled = 0, valueBytes = 400 } = {}) {
  const clock = new ManualClock();
  const random = seededRandom(7);
  const stores = countingStores(openMemoryStores({ clock, random }));
  const logs = openLogs(stores, { clock, random, settings: { indexSlotBytes: 4096 } });
  const partition = await newPartition(stores, clock);
  const append = (bytes: number, count = 1) =>
    appendOne(
      logs,
      partition,
      batchOf(
        Array.from({ length: count }, () => 'x'.repeat(bytes)),
        clock.nowMs(),
      ),
      config,
    );
  for (let n = 0; n < batches; n++) {
    clock.advance(1);
    await append(valueBytes);
    if (n + 1 === rolled) {
      await logs.drain();
      await rollPartition(logs.context, partition, config, { force: true });
    }
  }
  await logs.drain();
  return { clock, stores, logs, partition, append };
}

describe('store calls', () => {
  test('an append of 60 bytes is one update, of 1 KB one put and one update, of 64 KB one object and one update', async () => {
    const { stores, append } = await logOf(1);
    expect((await stores.costOf(() => append(60))).calls).toEqual({ update: 1 });
    expect((await stores.costOf(() => append(1024))).calls).toEqual({ put: 1, update: 1 });
    expect((await stores.costOf(() => append(65_536))).calls).toEqual({ objectPut: 1, update: 1 });
  });

  test('appends that wait for each other share an update', async () => {
    const { stores, append } = await logOf(1);
    const cost = await stores.costOf(() => Promise.all(Array.from({ length: 4 }, () => append(60))));
    expect(cost.calls.update).toBe(1);
  });

  test('large batches of one request share an object', async () => {
    const { stores, logs, clock } = await logOf(1);
    const partitions = await Promise.all([1, 2, 3].map(() => newPartition(stores, clock)));
    const cost = await stores.costOf(() =>
      logs.append(
        partitions.map((partition) => ({
          partition,
          config,
          batch: batchOf(['x'.repeat(9000)], clock.nowMs()),
        })),
      ),
    );
    expect(cost.calls).toEqual({ objectPut: 1, update: 3 });
  });

  test('the newest record costs one get, and one batch get where it is staged', async () => {
    const { stores, logs, partition, append } = await logOf(1);
    const { baseOffset: inEntry } = await append(60);
    expect((await stores.costOf(() => readAt(logs, partition, inEntry))).calls).toEqual({ get: 1 });
    const { baseOffset: inItem } = await append(1024);
    expect((await stores.costOf(() => readAt(logs, partition, inItem))).calls).toEqual({
      get: 1,
      getMany: 1,
    });
    const { baseOffset: inObject } = await append(65_536);
    expect((await stores.costOf(() => readAt(logs, partition, inObject))).calls).toEqual({
      get: 1,
      objectGetRange: 1,
    });
    expect((await stores.costOf(() => readAt(logs, partition, inObject + 1n))).calls).toEqual({ get: 1 });
  });

  test('nothing grows with the length of the log', async () => {
    const costs = [];
    for (const batches of [1_000, 10_008]) {
      // the same number modulo the entries of a page

      const rolled = batches - 200;
      const { stores, logs, partition, append, clock } = await logOf(batches, { rolled, valueBytes: 100 });
      const near = BigInt(batches);
      costs.push({
        newest: total(await stores.costOf(() => readAt(logs, partition, near - 1n))),
        unrolled: total(await stores.costOf(() => readAt(logs, partition, near - 100n))),
        oldest: total(
          await stores.costOf(() => logs.read({ partition, config, offset: 10n, maxBytes: 1000 })),
        ),
        middle: total(
          await stores.costOf(() => logs.read({ partition, config, offset: near / 2n, maxBytes: 1000 })),
        ),
        offsets: total(await stores.costOf(() => logs.offsets(partition))),
        append: total(await stores.costOf(() => append(1024))),
        roll: total(await stores.costOf(() => rollPartition(logs.context, partition, config))),
        retain: total(await stores.costOf(() => enforceRetention(logs.context, partition, config))),
      });
      const time = BigInt(clock.nowMs() - batches / 2);
      const byTime = total(await stores.costOf(() => logs.offsetForTimestamp(partition, time)));
      expect(byTime).toBeLessThanOrEqual(6 + Math.ceil(Math.log2(batches)));
    }
    expect(costs[1]).toEqual(costs[0]);
  });
});

/** The table in docs/cost.md is made from what is counted here; UPDATE_DOCS=1 writes it. */
test('docs/cost.md says what is counted', async () => {
  const { stores, logs, partition, append } = await logOf(4000, { rolled: 3800, valueBytes: 100 });
  const count = async (work: () => Promise<unknown>) => {
    const before = await stores.costOf(work);
    await logs.drain();
    return before;
  };
  const reading = (offset: bigint) => count(() => readAt(logs, partition, offset));
  const appendCounts: [string, StoreCounts][] = [
    ['append of 60 bytes', await count(() => append(60))],
    ['append of 1 KB', await count(() => append(1024))],
    ['append of 100 records of 100 bytes', await count(() => append(100, 100))],
    ['append of 1 MB', await count(() => append(1_000_000))],
  ];
  const { baseOffset: inEntry } = await append(60);
  const readInEntry = await reading(inEntry);
  const { baseOffset: staged } = await append(1024);
  const rows: [string, StoreCounts][] = [
    ...appendCounts,
    ['read of the newest record, in the entry', readInEntry],
    ['read of the newest record, staged', await reading(staged)],
    ['read at the end, nothing new', await reading(staged + 1n)],
    [
      'read of 16 KB from a segment',
      await count(() => logs.read({ partition, config, offset: 100n, maxBytes: 16_384 })),
    ],
  ];
  const table = tableOf(rows);
  const path = new URL('../../../docs/cost.md', import.meta.url);
  const text = readFileSync(path, 'utf8');
  const [begin, end] = ['<!-- counted -->', '<!-- /counted -->'];
  const wanted = text.replace(new RegExp(`${begin}[^]*${end}`), `${begin}\n${table}\n${end}`);
  if (process.env.UPDATE_DOCS) return writeFileSync(path, wanted);
  expect(text, 'run UPDATE_DOCS=1 npx vitest run test/unit/log/store-calls.test.ts').toBe(wanted);
});

function tableOf(rows: [string, StoreCounts][]): string {
  const lines = rows.map(([name, { calls, writeUnits, readUnits, bytesIn }]) => {
    const made = Object.entries(calls).map(([call, count]) => `${count} ${call}`);
    return `| ${name} | ${made.join(', ')} | ${writeUnits} | ${readUnits} | ${bytesIn} |`;
  });
  return [
    '| operation | store calls | write units | read units | bytes into the store |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

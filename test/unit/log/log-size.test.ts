import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { rollPartition } from '../../../shared/log/roll.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { batchOf, logConfig, newPartition, openLogs } from '../../support/log-engine.ts';

/** A partition with `count` batches of equal size, four to a page, and how large one is. */
async function partitionOf(count: number) {
  const clock = new ManualClock();
  const random = seededRandom(2);
  const stores = openMemoryStores({ clock, random });
  const logs = openLogs(stores, { clock, random, settings: { pageEntries: 4, pageBytes: 1_000_000 } });
  const partition = await newPartition(stores, clock);
  const batch = batchOf(['same'], clock.nowMs());
  for (let n = 0; n < count; n++) await logs.append([{ partition, config: logConfig, batch }]);
  await logs.drain();
  return { logs, partition, batchBytes: BigInt(batch.length) };
}

describe('the size of a log', () => {
  test('is nothing where nothing is, and nobody knows it of a partition that there is not', async () => {
    const { logs, partition } = await partitionOf(0);
    expect(await logs.sizeBytes(partition)).toBe(0n);
    const stranger = { ...partition, partition: 1 };
    await expect(logs.sizeBytes(stranger)).rejects.toMatchObject({ errorName: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });

  test('is what lies from the log start offset on, to the batch in tail and pages', async () => {
    const { logs, partition, batchBytes } = await partitionOf(11);
    for (let start = 0n; start <= 11n; start++) {
      await logs.deleteRecordsBefore(partition, start);
      expect(await logs.sizeBytes(partition), `from ${start} on`).toBe(batchBytes * (11n - start));
    }
  });

  test('counts the segment that the log begins in as a whole', async () => {
    const { logs, partition, batchBytes } = await partitionOf(10);
    await rollPartition(logs.context, partition, logConfig, { force: true });
    for (let n = 0; n < 6; n++)
      await logs.append([
        { partition, config: logConfig, batch: batchOf(['same'], logs.context.clock.nowMs()) },
      ]);
    await logs.drain();
    await rollPartition(logs.context, partition, logConfig, { force: true });
    const sizes: [start: bigint, batches: bigint][] = [
      [0n, 16n],
      [3n, 16n],
    ];
    for (const [start, batches] of sizes) {
      await logs.deleteRecordsBefore(partition, start);
      expect(await logs.sizeBytes(partition), `from ${start} on`).toBe(batchBytes * batches);
    }
    const read = await logs.read({ partition, config: logConfig, offset: 3n, maxBytes: 1 });
    expect(read.batches.length).toBe(1);
    await logs.deleteRecordsBefore(partition, 8n);
    expect(await logs.sizeBytes(partition), 'behind the first segment').toBe(batchBytes * 8n);
    await logs.deleteRecordsBefore(partition, 16n);
    expect(await logs.sizeBytes(partition), 'at the end').toBe(0n);
  });
});

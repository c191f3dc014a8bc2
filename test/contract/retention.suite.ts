import { expect, test } from 'vitest';
import { systemClock as clock } from '../../shared/base/clock.ts';
import type { OpenPartitionLogs } from '../../shared/log/partition-logs.ts';
import { enforceRetention } from '../../shared/log/retention.ts';
import { rollPartition } from '../../shared/log/roll.ts';
import { segmentRange } from '../../shared/storage/items/segment.ts';
import { queryAll } from '../../shared/storage/metadata-store.ts';
import { appendOne, batchOf, errorOf, logConfig, newPartition, readAll } from '../support/log-engine.ts';
import type { OpenStores } from './engine.ts';

type World = () => { stores: OpenStores; logs: OpenPartitionLogs };

/** What retention and DeleteRecords remove, and that nothing else goes (I9). */
export function retentionTests(world: World): void {
  async function rolledLog({ stores, logs }: ReturnType<World>, timestampMs: (n: number) => number) {
    const partition = await newPartition(stores, clock);
    const config = { ...logConfig, segmentBytes: 3000 };
    for (let n = 0; n < 64; n++)
      await appendOne(logs, partition, batchOf([`${n} ${'x'.repeat(90)}`], timestampMs(n)));
    await logs.drain();
    await rollPartition(logs.context, partition, config, { force: true });
    return partition;
  }

  test('retention by time removes whole segments with their objects and moves the log start offset', async () => {
    const { stores, logs } = world();
    const now = clock.nowMs();
    const partition = await rolledLog(world(), (n) => now - (64 - n) * 60_000);
    const start = await enforceRetention(logs.context, partition, { ...logConfig, retentionMs: 1_800_000n });
    if (start === undefined) throw new Error('the head is there');
    expect(start > 0n && start <= 34n).toBe(true);
    expect((await readAll(logs, partition))[0]?.offset).toBe(start);
    expect(await errorOf(logs.read({ partition, config: logConfig, offset: start - 1n, maxBytes: 10 }))).toBe(
      'OFFSET_OUT_OF_RANGE',
    );
    for await (const { item } of queryAll(stores.metadata, segmentRange(partition)))
      expect(item.next).toBeGreaterThan(start);
    const all = await enforceRetention(logs.context, partition, { ...logConfig, retentionMs: 1n });
    expect(all).toBe(64n);
    expect(await readAll(logs, partition)).toEqual([]);
    expect((await appendOne(logs, partition, batchOf(['new'], now))).baseOffset).toBe(64n);
  });

  test('retention by size keeps at least retention.bytes', async () => {
    const { logs } = world();
    const partition = await rolledLog(world(), () => clock.nowMs());
    const start = await enforceRetention(logs.context, partition, { ...logConfig, retentionBytes: 4000n });
    const kept = await logs.read({ partition, config: logConfig, offset: start ?? 0n, maxBytes: 1_000_000 });
    const bytes = kept.batches.reduce((sum, batch) => sum + batch.length, 0);
    expect(start).toBeGreaterThan(0n);
    expect(bytes).toBeGreaterThanOrEqual(4000);
    expect(bytes).toBeLessThan(4000 + 3500);
  });

  test('records are deleted before an offset, also in the middle of a batch, and never come back', async () => {
    const { stores, logs } = world();
    const partition = await newPartition(stores, clock);
    await appendOne(logs, partition, batchOf(['a', 'b', 'c'], clock.nowMs()));
    expect(await logs.deleteRecordsBefore(partition, 2n)).toBe(2n);
    expect(await logs.deleteRecordsBefore(partition, 1n)).toBe(2n);
    expect((await readAll(logs, partition)).map(({ value }) => value)).toEqual(['c']);
    expect(await errorOf(logs.deleteRecordsBefore(partition, 4n))).toBe('OFFSET_OUT_OF_RANGE');
    expect(await logs.deleteRecordsBefore(partition, -1n)).toBe(3n);
    expect(await readAll(logs, partition)).toEqual([]);
  });
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { KafkaError } from '../../shared/kafka/error-codes.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import type { OpenPartitionLogs } from '../../shared/log/partition-logs.ts';
import { rollPartition } from '../../shared/log/roll.ts';
import { listAll } from '../../shared/storage/object-store.ts';
import { segmentObjectPrefix, stagedObjectsPrefix } from '../../shared/storage/objects/object-keys.ts';
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
import type { Engine, OpenStores } from './engine.ts';

const config = { ...logConfig, segmentBytes: 2_000 };
const batches = 64;

/**
 * What readers are told when stored bytes are missing or damaged: a named error for those offsets, and only
 * those.
 */
export function damagedLogSuite(engine: Engine): void {
  describe(`damage to what ${engine.name} holds`, () => {
    let stores: OpenStores;
    let logs: OpenPartitionLogs;
    beforeAll(async () => {
      stores = await engine.open();
      logs = openLogs(stores, {
        clock: systemClock,
        random: systemRandom,
        settings: { indexSlotBytes: 256 },
      });
    }, 60_000);
    afterAll(async () => {
      await logs.drain();
      await stores.close();
    });

    const readAt = (partition: PartitionId, offset: bigint) =>
      logs.read({ partition, config, offset, maxBytes: 1_000_000 });

    async function rolledLog(): Promise<{ partition: PartitionId; objects: string[] }> {
      const partition = await newPartition(stores, systemClock);
      for (let n = 0; n < batches; n++) {
        await appendOne(logs, partition, batchOf([`${n} ${'x'.repeat(40)}`], systemClock.nowMs()), config);
      }
      await logs.drain();
      await rollPartition(logs.context, partition, config, { force: true });
      const objects: string[] = [];
      for await (const { key } of listAll(stores.objects, segmentObjectPrefix(partition))) objects.push(key);
      return { partition, objects };
    }

    async function change(key: string, mend: (bytes: Uint8Array) => Uint8Array | undefined): Promise<void> {
      const bytes = await stores.objects.getRange(key, 0, 10_000_000);
      if (!bytes) throw new Error(`there is no object ${key}`);
      await stores.objects.delete([key]);
      const changed = mend(bytes.slice());
      if (changed) await stores.objects.put(key, changed);
    }

    test.each([
      ['missing', () => undefined],
      ['cut short', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 30)],
      ['empty', () => new Uint8Array()],
      ['damaged in its last batch', (bytes: Uint8Array) => bytes.fill(7, bytes.length - 10)],
      ['damaged in a length', (bytes: Uint8Array) => bytes.fill(0xff, 8, 12)],
    ] as const)('a segment object that is %s fails its own offsets alone', async (_what, mend) => {
      const { partition, objects } = await rolledLog();
      expect(objects.length).toBeGreaterThan(2);
      const whole = await readAll(logs, partition, { config });
      const second = objects[1] ?? '';
      const base = BigInt(/(\d{20})-/.exec(second)?.[1] ?? '0');
      const after = BigInt(/(\d{20})-/.exec(objects[2] ?? '')?.[1] ?? '0');
      await change(second, mend);
      const failed: bigint[] = [];
      for (let offset = 0n; offset < BigInt(batches); offset++) {
        const outcome = await readAt(partition, offset).catch((error: unknown) => error);
        if (outcome instanceof KafkaError) {
          expect(outcome.errorName).toBe('KAFKA_STORAGE_ERROR');
          failed.push(offset);
        } else {
          const first = recordsOf(outcome as Awaited<ReturnType<typeof readAt>>, offset)[0];
          expect(first).toEqual(whole[Number(offset)]);
        }
      }
      expect(failed.length).toBeGreaterThan(0);
      expect(failed.every((offset) => offset >= base && offset < after)).toBe(true);
      const { baseOffset } = await appendOne(
        logs,
        partition,
        batchOf(['still taken'], systemClock.nowMs()),
        config,
      );
      expect(baseOffset).toBe(BigInt(batches));
    });

    test('a staged object that is missing fails its own offset alone', async () => {
      const partition = await newPartition(stores, systemClock);
      const staged = new Set<string>();
      for await (const { key } of listAll(stores.objects, stagedObjectsPrefix)) staged.add(key);
      const big = 'x'.repeat(1_040_000);
      await appendOne(logs, partition, batchOf(['before'], systemClock.nowMs()), config);
      const { itemBytesMax } = stores.staging.thresholds;
      const isObject = itemBytesMax < 1_040_000;
      await appendOne(logs, partition, batchOf([big], systemClock.nowMs()), config);
      await appendOne(logs, partition, batchOf(['after'], systemClock.nowMs()), config);
      if (!isObject) return;
      for await (const { key } of listAll(stores.objects, stagedObjectsPrefix)) {
        if (!staged.has(key)) await stores.objects.delete([key]);
      }
      expect(recordsOf(await readAt(partition, 0n)).map(({ value }) => value)).toEqual(['before']);
      expect(await errorOf(readAt(partition, 1n))).toBe('KAFKA_STORAGE_ERROR');
      expect(recordsOf(await readAt(partition, 2n)).map(({ value }) => value)).toEqual(['after']);
    });
  });
}

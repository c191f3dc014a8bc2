import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { keepUnrolled } from '../../../shared/log/keep-longer.ts';
import { stagedNames } from '../../../shared/log/names.ts';
import { payloadKey } from '../../../shared/storage/items/payload.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { appendOne, batchOf, logConfig, newPartition, openLogs, readAll } from '../../support/log-engine.ts';

const dayMs = 86_400_000;
const oneDay = { ...logConfig, retentionMs: BigInt(dayMs) };

/**
 * A partition with 20 payloads that expire three days after they were staged, some in a page, some in the
 * tail.
 */
async function expiringLog() {
  const clock = new ManualClock();
  const random = seededRandom(1);
  const stores = openMemoryStores({ clock, random, expiry: { delayMsMax: 0 } });
  const logs = openLogs(stores, { clock, random });
  const partition = await newPartition(stores, clock);
  for (let n = 0; n < 20; n++) {
    await appendOne(logs, partition, batchOf(['x'.repeat(1000)], clock.nowMs()), oneDay);
  }
  await logs.drain();
  const payloadsLeft = async (): Promise<number> => {
    const { ids } = await stagedNames(logs.context, partition);
    const items = await stores.metadata.getMany([...ids].map((id) => payloadKey(partition, id)));
    return items.filter((item) => item !== undefined).length;
  };
  return { clock, logs, partition, payloadsLeft };
}

describe('records whose retention is raised before they are rolled', () => {
  test('stay when their expiry is lifted, in pages and in the tail (I10)', async () => {
    const { clock, logs, partition, payloadsLeft } = await expiringLog();
    expect(await keepUnrolled(logs.context, partition)).toBe(20);
    expect(await keepUnrolled(logs.context, partition)).toBe(0);
    clock.advance(30 * dayMs);
    expect(await payloadsLeft()).toBe(20);
    expect((await readAll(logs, partition, { config: { ...oneDay, retentionMs: -1n } })).length).toBe(20);
  });

  test('would be gone otherwise: the store forgets them', async () => {
    const { clock, payloadsLeft } = await expiringLog();
    clock.advance(30 * dayMs);
    expect(await payloadsLeft()).toBe(0);
  });
});

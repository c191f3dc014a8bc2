import { beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../shared/base/random.ts';
import type { PartitionId } from '../../../shared/kafka/topic-partition.ts';
import type { OpenPartitionLogs } from '../../../shared/log/partition-logs.ts';
import { batchOf, logConfig, newPartition, openLogs } from '../../support/log-engine.ts';
import { type Ground, newGround } from '../catalog/catalog-bench.ts';

const random = seededRandom(8);
let ground: Ground;
let partition: PartitionId;
let here: OpenPartitionLogs;
let elsewhere: OpenPartitionLogs;

beforeEach(async () => {
  ground = newGround();
  const { clock, stores } = ground;
  here = openLogs(stores, { clock, random, settings: { earlyMsMax: 500 } });
  elsewhere = openLogs(stores, { clock, random });
  partition = await newPartition(stores, clock);
});

async function append(logs: OpenPartitionLogs, baseSequence: number, producerId = 7n) {
  const producer = { producerId, producerEpoch: 0, baseSequence };
  const batch = batchOf([`${baseSequence}`], ground.clock.nowMs(), producer);
  const [answer] = await logs.append([{ partition, config: logConfig, batch }]);
  return answer;
}

const outOfOrder = { errorName: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };

describe('a batch that comes too early in its producer’s sequence', () => {
  test('waits for the one before it, which another process is still at', async () => {
    await append(elsewhere, 0);
    const early = append(here, 2);
    await ground.clock.sleep(100);
    expect(await append(elsewhere, 1)).toMatchObject({ baseOffset: 1n });
    expect(await early).toMatchObject({ baseOffset: 2n });
  });

  test('is refused half a second later when nothing comes, and not much later', async () => {
    await append(elsewhere, 0);
    const beganMs = ground.clock.nowMs();
    expect(await append(here, 2)).toMatchObject(outOfOrder);
    expect(ground.clock.nowMs() - beganMs).toBeGreaterThanOrEqual(500);
    expect(ground.clock.nowMs() - beganMs).toBeLessThan(700);
  });

  test('holds up the batches of others no longer than that, and they are stored', async () => {
    await append(elsewhere, 0);
    const [early, other] = await Promise.all([append(here, 2), append(here, 0, 8n)]);
    expect(early).toMatchObject(outOfOrder);
    expect(other).toMatchObject({ baseOffset: 1n });
  });

  test('those behind one that was refused here are refused without a wait of their own', async () => {
    await append(elsewhere, 0);
    const beganMs = ground.clock.nowMs();
    const answers = await Promise.all([2, 3, 4, 5].map((baseSequence) => append(here, baseSequence)));
    for (const answer of answers) expect(answer).toMatchObject(outOfOrder);
    expect(ground.clock.nowMs() - beganMs).toBeLessThan(700);
  });

  test('does not wait where no other process can be at it', async () => {
    await append(elsewhere, 0);
    const beganMs = ground.clock.nowMs();
    expect(await append(elsewhere, 2)).toMatchObject(outOfOrder);
    expect(ground.clock.nowMs() - beganMs).toBeLessThan(50);
  });
});

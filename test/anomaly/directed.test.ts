import { describe, expect, test } from 'vitest';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import { createTopic } from '../simulation/admin.ts';
import { check } from '../simulation/checkers/check.ts';
import type { Call, Fate, Faults } from '../simulation/faults.ts';
import { readOnce, readWhole } from '../simulation/readers.ts';
import { Scheduler } from '../simulation/scheduler.ts';
import { Slot, World } from '../simulation/world.ts';
import { config, paddings, plan, Stage } from './stage.ts';

// Runs that once broke a promise, step by step.

const dayMs = 86_400_000;

class PlannedFaults implements Faults {
  private readonly plan: (call: Call) => Fate | undefined;

  constructor(plan: (call: Call) => Fate | undefined) {
    this.plan = plan;
  }

  legMs = (): number => 1;
  fateOf = (call: Call): Fate => this.plan(call) ?? { is: 'answered' };
  mishapOf = (): undefined => undefined;
  fateOfOrphan = (): 'now' => 'now';
}

/** Plays the steps to their end on one partition, and judges what clients saw. */
async function play(
  options: { config?: Partial<LogConfig>; expires?: boolean; fate?: (call: Call) => Fate | undefined },
  steps: (stage: Stage) => Promise<void>,
): Promise<void> {
  const scheduler = new Scheduler(1);
  const thresholds = { ...plan.thresholds, expires: options.expires ?? false };
  const unkindness = { ...plan.unkindness, ...(options.expires ? { expiry: { delayMsMax: 1 } } : {}) };
  const faults = new PlannedFaults(options.fate ?? (() => undefined));
  const world = new World({ ...plan, thresholds, unkindness }, scheduler, faults);
  const topic = {
    name: 'orders',
    partitions: 2,
    config: { ...config, ...options.config },
    isRestless: false,
  };
  const stage = new Stage(world, topic);
  let isDone = false;
  world.spawn(async () => {
    await createTopic(world, stage.healthy, topic);
    await steps(stage);
    for (const target of world.partitions.values()) await readWhole(world, stage.healthy, target, true);
    isDone = true;
  });
  await scheduler.run();
  expect(isDone).toBe(true);
  expect([...world.alarms, ...check(world.history)]).toEqual([]);
}

describe('expiry', () => {
  const short = { retentionMs: 3_600_000n };

  test('a record dated ahead outlives a later one that has expired', async () => {
    await play({ config: short, expires: true }, async (stage) => {
      const ahead = { ...stage.batch(paddings.item), timestampMs: stage.world.clock.nowMs() + 9 * dayMs };
      expect(await stage.send(stage.healthy, [ahead])).toMatchObject({ is: 'ok' });
      await stage.fill(5);
      await stage.sleep(4 * dayMs);
      const { healthy, world } = stage;
      for (const offset of [0n, 2n, 7n]) await readOnce(world, healthy, stage.partition(), offset);
      const read = await readOnce(world, healthy, stage.partition(), 0n);
      expect(read).toMatchObject({ is: 'ok', value: { logStartOffset: 0n } });
    });
  });

  test('a batch that was staged days before it got its offset does not take newer records with it', async () => {
    const asleep = { process: 'sleeper.0', forMs: 2 * dayMs };
    const fate = ({ process, name }: Call): Fate | undefined =>
      process === asleep.process && name.includes('next,tail')
        ? { is: 'answered', slowMs: asleep.forMs }
        : undefined;
    await play({ config: short, expires: true, fate }, async (stage) => {
      const sleeper = new Slot(stage.world, 'sleeper');
      await stage.send(sleeper, [stage.batch(paddings.item)]);
      await stage.sleep(asleep.forMs - 600_000);
      await stage.fill(1);
      await stage.sleep(700_000);
      const { healthy, world } = stage;
      await readOnce(world, healthy, stage.partition(), 2n);
      const read = await readOnce(world, healthy, stage.partition(), 0n);
      expect(read).toMatchObject({ is: 'ok', value: { logStartOffset: 0n, nextOffset: 4n } });
    });
  });
});

describe('an append', () => {
  test('is unknown when its answer is lost and then the head cannot be read', async () => {
    let isLost = false;
    const fate = ({ name }: Call): Fate | undefined => {
      if (name.includes('next,tail') && !isLost) {
        isLost = true;
        return { is: 'lost', effect: 'before' };
      }
      return isLost && name.startsWith('get p#') ? { is: 'refused', kind: 'unavailable' } : undefined;
    };
    await play({ fate }, async (stage) => {
      const answer = await stage.send(stage.healthy, [stage.batch(paddings.item)]);
      expect(answer).toMatchObject({ is: 'unknown', error: 'REQUEST_TIMED_OUT' });
      isLost = false;
    });
  });

  test('of a batch whose predecessor could not be staged leaves no gap', async () => {
    let isArmed = false;
    let puts = 0;
    const fate = ({ name }: Call): Fate | undefined => {
      if (!isArmed || !name.startsWith('put b#')) return undefined;
      return ++puts === 2 ? { is: 'refused', kind: 'unavailable' } : undefined;
    };
    await play({ fate }, async (stage) => {
      const own = (baseSequence: number) =>
        stage.batch(paddings.item, { producerId: 7n, producerEpoch: 0, baseSequence });
      await stage.send(stage.healthy, [own(0)]);
      isArmed = true;
      const batches = [own(2), own(4), own(6)];
      await stage.send(stage.healthy, batches);
      isArmed = false;
      for (const batch of batches) {
        expect(await stage.send(stage.healthy, [batch])).toMatchObject({ is: 'ok' });
      }
    });
  });
});

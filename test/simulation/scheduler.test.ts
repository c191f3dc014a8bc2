import { describe, expect, test } from 'vitest';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import { add, equals } from '../../shared/storage/metadata-store.ts';
import { drawChances, RandomFaults } from './faults.ts';
import { SimulatedProcess } from './process.ts';
import { RunawaySimulation, Scheduler, virtualClock } from './scheduler.ts';
import { simulatedStores } from './stores.ts';

describe('the scheduler', () => {
  test('fires in the order of time, and equal times in the order of arrival', async () => {
    const scheduler = new Scheduler(1);
    const fired: string[] = [];
    for (const [delayMs, name] of [
      [5, 'c'],
      [1, 'a'],
      [5, 'd'],
      [2, 'b'],
    ] as const) {
      scheduler.after(delayMs, name, () => void fired.push(name));
    }
    await scheduler.run();
    expect(fired).toEqual(['a', 'b', 'c', 'd']);
  });

  test('lets every promise settle before the next event', async () => {
    const scheduler = new Scheduler(1);
    const seen: string[] = [];
    scheduler.after(1, 'first', () => {
      void (async () => {
        for (let turn = 0; turn < 100; turn++) await Promise.resolve();
        seen.push('settled');
      })();
    });
    scheduler.after(1, 'second', () => void seen.push('second'));
    await scheduler.run();
    expect(seen).toEqual(['settled', 'second']);
  });

  test('jumps over days without waiting', async () => {
    const scheduler = new Scheduler(1);
    const clock = virtualClock(scheduler, 0, (wake) => wake());
    const before = clock.nowMs();
    let after = 0;
    void clock.sleep(3 * 86_400_000).then(() => {
      after = clock.nowMs();
    });
    await scheduler.run();
    expect(after - before).toBe(3 * 86_400_000);
  });

  test('stops a run that never ends', async () => {
    const scheduler = new Scheduler(1, { eventsMax: 100 });
    const again = (): void => scheduler.after(1, 'again', again);
    again();
    await expect(scheduler.run()).rejects.toThrow(RunawaySimulation);
  });
});

/** Ten processes count in one item, each at most once a step, under all faults. */
async function countTogether(seed: number): Promise<{ hash: string; counted: bigint; acknowledged: number }> {
  const scheduler = new Scheduler(seed);
  const clock = virtualClock(scheduler, 0, (wake) => wake());
  const engine = openMemoryStores({ clock, random: scheduler.random });
  const faults = new RandomFaults(scheduler.random, {
    ...drawChances(scheduler.random, 1_000),
    lost: 0.2,
    sleep: 0.01,
  });
  const key = { pk: 'p', sk: 's' };
  await engine.metadata.put(key, { n: 0n });
  let acknowledged = 0;
  for (let at = 0; at < 10; at++) {
    const process = new SimulatedProcess(scheduler, faults, { name: `process ${at}` });
    const { metadata } = simulatedStores(engine, scheduler, faults, process);
    void (async () => {
      for (let step = 0; step < 20; step++) {
        try {
          const item = await metadata.get(key);
          const n = item?.n as bigint;
          await metadata.update(key, { changes: [add(['n'], 1n)], condition: equals(['n'], n) });
          acknowledged++;
        } catch {
          await process.clock.sleep(10);
        }
      }
    })();
  }
  await scheduler.run();
  return { hash: scheduler.hash(), counted: (await engine.metadata.get(key))?.n as bigint, acknowledged };
}

describe('the simulated stores', () => {
  test('do the same again for the same seed', async () => {
    const runs = [await countTogether(42), await countTogether(42)];
    expect(runs[0]).toEqual(runs[1]);
  });
  test('do something else for another seed', async () => {
    expect((await countTogether(1)).hash).not.toBe((await countTogether(2)).hash);
  });
  test('apply what they acknowledge, and some of what they lose', async () => {
    const { counted, acknowledged } = await countTogether(3);
    expect(acknowledged).toBeGreaterThan(10);
    expect(Number(counted)).toBeGreaterThan(acknowledged);
  });
});

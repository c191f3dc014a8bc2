import { integerBelow } from '../../shared/base/random.ts';
import { isKafkaError } from '../../shared/kafka/error-codes.ts';
import { isStoreError } from '../../shared/storage/store-error.ts';
import type { JobPlan } from './plan.ts';
import type { SimulatedProcess } from './process.ts';
import { happens, spread } from './scheduler.ts';
import type { System } from './system.ts';
import { Slot, type World } from './world.ts';

/** A process that runs one job on every partition, again and again, and is replaced when it dies. */
export function startJob(world: World, plan: JobPlan, at: number): void {
  const slot = new Slot(world, `${plan.job} ${at}`, (system, process) => {
    world.spawn(() => work(world, plan, system, process));
  });
  slot.start();
}

async function work(world: World, plan: JobPlan, system: System, process: SimulatedProcess): Promise<void> {
  while (!world.isStopping) {
    await process.clock.sleep(spread(process.random, plan.everyMs / 3, plan.everyMs * 3));
    if (world.isStopping) return;
    await forgiven(() => round(world, plan, system, process));
  }
}

async function round(world: World, plan: JobPlan, system: System, process: SimulatedProcess): Promise<void> {
  const partitions = [...world.partitions.values()];
  if (partitions.length === 0) return;
  const first = integerBelow(process.random, partitions.length);
  for (const { id, config } of [...partitions.slice(first), ...partitions.slice(0, first)]) {
    if (plan.job === 'roll') await system.roll(id, config, happens(process.random, 0.2));
    else if (plan.job === 'retain') await system.retain(id, config);
    else await system.sweep(id, config);
  }
  if (plan.job === 'sweep') await system.tidy();
}

/** Jobs may fail with the store; the next round goes on where this one stopped. */
export async function forgiven(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isExpected = isStoreError(error) || isKafkaError(error) || (error as Error).name === 'Moved';
    if (!isExpected) throw error;
  }
}

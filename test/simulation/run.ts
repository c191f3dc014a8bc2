import { createTopic, describeTopic, restlessAdmin } from './admin.ts';
import { check } from './checkers/check.ts';
import type { Anomaly } from './checkers/checker.ts';
import { RandomFaults } from './faults.ts';
import { type Theme, themeOf } from './focus.ts';
import { groupPhases } from './group-run.ts';
import type { History } from './history.ts';
import { forgiven, startJob } from './jobs.ts';
import { drawPlan, type Plan } from './plan.ts';
import { idempotentProducer, plainProducer } from './producers.ts';
import { lookUpTime, readOffsets, readWhole, tailingReader, wanderingReader } from './readers.ts';
import { Scheduler } from './scheduler.ts';
import { Slot, World } from './world.ts';

export type Run = {
  readonly seed: number;
  readonly plan: Plan;
  readonly anomalies: readonly Anomaly[];
  readonly history: History;
  /** Of everything that happened: equal for two runs of one seed. */
  readonly hash: string;
  readonly events: number;
  readonly trace: readonly string[];
};

/** Everything at once, from one seed: the same seed does exactly the same again. */
export async function run(seed: number, options: { trace?: boolean; theme?: Theme } = {}): Promise<Run> {
  const scheduler = new Scheduler(seed, options);
  const plan = drawPlan(scheduler.random, options.theme ?? themeOf(seed));
  const faults = new RandomFaults(scheduler.random, plan.chances);
  const world = new World(plan, scheduler, faults);
  const crashes: Anomaly[] = [];
  try {
    if (plan.groups !== undefined) await groupPhases(world, faults, plan.groups);
    else {
      await workPhase(world, faults);
      await restPhase(world);
    }
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    crashes.push({ checker: 'crash', promise: 'I14', message });
  }
  const anomalies = [...crashes, ...world.alarms, ...(crashes.length > 0 ? [] : check(world.history))];
  const { eventsFired, trace = [] } = scheduler;
  return {
    seed,
    plan,
    anomalies,
    history: world.history,
    hash: scheduler.hash(),
    events: eventsFired,
    trace,
  };
}

/** Clients and jobs do what they have to do, while everything goes wrong that may. */
async function workPhase(world: World, faults: RandomFaults): Promise<void> {
  const { plan, scheduler } = world;
  let working = 0;
  const client = (work: () => Promise<void>): void => {
    working++;
    world.spawn(async () => {
      await work();
      if (--working > 0) return;
      await world.clock.sleep(plan.tailMs);
      world.isStopping = true;
    });
  };
  for (const topic of plan.topics) {
    client(async () => {
      const [broker] = world.brokers as [Slot];
      for (let tries = 0; tries < 50 && world.topics.length === 0; tries++) {
        await createTopic(world, broker, topic);
        await describeTopic(world, broker, topic);
      }
    });
    if (topic.isRestless) client(() => restlessAdmin(world, topic));
  }
  for (const producer of plan.producers) {
    client(() => (producer.kind === 'plain' ? plainProducer : idempotentProducer)(world, producer));
  }
  for (let reader = 0; reader < plan.readers; reader++) {
    client(() => wanderingReader(world, plan.readsEach));
    client(() => tailingReader(world, `reader ${reader}`, plan.readsEach));
  }
  plan.jobs.forEach((job, at) => void startJob(world, job, at));
  await scheduler.run(() => world.isStopping);
  // From here on nothing new goes wrong; what is late still comes, and sleepers wake.
  faults.isOver = true;
  await scheduler.run();
}

/** Everything has come to rest: what is there is read, the jobs run, and it must all be there still. */
async function restPhase(world: World): Promise<void> {
  const { scheduler } = world;
  const last = new Slot(world, 'last broker');
  world.spawn(async () => {
    for (const topic of world.plan.topics) await describeTopic(world, last, topic);
    const targets = [...world.partitions.values()];
    for (const target of targets) await readWhole(world, last, target, false);
    for (let round = 0; round < 2; round++) {
      await world.clock.sleep(world.plan.settings.sweepAgeMs + 1);
      for (const { id, config } of targets) {
        await last.ask((system) => forgiven(() => system.roll(id, config, true)));
        await last.ask((system) => forgiven(() => system.retain(id, config)));
        await last.ask((system) => forgiven(() => system.sweep(id, config)));
      }
      await last.ask((system) => forgiven(() => system.tidy()));
    }
    for (const target of targets) {
      if (!(await readWhole(world, last, target, true))) continue;
      const offsets = await readOffsets(world, last, target);
      if (offsets.is !== 'ok') continue;
      for (let lookup = 0; lookup < 3; lookup++) {
        const aboutMs = Math.floor(world.random.next() * (world.clock.nowMs() - 1_700_000_000_000));
        await lookUpTime(world, last, target, 1_700_000_000_000 + aboutMs, true);
      }
    }
  });
  await scheduler.run();
}

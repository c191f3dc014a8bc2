import { seededRandom } from '../../shared/base/random.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import { defaultLogSettings } from '../../shared/log/log-context.ts';
import { createTopic, describeTopic } from '../simulation/admin.ts';
import { check } from '../simulation/checkers/check.ts';
import type { Anomaly } from '../simulation/checkers/checker.ts';
import type { Producer } from '../simulation/history.ts';
import { drawPlan, type Plan, type TopicPlan } from '../simulation/plan.ts';
import { sendOnce } from '../simulation/producers.ts';
import { readWhole } from '../simulation/readers.ts';
import { Scheduler } from '../simulation/scheduler.ts';
import type { System } from '../simulation/system.ts';
import { type Answer, Slot, World } from '../simulation/world.ts';
import { longAfterMs, OneFault, type Way } from './one-fault.ts';

/** One operation, what must be there before it, and what must hold afterwards. */
export type Scenario = {
  readonly name: string;
  readonly config?: Partial<LogConfig>;
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** What is done by a process one of whose calls fails, and then again by a healthy one. */
  readonly operate: (stage: Stage, by: Slot) => Promise<Answer<unknown>>;
  /** What a healthy process may answer when it does the same again, besides success. */
  readonly mayAnswer?: readonly string[];
  readonly verify?: (stage: Stage) => Promise<void>;
};

const dayMs = 86_400_000;
const subject = 'subject';

/** Pages of two entries, one producer in the head: every operation meets everything after a few batches. */
export const plan: Plan = {
  ...drawPlan(seededRandom(1), 'everything'),
  skewMsMax: 0,
  otherPageEntries: 0,
  settings: {
    ...defaultLogSettings,
    pageEntries: 2,
    producersInHeadMax: 1,
    producerIdExpirationMs: 365 * dayMs,
    sweepAgeMs: dayMs,
    indexSlotBytes: 256,
  },
  thresholds: {
    entryBytesMax: 120,
    itemBytesMax: 400,
    expires: false,
    groupEntriesMax: 32,
    groupBytesMax: 1024,
    tailEntriesMax: 6,
    tailBytesMax: 2048,
  },
  unkindness: { transactionConflicts: { holdMs: 5, freshMs: 1 } },
};

export const config: LogConfig = {
  batchBytesMax: 1_048_588,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: (1n << 63n) - 1n,
  timestampAfterMaxMs: (1n << 63n) - 1n,
  compressionType: 'producer',
  retentionMs: -1n,
  retentionBytes: -1n,
  cleanupPolicy: ['delete'],
  segmentBytes: 1_000_000,
  segmentMs: 3_600_000n,
};

/** What a batch weighs: inside its entry, as an item, as an object. */
export const paddings = { entry: 0, item: 100, object: 600 } as const;

export class Stage {
  readonly world: World;
  readonly healthy: Slot;
  readonly topic: TopicPlan;
  private sent = 0;

  constructor(world: World, topic: TopicPlan) {
    this.world = world;
    this.topic = topic;
    this.healthy = new Slot(world, 'healthy');
  }

  /** The partition of this number of the topic as it is known now. */
  partition(partition = 0): { id: PartitionId; config: LogConfig } {
    const known = this.world.topics.find(({ name }) => name === this.topic.name);
    if (known === undefined) throw new Error('there is no topic');
    return { id: { topicId: known.topicId, partition }, config: known.config };
  }

  /** A batch of two records that is not sent yet: sent twice, it is the same batch. */
  batch(padding: number, producer?: Producer, partition = 0) {
    const number = this.sent++;
    const records = [0, 1].map((at) => ({ key: 'key', value: `batch ${number} record ${at}` }));
    const timestampMs = this.world.clock.nowMs();
    const wanted = { ...this.partition(partition), records, timestampMs, padding, isStored: false };
    return producer ? { ...wanted, producer } : wanted;
  }

  /** The first answer that is no success, or the last. */
  async send(by: Slot, batches: readonly ReturnType<Stage['batch']>[]): Promise<Answer<unknown>> {
    const answers = await sendOnce(this.world, by, batches);
    await this.idle(by);
    return answers.find(({ is }) => is !== 'ok') ?? { is: 'ok', value: undefined };
  }

  /** Until the process does nothing any more behind its answers. */
  idle(by: Slot): Promise<Answer<void>> {
    return by.ask(({ logs }) => logs.drain());
  }

  /** Appends batches one after another, as a healthy process. */
  async fill(count: number, padding: number = paddings.item, partition = 0): Promise<void> {
    for (let batch = 0; batch < count; batch++) {
      await this.send(this.healthy, [this.batch(padding, undefined, partition)]);
    }
  }

  do(by: Slot, work: (system: System) => Promise<unknown>): Promise<Answer<unknown>> {
    return by.ask(work);
  }

  sleep(ms: number): Promise<void> {
    return this.world.clock.sleep(ms);
  }
}

export type Performance = { readonly calls: number; readonly problems: readonly string[] };

/** Plays the scenario with its N-th call going wrong, and says what was not as promised. */
export async function perform(scenario: Scenario, number: number, way: Way): Promise<Performance> {
  const scheduler = new Scheduler(number);
  const faults = new OneFault(`${subject}.0`, number, way);
  const topic = {
    name: 'orders',
    partitions: 2,
    config: { ...config, ...scenario.config },
    isRestless: false,
  };
  const world = new World(plan, scheduler, faults);
  const stage = new Stage(world, topic);
  const problems: string[] = [];
  world.spawn(async () => {
    await createTopic(world, stage.healthy, topic);
    await scenario.prepare?.(stage);
    const by = new Slot(world, subject);
    faults.arm();
    await scenario.operate(stage, by);
    await stage.idle(by);
    faults.disarm();
    problems.push(...(await afterwards(scenario, stage)));
  });
  await scheduler.run();
  const anomalies: Anomaly[] = [...world.alarms, ...check(world.history)];
  problems.push(...anomalies.map(({ promise, checker, message }) => `${promise} ${checker}: ${message}`));
  return { calls: faults.calls, problems };
}

/** A healthy process reads everything, does the same again, runs the jobs, and reads everything again. */
async function afterwards(scenario: Scenario, stage: Stage): Promise<string[]> {
  const { world, healthy } = stage;
  const problems: string[] = [];
  await stage.sleep(2_000);
  for (const target of world.partitions.values()) await readWhole(world, healthy, target, false);
  const again = await scenario.operate(stage, healthy);
  const isAllowed = again.is !== 'ok' && scenario.mayAnswer?.includes(again.error);
  if (again.is !== 'ok' && !isAllowed) problems.push(`done again, it answered ${again.error}`);
  await scenario.verify?.(stage);
  await stage.sleep(2 * longAfterMs);
  await describeTopic(world, healthy, stage.topic);
  for (let round = 0; round < 2; round++) {
    await stage.sleep(2 * dayMs);
    for (const { id, config } of world.partitions.values()) {
      for (const job of jobsOf(id, config)) {
        const done = await stage.do(healthy, job);
        if (done.is !== 'ok') problems.push(`a job on ${id.partition} answered ${done.error}`);
      }
    }
    await stage.do(healthy, ({ tidy }) => tidy());
  }
  for (const target of world.partitions.values()) await readWhole(world, healthy, target, true);
  return problems;
}

const jobsOf = (id: PartitionId, config: LogConfig): ((system: System) => Promise<unknown>)[] => [
  ({ roll }) => roll(id, config, true),
  ({ retain }) => retain(id, config),
  ({ sweep }) => sweep(id, config),
];

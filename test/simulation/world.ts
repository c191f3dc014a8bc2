import type { Clock } from '../../shared/base/clock.ts';
import { type Log, silentLog } from '../../shared/base/log.ts';
import { integerBelow, type Random, seededRandom } from '../../shared/base/random.ts';
import { isKafkaError } from '../../shared/kafka/error-codes.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import type { MetadataStore } from '../../shared/storage/metadata-store.ts';
import { isStoreError } from '../../shared/storage/store-error.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import { brokenHead } from './checkers/broken-head.ts';
import type { Anomaly } from './checkers/checker.ts';
import type { Faults } from './faults.ts';
import { History, type Operation, type PartitionName } from './history.ts';
import type { Plan } from './plan.ts';
import { SimulatedProcess } from './process.ts';
import { type Scheduler, spread, virtualClock } from './scheduler.ts';
import { simulatedStores } from './stores.ts';
import { openSystem, type System } from './system.ts';

/** What a client knows of a topic. */
export type KnownTopic = {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly config: LogConfig;
};

export type Answer<T> =
  | { readonly is: 'ok'; readonly value: T }
  | { readonly is: 'fail'; readonly error: string }
  | { readonly is: 'unknown'; readonly error: string };

/** How long a client waits for its broker; a broker itself gives up after ten seconds. */
const requestTimeoutMs = 30_000;

export const partitionName = ({ topicId, partition }: PartitionId): PartitionName =>
  `${topicId}/${partition}`;

/**
 * The whole simulated system: one store, the processes that use it, the clients outside, and what they saw.
 */
export class World {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly history = new History();
  readonly random: Random;
  /** The time of clients: nothing that befalls a process touches it. */
  readonly clock: Clock;
  readonly brokers: Slot[];
  readonly topics: KnownTopic[] = [];
  readonly partitions = new Map<PartitionName, { id: PartitionId; config: LogConfig }>();
  private readonly engine: Stores;
  readonly alarms: Anomaly[] = [];
  private readonly log: Log;
  isStopping = false;

  constructor(plan: Plan, scheduler: Scheduler, faults: Faults) {
    this.plan = plan;
    this.scheduler = scheduler;
    this.faults = faults;
    this.random = seededRandom(Math.floor(scheduler.random.next() * 2 ** 32));
    this.clock = virtualClock(scheduler, 0, (wake) => wake());
    const engine = openMemoryStores({ clock: this.clock, random: scheduler.random, ...plan.unkindness });
    const { metadata, objects, staging } = engine;
    const watched = watchingHeads(metadata, (what) => {
      this.alarms.push({ checker: 'broken head', promise: 'I3', message: what });
    });
    this.engine = { metadata: watched, objects, staging: { ...staging, thresholds: plan.thresholds } };
    this.log = { ...silentLog, error: (message, details) => this.raise(message, details) };
    this.brokers = Array.from({ length: plan.brokers }, (_, at) => new Slot(this, `broker ${at}`));
  }

  /** A fresh process, with stores of its own. */
  startProcess(name: string, onDeath: () => void): { process: SimulatedProcess; system: System } {
    const skew = this.plan.skewMsMax;
    const skewMs = skew === 0 ? 0 : integerBelow(this.random, 2 * skew) - skew;
    const process = new SimulatedProcess(this.scheduler, this.faults, { name, skewMs, onDeath });
    const stores = simulatedStores(this.engine, this.scheduler, this.faults, process);
    const { clock, random } = process;
    const { settings, otherPageEntries, groups } = this.plan;
    const isOther = otherPageEntries > 0 && this.random.next() < 0.5;
    const own = isOther ? { ...settings, pageEntries: otherPageEntries } : settings;
    const system = openSystem({ stores, clock, random, log: this.log, settings: own }, groups?.settings);
    return { process, system };
  }

  /** The code itself says that something is wrong which it did not expect. */
  private raise(message: string, details: Readonly<Record<string, unknown>> = {}): void {
    const { error } = details;
    if (error === undefined) return;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.alarms.push({ checker: 'alarm', promise: 'I14', message: `${message}: ${reason}` });
  }

  learnTopic(topic: KnownTopic): void {
    const known = this.topics.findIndex(({ name }) => name === topic.name);
    this.topics.splice(known < 0 ? this.topics.length : known, 1, topic);
    for (let partition = 0; partition < topic.partitions; partition++) {
      const id = { topicId: topic.topicId, partition };
      this.partitions.set(partitionName(id), { id, config: topic.config });
      this.history.kept.set(partitionName(id), topic.config);
    }
  }

  /** Lets something run beside everything else; if it fails, the run does. */
  spawn(work: () => Promise<void>): void {
    work().catch((error) => this.scheduler.fail(error));
  }

  pause(aboutMs: number): Promise<void> {
    return this.clock.sleep(spread(this.random, aboutMs / 3, aboutMs * 3));
  }
}

/** The same store; each head is looked at when it was written. */
const watchingHeads = (store: MetadataStore, alarm: (what: string) => void): MetadataStore => ({
  get: (...args) => store.get(...args),
  getMany: (...args) => store.getMany(...args),
  query: (...args) => store.query(...args),
  put: (...args) => store.put(...args),
  remove: (...args) => store.remove(...args),
  transact: (...args) => store.transact(...args),
  update: async (key, ...args) => {
    const item = await store.update(key, ...args);
    const broken = key.sk === 'head' ? brokenHead(item) : undefined;
    if (broken) alarm(`${key.pk}: ${broken}`);
    return item;
  },
});

/**
 * The place of a process: when it dies, another one is started there, with nothing of the former's memory.
 */
export class Slot {
  readonly name: string;
  private readonly world: World;
  private readonly onStart: (system: System, process: SimulatedProcess) => void;
  private current: { process: SimulatedProcess; system: System } | undefined;
  private readonly lost = new Set<() => void>();
  private generation = 0;

  constructor(
    world: World,
    name: string,
    onStart: (system: System, process: SimulatedProcess) => void = () => {},
  ) {
    this.world = world;
    this.name = name;
    this.onStart = onStart;
  }

  start(): void {
    const name = `${this.name}.${this.generation++}`;
    this.current = this.world.startProcess(name, () => this.replace());
    this.onStart(this.current.system, this.current.process);
  }

  /**
   * A client's request to whatever process is here now. What it hears when it has stopped to wait goes to
   * `tooLate`: the client does not act on it, but it must be true nevertheless.
   */
  async ask<T>(
    call: (system: System) => Promise<T>,
    tooLate: (answer: Answer<T>) => void = () => {},
  ): Promise<Answer<T>> {
    if (this.current === undefined) this.start();
    const { system } = this.current as { system: System };
    const gone = new AbortController();
    const isLost = new Promise<Answer<T>>((resolve) => {
      const lose = (): void => resolve({ is: 'unknown', error: 'the connection broke' });
      this.lost.add(lose);
      gone.signal.addEventListener('abort', () => this.lost.delete(lose));
    });
    let hasWaited = false;
    const isLate = this.world.clock.sleep(requestTimeoutMs, gone.signal).then((): Answer<T> => {
      hasWaited = !gone.signal.aborted;
      return { is: 'unknown', error: 'no answer in time' };
    });
    const heard = answerOf(call(system));
    const answer = await Promise.race([heard, isLost, isLate]);
    gone.abort();
    if (hasWaited) this.world.spawn(async () => tooLate(await heard));
    return answer;
  }

  private replace(): void {
    for (const lose of this.lost) lose();
    this.lost.clear();
    this.world.scheduler.after(spread(this.world.random, 1, 10_000), `${this.name} starts again`, () =>
      this.start(),
    );
  }
}

/** Errors by Kafka's names; a store's own error is one that nobody translated, and any other is a bug. */
async function answerOf<T>(answer: Promise<T>): Promise<Answer<T>> {
  try {
    return { is: 'ok', value: await answer };
  } catch (error) {
    return refusal(error);
  }
}

export function refusal(error: unknown): { is: 'fail' | 'unknown'; error: string } {
  if (isKafkaError(error, 'REQUEST_TIMED_OUT')) return { is: 'unknown', error: error.errorName };
  if (isKafkaError(error)) return { is: 'fail', error: error.errorName };
  if (isStoreError(error, 'unknown')) return { is: 'unknown', error: `store: ${error.kind}` };
  if (isStoreError(error)) return { is: 'fail', error: `store: ${error.kind}` };
  throw error;
}

/** Tells the history how an operation ended. */
export function conclude<B extends Operation['body'], T>(
  world: World,
  operation: Operation<B>,
  answer: Answer<T>,
  body: (value: T) => Partial<B>,
): void {
  const nowMs = world.clock.nowMs();
  if (answer.is === 'ok') world.history.ok(operation, body(answer.value), nowMs);
  else if (answer.is === 'fail') world.history.fail(operation, answer.error, nowMs);
  else world.history.unknown(operation, answer.error);
  world.scheduler.note(`${operation.id} ${operation.body.does} ${answer.is} ${operation.error ?? ''}`);
}

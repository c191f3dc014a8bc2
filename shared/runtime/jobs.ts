import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Topic } from '../catalog/topic-cache.ts';
import type { Topics } from '../catalog/topics.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { removeDeletedTopics } from '../log/deleted-topics.ts';
import { keepUnrolled } from '../log/keep-longer.ts';
import { underLease } from '../log/lease.ts';
import type { LogContext } from '../log/log-context.ts';
import { Moved } from '../log/moved.ts';
import { enforceRetention } from '../log/retention.ts';
import { type RollOptions, rollPartition } from '../log/roll.ts';
import { sweepPartition, sweepStagedObjects } from '../log/sweep.ts';

/** A job holds its lease no longer than a function runs. */
const leaseMs = 15 * 60_000;

/** What the background jobs work on. */
export type JobsContext = {
  readonly topics: Topics;
  readonly log: LogContext;
  /** Undefined: this process serves no groups. */
  readonly groups?: GroupJobs;
};

/** What runs out with time, of groups and of the HTTP door's consumers. */
export type GroupJobs = {
  expireOffsets(): Promise<unknown>;
  expireInstances(): Promise<unknown>;
};

/** Rolls one partition, unless another process is at it. Answers the number of new segments. */
export async function roll(
  { log }: JobsContext,
  { topicId, logConfig }: Pick<Topic, 'topicId' | 'logConfig'>,
  partition: number,
  options: RollOptions = {},
): Promise<number> {
  const id = { topicId, partition };
  try {
    return (
      (await underLease(log, id, 'roll', leaseMs, () => rollPartition(log, id, logConfig, options))) ?? 0
    );
  } catch (error) {
    if (error instanceof Moved) return 0; // another roller was faster
    throw error;
  }
}

/**
 * Every partition of every topic; the failure of one is logged and does not keep the others from their turn.
 */
async function forEachPartition(
  { topics, log }: JobsContext,
  job: string,
  work: (topic: Topic, partition: number) => Promise<unknown>,
): Promise<void> {
  for (const topic of await topics.list()) {
    for (let partition = 0; partition < topic.partitions; partition++) {
      try {
        await work(topic, partition);
      } catch (error) {
        log.log.error(`${job} failed`, { topic: topic.name, partition, error });
      }
    }
  }
}

export const rollAll = (context: JobsContext): Promise<void> =>
  forEachPartition(context, 'roll', (topic, partition) => roll(context, topic, partition));

export const retainAll = (context: JobsContext): Promise<void> =>
  forEachPartition(context, 'retention', ({ topicId, logConfig }, partition) =>
    enforceRetention(context.log, { topicId, partition }, logConfig),
  );

/**
 * What nothing names, in all partitions and among the staged objects; then the data of deleted topics, and
 * offsets older than `offsets.retention.minutes`.
 */
export async function sweepAll(context: JobsContext): Promise<void> {
  await forEachPartition(context, 'sweep', ({ topicId, logConfig }, partition) =>
    sweepPartition(context.log, { topicId, partition }, logConfig),
  );
  await sweepStagedObjects(context.log);
  await context.topics.finishDeletions();
  await removeDeletedTopics(context.log);
  await context.groups?.expireOffsets();
}

/**
 * Takes the expiry from what a topic holds unrolled: around the moment its records are promised a longer
 * life.
 */
export async function keepTopicLonger(log: LogContext, { topicId, partitions }: Topic): Promise<void> {
  for (let partition = 0; partition < partitions; partition++)
    await keepUnrolled(log, { topicId, partition });
}

export type JobTimes = {
  /** How often every partition is looked at for a roll by age and for retention. */
  readonly passMs: number;
  readonly sweepMs: number;
  /** How often written pages are looked at for a roll by size. */
  readonly rollCheckMs: number;
};

export const localJobTimes: JobTimes = { passMs: 30_000, sweepMs: 3_600_000, rollCheckMs: 250 };

/** Look again when this part of a segment has been written since the last look. */
const looksPerSegment = 4n;

/** The jobs of a process that lives: by the clock, and a roll as soon as enough has been written. */
export class JobLoop {
  private readonly context: JobsContext;
  private readonly times: JobTimes;
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private readonly written = new Map<string, PartitionId & { pagedBytes: bigint }>();
  private readonly looked = new Map<string, bigint>();
  private readonly removed = new Set<string>();

  constructor(context: JobsContext, times: JobTimes = localJobTimes) {
    this.context = context;
    this.times = times;
  }

  start(): void {
    this.loops.push(this.every(this.times.rollCheckMs, () => this.rollWritten()));
    this.loops.push(this.every(this.times.passMs, () => this.pass()));
    this.loops.push(this.every(this.times.sweepMs, () => sweepAll(this.context)));
  }

  /** Hears of each page that this process has written. */
  pagedOut(partition: PartitionId, pagedBytes: bigint): void {
    this.written.set(`${partition.topicId}#${partition.partition}`, { ...partition, pagedBytes });
  }

  /** Resolves when the job that is running has come to its end. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async every(delayMs: number, job: () => Promise<void>): Promise<void> {
    const clock: Clock = this.context.log.clock;
    const log: Log = this.context.log.log;
    for (;;) {
      await clock.sleep(delayMs, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      await job().catch((error: unknown) => log.error('a background job failed', { error }));
    }
  }

  private async pass(): Promise<void> {
    await rollAll(this.context);
    await retainAll(this.context);
    await this.context.groups?.expireInstances();
    await this.context.topics.finishDeletions();
    await removeDeletedTopics(this.context.log, ({ topicId }) => {
      const isNew = !this.removed.has(topicId);
      this.removed.add(topicId);
      return isNew;
    });
  }

  private async rollWritten(): Promise<void> {
    const written = [...this.written];
    this.written.clear();
    for (const [name, { topicId, partition, pagedBytes }] of written) {
      const topic = await this.context.topics.findById(topicId);
      if (!topic) continue;
      const lastLook = this.looked.get(name);
      const isWorthALook = BigInt(topic.logConfig.segmentBytes) / looksPerSegment;
      if (lastLook !== undefined && pagedBytes - lastLook < isWorthALook) continue;
      this.looked.set(name, pagedBytes);
      await roll(this.context, topic, partition);
    }
  }
}

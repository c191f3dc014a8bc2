import { forEachAtMost } from '../base/concurrency.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { removeDeletedTopics } from '../log/deleted-topics.ts';
import { underLease } from '../log/lease.ts';
import type { LogContext } from '../log/log-context.ts';
import { Moved } from '../log/moved.ts';
import { enforceRetention } from '../log/retention.ts';
import { rollPartition } from '../log/roll.ts';
import { sweepPartition, sweepStagedObjects } from '../log/sweep.ts';
import { expireInstances } from '../rest/consumers/expire-instances.ts';
import { loadGroups } from './aws-groups.ts';
import { type AwsRuntime, openAwsRuntime } from './aws-runtime.ts';
import { type JobEvent, type JobName, readJobEvent } from './job-events.ts';

/** The part of Lambda's context that a job looks at. */
export type TimeLeft = { getRemainingTimeInMillis(): number };

export type JobReport = {
  /** Partitions that the job went through. */
  readonly done: number;
  /** Left alone: the topic is gone, or somebody else is at it. */
  readonly skipped: number;
  /** Not begun: the function's time was nearly over. The hourly rule starts them again. */
  readonly left: number;
};

/** A job failed for some partitions, after it went through the others: Lambda starts it again. */
export class PartitionsFailed extends Error {
  override name = 'PartitionsFailed';
}

/** As long as a function may run: a lease of one that died is free then. */
const leaseMs = 900_000;
/** Nothing new is begun later than this before the function's end. */
const reserveMs = 60_000;
const partitionsAtOnce: Readonly<Record<JobName, number>> = { roll: 2, retain: 8, sweep: 4 };

type Work = (log: LogContext, partition: PartitionId, config: LogConfig, event: JobEvent) => Promise<unknown>;

const workOf: Readonly<Record<JobName, Work>> = {
  roll: (log, partition, config, { force = false }) => rollPartition(log, partition, config, { force }),
  retain: enforceRetention,
  sweep: (log, partition, config) => sweepPartition(log, partition, config),
};

/** The handler of a job's function. */
export async function openJob(job: JobName): Promise<(event: unknown, time: TimeLeft) => Promise<JobReport>> {
  const runtime = await openAwsRuntime();
  return (event, time) => runJob(runtime, job, readJobEvent(event), time);
}

/** Does the job on every partition that the event names. One that fails does not keep it from the others. */
export async function runJob(
  runtime: AwsRuntime,
  job: JobName,
  event: JobEvent,
  time: TimeLeft,
): Promise<JobReport> {
  const report = { done: 0, skipped: 0, left: 0 };
  const failed: string[] = [];
  if (event.leftovers) await attempt(runtime, 'leftovers', failed, () => removeLeftovers(runtime));
  await forEachAtMost(partitionsAtOnce[job], tasksOf(event), async ({ topic, topicId, partition }) => {
    if (time.getRemainingTimeInMillis() < reserveMs) {
      report.left++;
      return;
    }
    const name = `${topic}-${partition}`;
    await attempt(runtime, name, failed, async () => {
      const config = await configOf(runtime, topic, topicId);
      const isDone =
        config !== undefined && (await underJobLease(runtime, job, event, { topicId, partition }, config));
      report[isDone ? 'done' : 'skipped']++;
    });
  });
  if (report.left > 0) runtime.log.warn('a job ran out of time', { job, ...report });
  if (failed.length === 0) return report;
  throw new PartitionsFailed(
    `${job} failed for ${failed.length} of its partitions: ${failed.slice(0, 20).join(', ')}`,
  );
}

/** False: somebody else has the lease, or was faster. */
async function underJobLease(
  { logs: { context } }: AwsRuntime,
  job: JobName,
  event: JobEvent,
  partition: PartitionId,
  config: LogConfig,
): Promise<boolean> {
  const work = async (): Promise<true> => {
    await workOf[job](context, partition, config, event);
    return true;
  };
  try {
    return (await underLease(context, partition, job, leaseMs, work)) ?? false;
  } catch (error) {
    if (error instanceof Moved) return false;
    throw error;
  }
}

async function configOf(runtime: AwsRuntime, name: string, topicId: string): Promise<LogConfig | undefined> {
  const topic = await runtime.topics.find(name);
  return topic?.topicId === topicId ? topic.logConfig : undefined;
}

/** What belongs to no partition that is there; once a day also what runs out with time. */
async function removeLeftovers(runtime: AwsRuntime): Promise<void> {
  const { logs, topics, clock } = runtime;
  if (Math.floor(clock.nowMs() / hourMs) % 24 === expiryHour) await expireGroups(runtime);
  const { failed } = await topics.finishDeletions();
  await removeDeletedTopics(logs.context);
  await sweepStagedObjects(logs.context);
  if (failed.length > 0) throw new PartitionsFailed(`topics could not be deleted: ${failed.join(', ')}`);
}

/** The hour of the day (UTC) in which the hourly rule finds this to do. */
const expiryHour = 3;
const hourMs = 3_600_000;

async function expireGroups(runtime: AwsRuntime): Promise<void> {
  const { stores, clock, random, log } = runtime;
  const groups = await loadGroups(runtime);
  await groups.expireOffsets();
  await expireInstances({ metadata: stores.metadata, groups, clock, random, log });
}

async function attempt(
  { log }: AwsRuntime,
  name: string,
  failed: string[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.error('a job failed', { on: name, error });
    failed.push(name);
  }
}

function* tasksOf({ runs }: JobEvent): Generator<{ topic: string; topicId: string; partition: number }> {
  for (const { topic, topicId, first, beyond } of runs) {
    for (let partition = first; partition < beyond; partition++) yield { topic, topicId, partition };
  }
}

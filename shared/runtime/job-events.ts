/**
 * What `pump` tells the jobs. Functions are not updated at one instant, so what passes between them has a
 * format.
 */
const format = 1;

/** Some partitions of a topic: those from `first` up to but not including `beyond`. */
export type PartitionRun = {
  readonly topic: string;
  readonly topicId: string;
  readonly first: number;
  readonly beyond: number;
};

export type JobEvent = {
  readonly runs: readonly PartitionRun[];
  /** Of a roll: all whole pages, however few and young. */
  readonly force?: boolean;
  /** Of a sweep: also what belongs to no partition, staged objects and deleted topics. */
  readonly leftovers?: boolean;
};

export type JobName = 'roll' | 'retain' | 'sweep';

export const writeJobEvent = (event: JobEvent): string => JSON.stringify({ format, ...event });

/** An event is not what `pump` of this version writes: the message says what to do. */
export class UnknownJobEvent extends Error {
  override name = 'UnknownJobEvent';
}

/** Throws `UnknownJobEvent`. */
export function readJobEvent(event: unknown): JobEvent {
  const { format: found, runs, force, leftovers } = (event ?? {}) as Record<string, unknown>;
  if (found !== format || !Array.isArray(runs) || !runs.every(isRun)) {
    throw new UnknownJobEvent(
      `a job event of format ${String(found)}; this function reads format ${format}. It is for pump to send: ` +
        'if a deployment is under way, the hourly rule starts the job again.',
    );
  }
  return {
    runs,
    ...(force === true ? { force } : {}),
    ...(leftovers === true ? { leftovers } : {}),
  };
}

function isRun(run: unknown): run is PartitionRun {
  const { topic, topicId, first, beyond } = (run ?? {}) as Record<string, unknown>;
  return (
    typeof topic === 'string' &&
    typeof topicId === 'string' &&
    Number.isInteger(first) &&
    Number.isInteger(beyond) &&
    (first as number) >= 0
  );
}

/** Neighbours together, cut into pieces of at most `partitionsMax` partitions: what one invocation gets. */
export function intoEvents(
  partitions: readonly { topic: string; topicId: string; partition: number }[],
  partitionsMax: number,
): JobEvent[] {
  const events: { runs: PartitionRun[] }[] = [];
  let left = 0;
  for (const { topic, topicId, partition } of partitions) {
    if (left === 0) {
      events.push({ runs: [] });
      left = partitionsMax;
    }
    left--;
    const runs = events.at(-1)?.runs ?? [];
    const last = runs.at(-1);
    if (last && last.topicId === topicId && last.beyond === partition) {
      runs[runs.length - 1] = { ...last, beyond: partition + 1 };
    } else {
      runs.push({ topic, topicId, first: partition, beyond: partition + 1 });
    }
  }
  return events;
}

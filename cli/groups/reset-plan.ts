import { whyIllegalTopicName } from '../../shared/kafka/topic-names.ts';
import * as shape from '../../shared/rest/contract-shapes.ts';
import { partitionList } from '../arguments.ts';
import { askEach, offsetAtTime, rangeOf, type TopicPartition } from '../consume/partition-offsets.ts';
import type { PartitionRange } from '../consume/start-position.ts';
import type { Door } from '../door/door.ts';
import { CommandFailure, UsageFailure } from '../failure.ts';
import { byPlace, committedOf } from './group-state.ts';

/** Where the offsets of a group shall go. */
export type ResetTarget =
  | { readonly kind: 'earliest' | 'latest' | 'current' }
  | { readonly kind: 'offset'; readonly offset: bigint }
  | { readonly kind: 'shift'; readonly by: bigint }
  | { readonly kind: 'time'; readonly timeMs: number };

export type PlannedReset = TopicPartition & {
  /** Null: nothing was committed yet. */
  readonly currentOffset: bigint | null;
  readonly newOffset: bigint;
  /** What was asked for, where the partition has no such offset. */
  readonly wantedOffset: bigint;
};

/** A topic, or some of its partitions: `orders` or `orders:0,2-4`. */
export type ResetScope = { readonly topic: string; readonly partitions: readonly number[] | undefined };

/** Reads `orders` or `orders:0,2-4`. Throws `UsageFailure`. */
export function readScope(text: string): ResetScope {
  const [topic = '', list] = text.split(/:(.*)/s);
  const reason = whyIllegalTopicName(topic);
  if (reason !== undefined) throw new UsageFailure(`--topic ${text}: it is no topic name: ${reason}.`);
  if (list === undefined) return { topic, partitions: undefined };
  try {
    return { topic, partitions: partitionList(list) };
  } catch {
    throw new UsageFailure(`--topic is TOPIC or TOPIC:PARTITIONS like orders:0,2-4, not "${text}".`);
  }
}

/** What a reset would commit; changes nothing. `scopes` undefined: everything the group has committed. */
export async function planReset(
  door: Door,
  group: string,
  scopes: readonly ResetScope[] | undefined,
  target: ResetTarget,
): Promise<PlannedReset[]> {
  const committed = await committedOf(door, group);
  const current = new Map(committed.map((row) => [`${row.topic}/${row.partition}`, row.current_offset]));
  const places = scopes === undefined ? committed : await placesOf(door, scopes);
  if (places.length === 0) {
    throw new CommandFailure(`The group ${group} has committed nothing.`, 'Name what to set with --topic.');
  }
  return askEach([...places].sort(byPlace), async (place) => {
    const { topic, partition } = place;
    const range = await rangeOf(door, place);
    const currentOffset = current.get(`${topic}/${partition}`) ?? null;
    const wantedOffset = await wantedFor(door, place, target, range, currentOffset);
    return { topic, partition, currentOffset, wantedOffset, newOffset: within(range, wantedOffset) };
  });
}

const within = ({ begin, end }: PartitionRange, offset: bigint): bigint =>
  offset < begin ? begin : offset > end ? end : offset;

async function wantedFor(
  door: Door,
  place: TopicPartition,
  target: ResetTarget,
  range: PartitionRange,
  currentOffset: bigint | null,
): Promise<bigint> {
  switch (target.kind) {
    case 'earliest':
      return range.begin;
    case 'latest':
      return range.end;
    case 'offset':
      return target.offset;
    case 'time':
      return offsetAtTime(door, place, target.timeMs, range);
    case 'current':
      // As Kafka's own tool: a partition without a commit gets its end.
      return currentOffset ?? range.end;
    case 'shift':
      if (currentOffset !== null) return currentOffset + target.by;
      throw new CommandFailure(
        `Partition ${place.partition} of ${place.topic} has no committed offset to shift.`,
        'Give it one first, e.g. with --to-earliest.',
      );
  }
}

async function placesOf(door: Door, scopes: readonly ResetScope[]): Promise<TopicPartition[]> {
  const places = new Map<string, TopicPartition>();
  for (const { topic, partitions } of scopes) {
    const { length } = await door.call('listPartitions', { topic }, shape.partitions);
    const missing = partitions?.find((partition) => partition >= length);
    if (missing !== undefined)
      throw new CommandFailure(`Topic ${topic} has no partition ${missing}; it has ${length}.`);
    const numbers = partitions ?? Array.from({ length }, (_, partition) => partition);
    for (const partition of numbers) places.set(`${topic}/${partition}`, { topic, partition });
  }
  return [...places.values()];
}

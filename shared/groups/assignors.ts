import type { TopicId } from '../kafka/topic-partition.ts';
import type { TopicPartitions } from '../storage/items/consumer-members.ts';

/** What an assignor knows of a member. */
export type Subscriber = {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topicIds: ReadonlySet<TopicId>;
  /** What it was to have before. */
  readonly target: TopicPartitions;
};

/** Partitions of each topic that anybody subscribes to. */
export type PartitionCounts = ReadonlyMap<TopicId, number>;
/** Member id -> its partitions. Every partition of a topic with subscribers has exactly one member (I11). */
export type Targets = ReadonlyMap<string, TopicPartitions>;
export type Assignor = (members: readonly Subscriber[], topics: PartitionCounts) => Targets;

/** The server-side assignors by Kafka's names. */
export const assignors: Readonly<Record<string, Assignor>> = { uniform, range };
export const defaultAssignor = 'uniform';

/**
 * Static members first, by instance id; then the others by member id: an order that restarts do not
 * change.
 */
function byName(a: Subscriber, b: Subscriber): number {
  if ((a.groupInstanceId === null) !== (b.groupInstanceId === null))
    return a.groupInstanceId === null ? 1 : -1;
  const [first, second] = [a.groupInstanceId ?? a.memberId, b.groupInstanceId ?? b.memberId];
  return first < second ? -1 : first > second ? 1 : 0;
}

/**
 * Each topic in contiguous ranges over its subscribers. Topics with the same subscribers and the same number
 * of partitions are cut alike, so that equal partitions of them meet in one member.
 */
export function range(members: readonly Subscriber[], topics: PartitionCounts): Targets {
  const targets = new Map(members.map(({ memberId }) => [memberId, new Map<TopicId, number[]>()]));
  const sorted = [...members].sort(byName);
  for (const [topicId, count] of topics) {
    const subscribers = sorted.filter(({ topicIds }) => topicIds.has(topicId));
    const least = Math.floor(count / Math.max(1, subscribers.length));
    const larger = count % Math.max(1, subscribers.length);
    let next = 0;
    for (const [place, { memberId }] of subscribers.entries()) {
      const length = least + (place < larger ? 1 : 0);
      const first = next;
      next += length;
      if (length > 0) {
        const partitions = Array.from({ length }, (_, offset) => first + offset);
        targets.get(memberId)?.set(topicId, partitions);
      }
    }
  }
  return targets;
}

/** A member while partitions are given out: topic -> its partitions there. */
class Load {
  readonly memberId: string;
  readonly topicIds: ReadonlySet<TopicId>;
  readonly held = new Map<TopicId, number[]>();
  count = 0;

  constructor({ memberId, topicIds }: Subscriber) {
    this.memberId = memberId;
    this.topicIds = topicIds;
  }

  take(topicId: TopicId, partition: number): void {
    const held = this.held.get(topicId);
    if (held === undefined) this.held.set(topicId, [partition]);
    else held.push(partition);
    this.count++;
  }

  /** Gives up the highest partition of the topic. */
  give(topicId: TopicId): number | undefined {
    const held = this.held.get(topicId) ?? [];
    const partition = held.pop();
    if (held.length === 0) this.held.delete(topicId);
    if (partition !== undefined) this.count--;
    return partition;
  }
}

/**
 * As even as the subscriptions allow, and of all such targets one that leaves partitions where they are.
 * First everybody keeps what it may, then what is free goes to the least loaded, then partitions move along
 * the shortest chain of members from one that has two more than another.
 */
export function uniform(members: readonly Subscriber[], topics: PartitionCounts): Targets {
  const sorted = [...members].sort(byName);
  const loads = sorted.map((member) => new Load(member));
  const free = keepWhatMayStay(sorted, loads, topics);
  const subscribers = new Map(
    [...topics.keys()].map((topicId) => [topicId, loads.filter((load) => load.topicIds.has(topicId))]),
  );
  const scarcestFirst = [...free].sort(
    ([a], [b]) => (subscribers.get(a)?.length ?? 0) - (subscribers.get(b)?.length ?? 0),
  );
  for (const [topicId, partitions] of scarcestFirst) {
    for (const partition of partitions) {
      leastLoaded(subscribers.get(topicId) ?? [])?.take(topicId, partition);
    }
  }
  while (moveOne(loads, subscribers));
  return new Map(loads.map(({ memberId, held }) => [memberId, inOrder(held)]));
}

/** Lets everybody keep its old target where it still may; answers the partitions that nobody has. */
function keepWhatMayStay(
  members: readonly Subscriber[],
  loads: readonly Load[],
  topics: PartitionCounts,
): Map<TopicId, Set<number>> {
  const free = new Map(
    [...topics].map(([topicId, count]) => [topicId, new Set(Array.from({ length: count }, (_, at) => at))]),
  );
  for (const [place, { target, topicIds }] of members.entries()) {
    for (const [topicId, partitions] of target) {
      for (const partition of partitions) {
        if (topicIds.has(topicId) && free.get(topicId)?.delete(partition)) {
          loads[place]?.take(topicId, partition);
        }
      }
    }
  }
  return free;
}

function leastLoaded(loads: readonly Load[]): Load | undefined {
  let least: Load | undefined;
  for (const load of loads) if (least === undefined || load.count < least.count) least = load;
  return least;
}

type Step = { readonly from: Load; readonly topicId: TopicId };

/**
 * Moves one partition's worth of load from a member to one that has at least two less, over others where
 * their subscriptions require it. When no such chain exists, no other distribution is more even.
 */
function moveOne(loads: readonly Load[], subscribers: ReadonlyMap<TopicId, readonly Load[]>): boolean {
  const least = leastLoaded(loads)?.count ?? 0;
  for (const start of [...loads].sort((a, b) => b.count - a.count)) {
    if (start.count < least + 2) return false;
    const chain = chainFrom(start, least, subscribers);
    if (chain === undefined) continue;
    for (const { to, topicId, from } of chain) {
      const partition = from.give(topicId);
      if (partition !== undefined) to.take(topicId, partition);
    }
    return true;
  }
  return false;
}

/** The shortest chain of hand-overs from `start` to the least loaded member that it relieves. */
function chainFrom(
  start: Load,
  leastCount: number,
  subscribers: ReadonlyMap<TopicId, readonly Load[]>,
): (Step & { to: Load })[] | undefined {
  const reachedBy = new Map<Load, Step | undefined>([[start, undefined]]);
  const seenTopics = new Set<TopicId>();
  let best: Load | undefined;
  // A map is walked in the order of insertion, and what is added meanwhile is met too: breadth first.
  for (const from of reachedBy.keys()) {
    if (from.count <= start.count - 2 && (best === undefined || from.count < best.count)) best = from;
    if (best?.count === leastCount) break;
    for (const topicId of from.held.keys()) {
      if (seenTopics.has(topicId)) continue;
      seenTopics.add(topicId);
      for (const to of subscribers.get(topicId) ?? []) {
        if (!reachedBy.has(to)) reachedBy.set(to, { from, topicId });
      }
    }
  }
  if (best === undefined) return undefined;
  const chain: (Step & { to: Load })[] = [];
  let to = best;
  for (let step = reachedBy.get(to); step !== undefined; step = reachedBy.get(to)) {
    chain.push({ ...step, to });
    to = step.from;
  }
  return chain;
}

function inOrder(held: ReadonlyMap<TopicId, readonly number[]>): TopicPartitions {
  const topics = [...held].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(topics.map(([topicId, partitions]) => [topicId, [...partitions].sort((a, b) => a - b)]));
}

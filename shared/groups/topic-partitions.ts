import type { TopicId } from '../kafka/topic-partition.ts';
import type { AssignedPartitions, TopicPartitions } from '../storage/items/consumer-members.ts';

/** Arithmetic of partitions by topic. Nothing is changed in place; no topic is left without partitions. */

export const noPartitions: TopicPartitions = new Map();

/** In the order of topic ids and partitions, each once. */
export function topicPartitions(pairs: Iterable<readonly [TopicId, number]>): TopicPartitions {
  const topics = new Map<TopicId, Set<number>>();
  for (const [topicId, partition] of pairs) {
    const partitions = topics.get(topicId);
    if (partitions === undefined) topics.set(topicId, new Set([partition]));
    else partitions.add(partition);
  }
  const sorted = [...topics].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([topicId, set]) => [topicId, [...set].sort((a, b) => a - b)]));
}

/** Every partition with its topic. */
export const pairsOf = (partitions: TopicPartitions): [TopicId, number][] =>
  [...partitions].flatMap(([topicId, numbers]) =>
    numbers.map((number): [TopicId, number] => [topicId, number]),
  );

/** The partitions without the epochs in which they came. */
export const withoutEpochs = (assigned: AssignedPartitions): TopicPartitions =>
  new Map([...assigned].map(([topicId, epochs]) => [topicId, [...epochs.keys()]]));

/** `partitions`, those that were in `before` with their epoch, the others with this one. */
export const withEpochs = (
  partitions: TopicPartitions,
  before: AssignedPartitions,
  epoch: number,
): AssignedPartitions =>
  new Map(
    [...partitions].map(([topicId, numbers]) => {
      const epochs = before.get(topicId);
      return [topicId, new Map(numbers.map((number) => [number, epochs?.get(number) ?? epoch]))];
    }),
  );

const membership = (partitions: TopicPartitions): ((topicId: TopicId, partition: number) => boolean) => {
  const sets = new Map([...partitions].map(([topicId, numbers]) => [topicId, new Set(numbers)]));
  return (topicId, partition) => sets.get(topicId)?.has(partition) ?? false;
};

function filtered(
  of: TopicPartitions,
  keeps: (topicId: TopicId, partition: number) => boolean,
): TopicPartitions {
  const topics = [...of].map(([topicId, numbers]): [TopicId, number[]] => [
    topicId,
    numbers.filter((number) => keeps(topicId, number)),
  ]);
  return new Map(topics.filter(([, numbers]) => numbers.length > 0));
}

export const common = (a: TopicPartitions, b: TopicPartitions): TopicPartitions => filtered(a, membership(b));

export function minus(a: TopicPartitions, b: TopicPartitions): TopicPartitions {
  const isInB = membership(b);
  return filtered(a, (topicId, partition) => !isInB(topicId, partition));
}

export const plus = (...sets: readonly TopicPartitions[]): TopicPartitions =>
  topicPartitions(sets.flatMap(pairsOf));

export const areEqual = (a: TopicPartitions, b: TopicPartitions): boolean =>
  a.size === b.size && minus(a, b).size === 0 && minus(b, a).size === 0;

export const isWithin = (a: TopicPartitions, b: TopicPartitions): boolean => minus(a, b).size === 0;

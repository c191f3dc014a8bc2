import type { Topic } from '../catalog/topic-cache.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { BrokerContext } from './broker-context.ts';

export type PartitionAsked = { readonly topic: string; readonly partition: number };

/** Each partition once, however often a request names it. */
export function partitionsOnce(
  topics: readonly { readonly name: string; readonly partitions: readonly number[] }[],
): PartitionAsked[] {
  const asked = new Map<string, PartitionAsked>();
  for (const { name, partitions } of topics)
    for (const partition of partitions) asked.set(`${partition} ${name}`, { topic: name, partition });
  return [...asked.values()];
}

/**
 * Finds the topic that a partition is asked of; each topic is looked up once for the whole request. Throws
 * UNKNOWN_TOPIC_OR_PARTITION when it has no such partition.
 */
export function partitionFinder({
  topics,
}: BrokerContext): (name: string, partition: number) => Promise<Topic> {
  const lookups = new Map<string, Promise<Topic>>();
  return async (name, partition) => {
    const lookup = lookups.get(name) ?? topics.get(name);
    lookups.set(name, lookup);
    const topic = await lookup;
    if (partition >= 0 && partition < topic.partitions) return topic;
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Topic '${name}' has no partition ${partition}.`);
  };
}

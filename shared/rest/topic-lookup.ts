import { whyIllegalTopicName } from '../kafka/topic-names.ts';
import type { RestDeps, RestTopic } from './deps.ts';

/** The topic; undefined when there is none. A name that no topic can have costs no look-up. */
export const findTopic = async ({ topics }: RestDeps, name: string): Promise<RestTopic | undefined> =>
  whyIllegalTopicName(name) === undefined ? topics.find(name) : undefined;

/**
 * The topic as it is now: what this process remembers may have been changed, deleted or made again by another
 * one.
 */
export function findTopicAnew(deps: RestDeps, name: string): Promise<RestTopic | undefined> {
  deps.topics.forget(name);
  return findTopic(deps, name);
}

export type PlacedPartition = { readonly topic: RestTopic; readonly partition: number };

/** The partition a path names; undefined when its topic has no such partition, nor has got it meanwhile. */
export async function findPartition(
  deps: RestDeps,
  topic: RestTopic,
  text: string,
): Promise<PlacedPartition | undefined> {
  const partition = /^[0-9]{1,10}$/.test(text) ? Number(text) : -1;
  if (partition < 0) return undefined;
  if (partition < topic.partitions) return { topic, partition };
  const now = await findTopicAnew(deps, topic.name);
  return now && partition < now.partitions ? { topic: now, partition } : undefined;
}

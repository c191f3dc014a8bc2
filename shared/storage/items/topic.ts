import type { TopicId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { catalogKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

export type StoredTopic = {
  name: string;
  topicId: TopicId;
  partitions: number;
  /** What was set for this topic, by Kafka's config name; everything else is a default. */
  configs: { readonly [name: string]: string };
  createdMs: bigint;
  /** `deleting`: the name stays taken until all heads are gone. */
  state: 'live' | 'deleting';
  /** Grows with every write, so that a change is made of what its writer has read. */
  version: bigint;
};

export const topicType = 't';
const format = 1n;
const prefix = 'topic#';

export const topicKey = (name: string): Key => ({ pk: catalogKey, sk: `${prefix}${name}` });

/** All topics, by name. */
export const topicRange = { pk: catalogKey, from: prefix, through: `${prefix}~` };

export const writeTopic = (topic: StoredTopic): Item => ({
  ...stamp(topicType, format),
  name: topic.name,
  id: topic.topicId,
  partitions: BigInt(topic.partitions),
  configs: topic.configs,
  created: topic.createdMs,
  state: topic.state,
  ver: topic.version,
});

export function readTopic(item: Item): StoredTopic {
  const read = readerOf(item, topicType, format);
  return {
    name: read.text('name'),
    topicId: read.text('id'),
    partitions: read.int('partitions'),
    configs: read.map<string>('configs'),
    createdMs: read.number('created'),
    state: read.text('state') === 'deleting' ? 'deleting' : 'live',
    version: read.number('ver'),
  };
}

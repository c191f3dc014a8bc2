import type { TopicId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { catalogKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** A topic whose name is free again and whose data is still to be removed. */
export type DeletedTopic = {
  topicId: TopicId;
  name: string;
  partitions: number;
  createdMs: bigint;
  deletedMs: bigint;
};

export const deletedTopicType = 'd';
const format = 1n;
const prefix = 'deleted#';

export const deletedTopicKey = (topicId: TopicId): Key => ({ pk: catalogKey, sk: `${prefix}${topicId}` });

export const deletedTopicRange = { pk: catalogKey, from: prefix, through: `${prefix}~` };

export const writeDeletedTopic = (topic: DeletedTopic): Item => ({
  ...stamp(deletedTopicType, format),
  id: topic.topicId,
  name: topic.name,
  partitions: BigInt(topic.partitions),
  created: topic.createdMs,
  deleted: topic.deletedMs,
});

export function readDeletedTopic(item: Item): DeletedTopic {
  const read = readerOf(item, deletedTopicType, format);
  return {
    topicId: read.text('id'),
    name: read.text('name'),
    partitions: read.int('partitions'),
    createdMs: read.number('created'),
    deletedMs: read.number('deleted'),
  };
}

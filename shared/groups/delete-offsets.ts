import { KafkaError, type KafkaErrorName } from '../kafka/error-codes.ts';
import type { TopicPartition } from '../kafka/topic-partition.ts';
import type { GroupCell } from '../storage/items/group-cell.ts';
import { isDead } from './decide-group.ts';
import { type GroupTopic, patienceOf, pauseMs } from './group-context.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import { byBlock, forgetOffsets, hasOffsets } from './offset-updates.ts';
import type { OffsetDeleteResponse } from './offsets-api.ts';
import { subscriptionsOf } from './subscribed.ts';

/**
 * Forgets committed offsets of topics that nobody in the group subscribes to. Throws GROUP_ID_NOT_FOUND,
 * NON_EMPTY_GROUP; StoreError.
 */
export async function deleteOffsets(
  room: GroupRoom,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<OffsetDeleteResponse> {
  checkGroupId(groupId, { mayBeEmpty: true });
  const names = [...new Set(partitions.map(({ topic }) => topic))];
  const errors = new Map<string, KafkaErrorName>();
  let topics: GroupTopic[] = [];
  for (const name of names) {
    const topic = await room.context.topics.find(name);
    if (topic === undefined) errors.set(name, 'UNKNOWN_TOPIC_OR_PARTITION');
    else topics.push(topic);
  }
  const check = patienceOf(room.context);
  for (let tries = 0; tries === 0 || topics.length > 0; tries++) {
    if (tries > 0) await room.context.clock.sleep(pauseMs(room.context, tries));
    check(undefined);
    topics = await deleteOnce(room, groupId, partitions, topics, errors);
  }
  return {
    error: 'NONE',
    partitions: partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      error: errors.get(topic) ?? 'NONE',
    })),
  };
}

/** Answers the topics of which somebody has read or committed meanwhile: the group has to be asked again. */
async function deleteOnce(
  room: GroupRoom,
  groupId: string,
  partitions: readonly TopicPartition[],
  topics: readonly GroupTopic[],
  errors: Map<string, KafkaErrorName>,
): Promise<GroupTopic[]> {
  const cell = await room.cells.read(groupId);
  checkMayDelete(cell);
  const isSubscribed = await subscriptionsOf(room, groupId, cell);
  const left: GroupTopic[] = [];
  for (const topic of topics) {
    if (isSubscribed(topic.name)) {
      errors.set(topic.name, 'GROUP_SUBSCRIBED_TO_TOPIC');
      continue;
    }
    const numbers = partitions.filter((one) => one.topic === topic.name).map(({ partition }) => partition);
    for (const [block, inBlock] of byBlock(numbers, (number) => number)) {
      const id = { groupId, topicId: topic.topicId, block };
      await forgetOffsets(room.context, id, (partition) => inBlock.includes(partition), cell.fence);
      if (await hasOffsets(room.context, id, inBlock)) left.push(topic);
    }
  }
  return left;
}

function checkMayDelete(cell: GroupCell): void {
  if (isDead(cell)) throw new KafkaError('GROUP_ID_NOT_FOUND');
  const isOther = cell.type === 'classic' && cell.protocolType !== 'consumer';
  if (isOther && cell.members.length > 0) throw new KafkaError('NON_EMPTY_GROUP');
}

import type { IsolationLevel } from '../kafka/offsets.ts';
import type { TopicPartition } from '../kafka/topic-partition.ts';
import { type CommittedOffset, readOffsetBlock } from '../storage/items/offset-block.ts';
import { lastStableOffset, partitionHeadKey, readPartitionHead } from '../storage/items/partition-head.ts';
import { liveBlocks } from './fetch-offsets.ts';
import { type GroupContext, type GroupTopic, send } from './group-context.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import type { LagRequest, PartitionLag } from './offsets-api.ts';

type Asked = { readonly topic: GroupTopic; readonly partition: number; readonly committed?: CommittedOffset };

/**
 * How far a group is behind the ends of its partitions: one read a head. Partitions that do not exist are
 * left out. Throws KafkaError and StoreError.
 */
export async function groupLag(
  { context }: GroupRoom,
  { groupId, partitions, isolationLevel }: LagRequest,
): Promise<PartitionLag[]> {
  checkGroupId(groupId, { mayBeEmpty: true });
  const blocks = await liveBlocks(context, groupId);
  const committed = blocks.flatMap(({ topic, item }) =>
    [...readOffsetBlock(item).offsets].map(
      ([partition, offset]): Asked => ({
        topic,
        partition,
        committed: offset,
      }),
    ),
  );
  const asked = partitions === null ? committed : await named(context, partitions, committed);
  const keys = asked.map(({ topic, partition }) => partitionHeadKey({ topicId: topic.topicId, partition }));
  const heads = await send(context, () => context.metadata.getMany(keys));
  return asked.flatMap(({ topic, partition, committed: offset }, place) => {
    const item = heads[place];
    if (item === undefined) return []; // the topic was deleted just now
    const endOffset = endOf(item, isolationLevel);
    return [
      {
        topic: topic.name,
        topicId: topic.topicId,
        partition,
        committed: offset ?? null,
        endOffset,
        lag: offset === undefined ? null : atLeastZero(endOffset - offset.offset),
      },
    ];
  });
}

async function named(
  context: GroupContext,
  partitions: readonly TopicPartition[],
  committed: readonly Asked[],
): Promise<Asked[]> {
  const names = [...new Set(partitions.map(({ topic }) => topic))];
  const topics = await Promise.all(names.map((name) => context.topics.find(name)));
  const byName = new Map(topics.flatMap((topic) => (topic === undefined ? [] : [[topic.name, topic]])));
  const seen = new Set<string>();
  return partitions.flatMap(({ topic: name, partition }) => {
    const topic = byName.get(name);
    const isRepeated = seen.has(`${partition} ${name}`);
    seen.add(`${partition} ${name}`);
    if (isRepeated) return [];
    if (topic === undefined || !(partition >= 0 && partition < topic.partitions)) return [];
    const isIt = (one: Asked): boolean => one.topic.topicId === topic.topicId && one.partition === partition;
    return [committed.find(isIt) ?? { topic, partition }];
  });
}

function endOf(item: Parameters<typeof readPartitionHead>[0], isolationLevel: IsolationLevel): bigint {
  const head = readPartitionHead(item);
  return isolationLevel === 'read_committed' ? lastStableOffset(head) : head.next;
}

const atLeastZero = (lag: bigint): bigint => (lag > 0n ? lag : 0n);

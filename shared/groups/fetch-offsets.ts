import { KafkaError, type KafkaErrorName } from '../kafka/error-codes.ts';
import type { TopicPartition } from '../kafka/topic-partition.ts';
import type { Item } from '../storage/item.ts';
import {
  type CommittedOffset,
  offsetBlockKey,
  offsetBlockRange,
  readOffsetBlock,
} from '../storage/items/offset-block.ts';
import { queryAll } from '../storage/metadata-store.ts';
import { checkOffsetFetch } from './commit-check.ts';
import { type GroupContext, type GroupTopic, send } from './group-context.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import { byBlock, type NamedBlock, readRaised } from './offset-updates.ts';
import type { FetchedOffset, OffsetFetchRequest } from './offsets-api.ts';
import { readCell } from './stored-cell.ts';

const nothing = { offset: -1n, leaderEpoch: -1, metadata: '' };
const none = (partition: TopicPartition): FetchedOffset => ({ ...partition, error: 'NONE', ...nothing });

/**
 * The committed offsets of these partitions, or of all. A member that asks by name goes on from the answer:
 * before it hears it, no commit of an earlier owner fits any more. Throws KafkaError and StoreError.
 */
export async function fetchOffsets(room: GroupRoom, request: OffsetFetchRequest): Promise<FetchedOffset[]> {
  const { groupId, partitions, requireStable } = request;
  checkGroupId(groupId, { mayBeEmpty: true });
  const cell = await readCell(room.context, groupId);
  const error = checkOffsetFetch(cell, request);
  if (error !== 'NONE') throw new KafkaError(error);
  if (partitions === null) return fetchAll(room.context, groupId, requireStable);
  const wanted = await blocksOf(room.context, groupId, partitions);
  const keys = wanted.map(({ block }) => offsetBlockKey(groupId, block.topicId, block.block));
  const items = await send(room.context, () => room.context.metadata.getMany(keys));
  const found = new Map<string, FetchedOffset>();
  await Promise.all(
    wanted.map(async ({ block, numbers }, place) => {
      const item = await readRaised(room.context, block, numbers, cell.fence, items[place]);
      for (const partition of numbers) {
        const fetched = fetchedOffset({ topic: block.topic, partition }, item, requireStable);
        found.set(nameOf(fetched), fetched);
      }
    }),
  );
  return partitions.map((partition) => found.get(nameOf(partition)) ?? none(partition));
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${partition} ${topic}`;

/** The blocks of partitions that exist. */
async function blocksOf(
  context: GroupContext,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<{ block: NamedBlock; numbers: number[] }[]> {
  const names = [...new Set(partitions.map(({ topic }) => topic))];
  const topics = await Promise.all(names.map((name) => context.topics.find(name)));
  return topics.flatMap((topic) => {
    if (topic === undefined) return [];
    const numbers = new Set(partitions.filter((one) => one.topic === topic.name).map((one) => one.partition));
    const existing = [...numbers].filter((number) => number >= 0 && number < topic.partitions);
    return [...byBlock(existing, (number) => number)].map(([block, inBlock]) => ({
      block: { groupId, topicId: topic.topicId, topic: topic.name, block },
      numbers: inBlock,
    }));
  });
}

function fetchedOffset(partition: TopicPartition, item: Item | undefined, isStable: boolean): FetchedOffset {
  if (item === undefined) return none(partition);
  const { offsets, pending } = readOffsetBlock(item);
  const isPending = [...pending.keys()].some((key) => partitionOfPending(key) === partition.partition);
  if (isStable && isPending) return { ...none(partition), error: 'UNSTABLE_OFFSET_COMMIT' };
  const committed = offsets.get(partition.partition);
  return committed === undefined ? none(partition) : withOffset(partition, committed);
}

/** The key of a pending offset is its producer id and partition. */
const partitionOfPending = (key: string): number => Number(key.slice(key.lastIndexOf('#') + 1));

const withOffset = (
  { topic, partition }: TopicPartition,
  { offset, leaderEpoch, metadata }: CommittedOffset,
): FetchedOffset => ({ topic, partition, error: 'NONE' as KafkaErrorName, offset, leaderEpoch, metadata });

/** A block with the topic that it is of, as it is called now. */
export type LiveBlock = { readonly topic: GroupTopic; readonly item: Item };

/** All blocks of a group whose topic still is. */
export async function liveBlocks(context: GroupContext, groupId: string): Promise<LiveBlock[]> {
  const items = await send(context, async () => {
    const found: Item[] = [];
    for await (const { item } of queryAll(context.metadata, offsetBlockRange(groupId))) found.push(item);
    return found;
  });
  const topicIds = [...new Set(items.map((item) => readOffsetBlock(item).topicId))];
  const topics = await Promise.all(topicIds.map((topicId) => context.topics.findById(topicId)));
  const byId = new Map(topics.flatMap((topic) => (topic === undefined ? [] : [[topic.topicId, topic]])));
  return items.flatMap((item) => {
    const topic = byId.get(readOffsetBlock(item).topicId);
    return topic === undefined ? [] : [{ topic, item }];
  });
}

async function fetchAll(
  context: GroupContext,
  groupId: string,
  requireStable: boolean,
): Promise<FetchedOffset[]> {
  const blocks = await liveBlocks(context, groupId);
  return blocks.flatMap(({ topic, item }) =>
    [...readOffsetBlock(item).offsets.keys()].map((partition) =>
      fetchedOffset({ topic: topic.name, partition }, item, requireStable),
    ),
  );
}

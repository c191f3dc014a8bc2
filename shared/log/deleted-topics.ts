import type { PartitionId } from '../kafka/topic-partition.ts';
import type { Key } from '../storage/item.ts';
import {
  type DeletedTopic,
  deletedTopicKey,
  deletedTopicRange,
  readDeletedTopic,
} from '../storage/items/deleted-topic.ts';
import { jobsKey, readJobs } from '../storage/items/jobs.ts';
import { partitionItemsKey } from '../storage/items/keys.ts';
import { pageRange, readPage } from '../storage/items/page.ts';
import { payloadGroupKey, payloadKey, payloadShards } from '../storage/items/payload.ts';
import { queryAll } from '../storage/metadata-store.ts';
import { listAll } from '../storage/object-store.ts';
import { segmentObjectPrefix } from '../storage/objects/object-keys.ts';
import { appendRetry, type LogContext, repeated } from './log-context.ts';
import { placePage } from './pages.ts';
import { removeAll } from './remove-all.ts';
import { hoursBetween } from './sweep.ts';

/** A process that slept since before the deletion may still stage something; after this long nobody does. */
const lastStagingMs = 2 * 86_400_000;

/**
 * Removes the data of deleted topics: index first, data after (I9). The note that names the topic stays for
 * two days, and what sleepers left meanwhile goes with it. Staged objects are left to the sweep: others may
 * share them.
 */
export async function removeDeletedTopics(
  context: LogContext,
  isWanted: (topic: DeletedTopic) => boolean = () => true,
): Promise<number> {
  const { metadata } = context.stores;
  let topics = 0;
  for await (const { item } of queryAll(metadata, deletedTopicRange)) {
    const topic = readDeletedTopic(item);
    if (!isWanted(topic)) continue;
    for (let partition = 0; partition < topic.partitions; partition++) {
      await removePartition(context, { topicId: topic.topicId, partition }, topic);
    }
    topics++;
    if (BigInt(context.clock.nowMs()) < topic.deletedMs + BigInt(lastStagingMs)) continue;
    await repeated(appendRetry(context), () => metadata.remove(deletedTopicKey(topic.topicId)));
  }
  return topics;
}

async function removePartition(
  context: LogContext,
  partition: PartitionId,
  topic: DeletedTopic,
): Promise<void> {
  const { metadata, objects } = context.stores;
  await removePayloads(context, partition, topic);
  const items: Key[] = [];
  for await (const { key } of queryAll(metadata, { pk: partitionItemsKey(partition) })) {
    if (key.sk !== jobsKey(partition).sk) items.push(key);
  }
  await removeAll(context, items);
  let keys: string[] = [];
  for await (const { key } of listAll(objects, segmentObjectPrefix(partition))) {
    keys.push(key);
    if (keys.length < 1000) continue;
    await objects.delete(keys);
    keys = [];
  }
  await objects.delete(keys);
  const isLast = BigInt(context.clock.nowMs()) >= topic.deletedMs + BigInt(lastStagingMs);
  if (isLast) await removeAll(context, [jobsKey(partition)]);
}

/** Those that pages still name, and all that were staged since the last sweep. */
async function removePayloads(
  context: LogContext,
  partition: PartitionId,
  topic: DeletedTopic,
): Promise<void> {
  const { metadata } = context.stores;
  for await (const { item } of queryAll(metadata, pageRange(partition))) {
    const { entries } = placePage(readPage(item));
    await removeAll(
      context,
      entries.flatMap(({ at }) => (at.kind === 'item' ? [payloadKey(partition, at.id)] : [])),
    );
  }
  const jobs = await metadata.get(jobsKey(partition));
  if (!jobs) return;
  const throughMs = Number(topic.deletedMs) + lastStagingMs;
  for (const hour of hoursBetween(
    Number(readJobs(jobs).stagedSweptMs),
    Math.min(throughMs, context.clock.nowMs()),
  )) {
    for (let shard = 0; shard < payloadShards; shard++) {
      const keys: Key[] = [];
      for await (const { key } of queryAll(metadata, { pk: payloadGroupKey(partition, hour, shard) }))
        keys.push(key);
      await removeAll(context, keys);
    }
  }
}

import { forEachAtMost } from '../base/concurrency.ts';
import { ulidTimeMs } from '../base/ulid.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { PartitionId, TopicId } from '../kafka/topic-partition.ts';
import { deletedTopicKey, writeDeletedTopic } from '../storage/items/deleted-topic.ts';
import { jobsKey } from '../storage/items/jobs.ts';
import {
  type PartitionHead,
  partitionHeadKey,
  readPartitionHead,
  tailEntries,
} from '../storage/items/partition-head.ts';
import { type StoredTopic, topicKey } from '../storage/items/topic.ts';
import { isAbove, set } from '../storage/metadata-store.ts';
import { isStoreError, StoreError, tryWrite } from '../storage/store-error.ts';
import type { CatalogStore } from './catalog-store.ts';
import { changeStoredTopic, isTopicIn, unknownTopic } from './stored-topics.ts';

const headsAtOnce = 16;

/**
 * Deletes the topic: `deleting` in its item, while the name stays taken; then all its heads, so that nothing
 * can be appended or read any more; then the item itself. Whatever step it was interrupted at, the same call
 * finishes it, and so does `finishDeletion`. The data is left to a job. Throws UNKNOWN_TOPIC_OR_PARTITION,
 * and UNKNOWN_TOPIC_ID when the name is not, or not any more, that of the topic `id`.
 */
export async function deleteTopic(store: CatalogStore, name: string, id?: TopicId): Promise<void> {
  let meant = id;
  const topic = await changeStoredTopic(store, name, (found, mayBeOurs) => {
    if (id !== undefined && found?.topicId !== id && !mayBeOurs) throw new KafkaError('UNKNOWN_TOPIC_ID');
    meant ??= found?.topicId;
    if (meant === undefined) throw unknownTopic(name);
    const isToMark = found?.topicId === meant && found.state === 'live';
    return isToMark ? { ...found, state: 'deleting' } : undefined;
  });
  // Otherwise somebody else has deleted it, and the name may be another topic's already.
  if (topic === undefined || topic.topicId !== meant) return;
  try {
    await finishDeletion(store, topic);
  } catch (error) {
    // The topic is marked: whatever the store says of a later step, it is not as if nothing had happened.
    if (!isStoreError(error)) throw error;
    throw new StoreError('unknown', `the deletion of '${name}' has begun: ${error.message}`, {
      cause: error,
    });
  }
}

/** Carries out what the topic's item has decided; may be done by anybody, any number of times. */
export async function finishDeletion(store: CatalogStore, topic: StoredTopic): Promise<void> {
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition);
  await forEachAtMost(headsAtOnce, partitions, (partition) =>
    removeHead(store, { topicId: topic.topicId, partition }),
  );
  const deleted = { ...topic, deletedMs: BigInt(store.clock.nowMs()) };
  const condition = isTopicIn('deleting', topic.topicId);
  // Refused: somebody else, or an earlier try of ours, has done it.
  await store.settle(() =>
    tryWrite(
      store.metadata.transact([
        { remove: topicKey(topic.name), condition },
        { put: deletedTopicKey(topic.topicId), item: writeDeletedTopic(deleted) },
      ]),
    ),
  );
}

async function removeHead(store: CatalogStore, partition: PartitionId): Promise<void> {
  const key = partitionHeadKey(partition);
  const item = await store.send(() => store.metadata.get(key));
  if (item === undefined) return;
  const oldestMs = oldestStagedMs(readPartitionHead(item));
  if (oldestMs !== undefined) await lowerStagedSwept(store, partition, oldestMs);
  await store.settle(() => store.metadata.remove(key));
}

/** When the oldest payload item that the tail names was staged (ms). */
function oldestStagedMs(head: PartitionHead): number | undefined {
  const times = tailEntries(head).flatMap(({ at }) => (at.kind === 'item' ? [ulidTimeMs(at.id)] : []));
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * With the head go the only names of what its tail had staged: whoever removes the data lists the payload
 * items from `stagedSwept` on, so that may not lie behind the oldest of them.
 */
async function lowerStagedSwept(store: CatalogStore, partition: PartitionId, toMs: number): Promise<void> {
  const changes = [set(['stagedSwept'], BigInt(toMs))];
  const condition = isAbove(['stagedSwept'], BigInt(toMs));
  await store.settle(() => tryWrite(store.metadata.update(jobsKey(partition), { changes, condition })));
}

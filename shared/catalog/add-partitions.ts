import { KafkaError } from '../kafka/error-codes.ts';
import { partitionHeadKey } from '../storage/items/partition-head.ts';
import { type StoredTopic, topicKey } from '../storage/items/topic.ts';
import type { Action } from '../storage/metadata-store.ts';
import { isStoreError } from '../storage/store-error.ts';
import type { CatalogStore } from './catalog-store.ts';
import { newPartitionActions, partitionRuns } from './new-partitions.ts';
import { changeStoredTopic, isTopicIn, liveTopic, readStoredTopic } from './stored-topics.ts';

/**
 * Lets the topic have `total` partitions: first their heads, then the number in the topic's item. Throws
 * UNKNOWN_TOPIC_OR_PARTITION, and INVALID_PARTITIONS unless that is more than there are, also when somebody
 * else has just made as many.
 */
export async function addPartitions(store: CatalogStore, name: string, total: number): Promise<StoredTopic> {
  const changed = await changeStoredTopic(store, name, async (found, mayBeOurs) => {
    const topic = liveTopic(name, found);
    if (mayBeOurs && topic.partitions >= total) return undefined;
    checkIsMore(topic, total);
    for (const run of partitionRuns(topic.partitions, total)) await makePartitions(store, topic, run);
    return { ...topic, partitions: total };
  });
  return liveTopic(name, changed);
}

/** Throws INVALID_PARTITIONS unless `total` is more than the topic has. */
export function checkIsMore({ name, partitions }: StoredTopic, total: number): void {
  if (total > partitions) return;
  const message = `Topic '${name}' has ${partitions} partitions; ${total} is not more.`;
  throw new KafkaError('INVALID_PARTITIONS', message);
}

/**
 * Makes those of the partitions that are not there. Nobody knows them before the topic's item counts them, so
 * one that is there was left by somebody who died, or belongs to somebody who adds partitions just now: it
 * serves both. They are made only while the topic lives: a call that arrives after its deletion leaves no
 * head.
 */
async function makePartitions(store: CatalogStore, topic: StoredTopic, run: number[]): Promise<void> {
  const isLive: Action = { check: topicKey(topic.name), condition: isTopicIn('live', topic.topicId) };
  await store.settle(async () => {
    const heads = run.map((partition) => partitionHeadKey({ topicId: topic.topicId, partition }));
    const found = await store.send(() => store.metadata.getMany(heads));
    const missing = run.filter((_, index) => found[index] === undefined);
    if (missing.length === 0) return;
    const actions = missing.flatMap((partition) =>
      newPartitionActions(topic, partition, store.clock.nowMs()),
    );
    try {
      await store.send(() => store.metadata.transact([isLive, ...actions]));
    } catch (error) {
      if (isStoreError(error, 'conditionFailed')) await checkIsLive(store, topic);
      throw error;
    }
  });
}

async function checkIsLive(store: CatalogStore, { name, topicId }: StoredTopic): Promise<void> {
  const now = await readStoredTopic(store, name);
  liveTopic(name, now?.topicId === topicId ? now : undefined);
}

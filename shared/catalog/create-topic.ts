import { KafkaError } from '../kafka/error-codes.ts';
import { collisionPrefix, doTopicNamesCollide } from '../kafka/topic-names.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import { partitionHeadKey } from '../storage/items/partition-head.ts';
import { type StoredTopic, topicKey, writeTopic } from '../storage/items/topic.ts';
import { type Action, absent, equals } from '../storage/metadata-store.ts';
import type { CatalogStore } from './catalog-store.ts';
import { newPartitionActions, partitionRuns, partitionsPerTransaction } from './new-partitions.ts';
import { listStoredTopics, readStoredTopic } from './stored-topics.ts';
import { newTopicId } from './topic-id.ts';

/** What a checked request to create a topic asks for. */
export type TopicToCreate = Pick<StoredTopic, 'name' | 'partitions' | 'configs'>;

/**
 * Makes the topic with all its partitions, or nothing that anybody could find. Throws TOPIC_ALREADY_EXISTS,
 * also while a topic of this name is being deleted.
 *
 * Every try has a topic id of its own. So a try whose answer was lost and which takes effect late meets the
 * topic that a later try has made and is refused; and if that one has been deleted meanwhile, it makes a
 * topic of its own and never touches the other's data. What a try leaves behind, heads that no topic names,
 * takes space and does no harm.
 */
export async function createTopic(store: CatalogStore, wanted: TopicToCreate): Promise<StoredTopic> {
  const tried = new Set<TopicId>();
  return store.settle(async () => {
    const found = tried.size === 0 ? undefined : await readStoredTopic(store, wanted.name);
    if (found !== undefined && tried.has(found.topicId)) return found;
    if (found !== undefined) throw topicExists(wanted.name);
    const topic: StoredTopic = {
      ...wanted,
      topicId: newTopicId(store.random),
      createdMs: BigInt(store.clock.nowMs()),
      state: 'live',
      version: 0n,
    };
    tried.add(topic.topicId);
    await writeNewTopic(store, topic);
    return topic;
  });
}

/**
 * Up to 49 partitions are one store transaction with the topic's item. More are made in runs, the last of
 * them with head 0; then comes the topic's item, if head 0 is there: so it never names a partition without a
 * head.
 */
async function writeNewTopic(store: CatalogStore, topic: StoredTopic): Promise<void> {
  const topicItem: Action = { put: topicKey(topic.name), item: writeTopic(topic), condition: absent(['t']) };
  const runs = partitionRuns(0, topic.partitions).map((run) =>
    run.flatMap((partition) => newPartitionActions(topic, partition, Number(topic.createdMs))),
  );
  if (topic.partitions <= partitionsPerTransaction) {
    await store.send(() => store.metadata.transact([topicItem, ...runs.flat()]));
    return;
  }
  for (const run of runs.reverse()) await store.send(() => store.metadata.transact(run));
  const head0 = partitionHeadKey({ topicId: topic.topicId, partition: 0 });
  const isHead0There: Action = { check: head0, condition: equals(['topic'], topic.name) };
  await store.send(() => store.metadata.transact([topicItem, isHead0There]));
}

/**
 * Throws TOPIC_ALREADY_EXISTS for a taken name, and INVALID_TOPIC_EXCEPTION when a topic has a name that
 * differs only by '.' and '_'. (Two such topics made in the same instant may both come to be; only metrics
 * would mind.)
 */
export async function checkNameIsFree(store: CatalogStore, name: string): Promise<void> {
  const prefix = collisionPrefix(name);
  const near =
    prefix === undefined ? [await readStoredTopic(store, name)] : await listStoredTopics(store, prefix);
  for (const topic of near) {
    if (topic?.name === name) throw topicExists(name);
    if (topic !== undefined && doTopicNamesCollide(topic.name, name)) {
      const message = `Topic '${name}' collides with the existing topic '${topic.name}'.`;
      throw new KafkaError('INVALID_TOPIC_EXCEPTION', message);
    }
  }
}

const topicExists = (name: string): KafkaError =>
  new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`);

import { KafkaError } from '../kafka/error-codes.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import { readTopic, type StoredTopic, topicKey, topicRange, writeTopic } from '../storage/items/topic.ts';
import { all, type Condition, equals, queryAll } from '../storage/metadata-store.ts';
import { isStoreError } from '../storage/store-error.ts';
import type { CatalogStore } from './catalog-store.ts';

/** The topic's item, also while the topic is being deleted. */
export async function readStoredTopic(store: CatalogStore, name: string): Promise<StoredTopic | undefined> {
  const item = await store.send(() => store.metadata.get(topicKey(name)));
  return item === undefined ? undefined : readTopic(item);
}

/** All topics whose names begin with `prefix`, by name, those being deleted included. */
export function listStoredTopics(store: CatalogStore, prefix = ''): Promise<StoredTopic[]> {
  const from = topicKey(prefix).sk;
  return store.send(async () => {
    const topics: StoredTopic[] = [];
    for await (const { item } of queryAll(store.metadata, { ...topicRange, from, through: `${from}~` })) {
      topics.push(readTopic(item));
    }
    return topics;
  });
}

/**
 * What `decide` makes of the topic; undefined: nothing is left to do. `mayBeOurs`: an earlier write had no
 * answer, so what is there may be its work.
 */
export type Decide = (
  topic: StoredTopic | undefined,
  mayBeOurs: boolean,
) => Promise<StoredTopic | undefined> | StoredTopic | undefined;

/**
 * Reads the topic's item, decides, and replaces the item if nobody wrote it meanwhile; otherwise, or when the
 * answer was lost, the same again. Answers the item as it then is. A late write finds another version and
 * changes nothing.
 */
export async function changeStoredTopic(
  store: CatalogStore,
  name: string,
  decide: Decide,
): Promise<StoredTopic | undefined> {
  let mayBeOurs = false;
  return store.settle(async () => {
    const topic = await readStoredTopic(store, name);
    const decided = await decide(topic, mayBeOurs);
    if (topic === undefined || decided === undefined) return topic;
    const next = { ...decided, version: topic.version + 1n };
    const isUnchanged = all(equals(['id'], topic.topicId), equals(['ver'], topic.version));
    try {
      await store.send(() => store.metadata.put(topicKey(name), writeTopic(next), isUnchanged));
    } catch (error) {
      mayBeOurs ||= isStoreError(error, 'unknown');
      throw error;
    }
    return next;
  });
}

/** True of the item of this very topic in this state. */
export const isTopicIn = (state: StoredTopic['state'], topicId: TopicId): Condition =>
  all(equals(['id'], topicId), equals(['state'], state));

export const unknownTopic = (name: string): KafkaError =>
  new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `There is no topic '${name.slice(0, 249)}'.`);

/** The topic, if it is there and not being deleted. Throws UNKNOWN_TOPIC_OR_PARTITION. */
export function liveTopic(name: string, topic: StoredTopic | undefined): StoredTopic {
  if (topic === undefined || topic.state !== 'live') throw unknownTopic(name);
  return topic;
}

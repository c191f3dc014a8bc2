import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { type ConfigEntry, checkTopicConfigs, type TopicConfigBounds } from '../kafka/config-keys.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import { limits } from '../kafka/limits.ts';
import { checkNewTopicName, whyIllegalTopicName } from '../kafka/topic-names.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import type { StoredTopic } from '../storage/items/topic.ts';
import type { Stores } from '../storage/stores.ts';
import { addPartitions, checkIsMore } from './add-partitions.ts';
import { CatalogStore } from './catalog-store.ts';
import { checkNameIsFree, createTopic } from './create-topic.ts';
import { deleteTopic, finishDeletion } from './delete-topic.ts';
import {
  changeStoredTopic,
  listStoredTopics,
  liveTopic,
  readStoredTopic,
  unknownTopic,
} from './stored-topics.ts';
import { type Topic, TopicCache } from './topic-cache.ts';
import {
  applyConfigChanges,
  areSameConfigs,
  type ConfigChange,
  isRetentionRaised,
  logConfigOf,
  topicConfigEntries,
} from './topic-configs.ts';

export type TopicSettings = TopicConfigBounds & {
  /** `num.partitions`. */
  readonly defaultPartitions: number;
  /** For how long a process may go by what it has read of a topic. */
  readonly cacheMs: number;
  /** For how long other processes may go by what they have read; 0 where there are none. */
  readonly cacheElsewhereMs?: number;
  /** Default: `limits.partitionsPerTopicMax`. */
  readonly partitionsMax?: number;
};

export type TopicsOptions = {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: TopicSettings;
  /**
   * Takes the expiry from what is stored of the topic and could be forgotten too early: awaited before
   * records are promised a longer life, and again when no process goes by the old configs any more.
   */
  readonly keepLonger?: (topic: Topic) => Promise<void>;
};

export type CreateTopicRequest = {
  readonly name: string;
  /** -1 or absent: `num.partitions`. */
  readonly partitions?: number;
  /** -1 or absent, or 1 to 3: all the same here. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string | null>>;
  /** Check everything and make nothing. The topic answered then has an id that nobody will ever see again. */
  readonly validateOnly?: boolean;
};

export type ChangeOptions = { readonly validateOnly?: boolean };

/**
 * Which topics exist. Refusals are KafkaErrors that changed nothing; when the store fails for longer than the
 * catalog waits, its StoreError is thrown, and only with kind `unknown` may something have happened: the same
 * call again settles it.
 */
export class Topics {
  private readonly store: CatalogStore;
  private readonly cache: TopicCache;
  private readonly log: Log;
  private readonly settings: TopicSettings;
  private readonly clock: Clock;
  private readonly keepLonger: (topic: Topic) => Promise<void>;

  constructor({ stores, clock, random, log, settings, keepLonger }: TopicsOptions) {
    this.store = new CatalogStore({ stores, clock, random });
    this.cache = new TopicCache(clock, settings.cacheMs);
    this.log = log;
    this.settings = settings;
    this.clock = clock;
    this.keepLonger = keepLonger ?? (async () => {});
  }

  /**
   * Makes a topic. Throws INVALID_TOPIC_EXCEPTION (illegal name, or one that differs from another only by '.'
   * and '_'), INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR, INVALID_CONFIG, TOPIC_ALREADY_EXISTS.
   */
  async create(request: CreateTopicRequest): Promise<Topic> {
    const { name, partitions = -1, replicationFactor = -1, configs = {}, validateOnly = false } = request;
    checkNewTopicName(name);
    const count = partitions === -1 ? this.settings.defaultPartitions : partitions;
    this.checkPartitions(count);
    checkReplicationFactor(replicationFactor);
    const wanted = { name, partitions: count, configs: checkTopicConfigs(configs, this.settings) };
    await checkNameIsFree(this.store, name);
    if (validateOnly) return { ...wanted, ...notYet, logConfig: logConfigOf(wanted.configs) };
    const topic = toTopic(await createTopic(this.store, wanted));
    this.cache.put(topic);
    this.log.info('topic created', { topic: name, topicId: topic.topicId, partitions: count });
    return topic;
  }

  /** The topic, as it was at most `cacheMs` ago; undefined when there is none. */
  async find(name: string): Promise<Topic | undefined> {
    const known = this.cache.get(name);
    if (known !== undefined) return known;
    if (whyIllegalTopicName(name) !== undefined) return undefined;
    const [found] = await this.cache.filledBy(async () => {
      const stored = await readStoredTopic(this.store, name);
      return stored?.state === 'live' ? [toTopic(stored)] : [];
    });
    return found;
  }

  /** The topic, as `find` finds it. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  async get(name: string): Promise<Topic> {
    const topic = await this.find(name);
    if (topic === undefined) throw unknownTopic(name);
    return topic;
  }

  /**
   * The topic of this id, as it was at most `cacheMs` ago. What is not remembered costs a read of all topics.
   */
  async findById(topicId: TopicId): Promise<Topic | undefined> {
    const known = this.cache.getById(topicId);
    return known ?? (await this.list()).find((topic) => topic.topicId === topicId);
  }

  /** All topics, by name, as they are now. */
  list(): Promise<Topic[]> {
    return this.cache.filledBy(async () => {
      const stored = await listStoredTopics(this.store);
      return stored.filter(({ state }) => state === 'live').map(toTopic);
    });
  }

  /** Drops what is remembered: for whoever meets a partition that has no head. */
  forget(name: string): void {
    this.cache.forget(name);
  }

  /**
   * Lets the topic have `total` partitions. Throws UNKNOWN_TOPIC_OR_PARTITION, and INVALID_PARTITIONS unless
   * that is more than it has and not too many.
   */
  async addPartitions(
    name: string,
    total: number,
    { validateOnly = false }: ChangeOptions = {},
  ): Promise<Topic> {
    checkIsKnowable(name);
    this.checkPartitions(total);
    if (validateOnly) {
      const topic = liveTopic(name, await readStoredTopic(this.store, name));
      checkIsMore(topic, total);
      return toTopic({ ...topic, partitions: total });
    }
    const topic = toTopic(await this.changing(name, () => addPartitions(this.store, name, total)));
    this.cache.put(topic);
    this.log.info('partitions added', { topic: name, partitions: total });
    return topic;
  }

  /**
   * Deletes the topic: when it answers, nothing can be read or appended and the name is free. One that was
   * interrupted is finished by the same call, or by `finishDeletions`. With `id`, only that very topic,
   * whoever else has the name by now. Throws UNKNOWN_TOPIC_OR_PARTITION; with `id`, UNKNOWN_TOPIC_ID.
   */
  async delete(name: string, id?: TopicId): Promise<void> {
    checkIsKnowable(name);
    await this.changing(name, () => deleteTopic(this.store, name, id));
    this.log.info('topic deleted', { topic: name });
  }

  /**
   * The job that finishes what was left half deleted. Answers the names; a failure does not keep it from the
   * others.
   */
  async finishDeletions(): Promise<{ finished: string[]; failed: string[] }> {
    const finished: string[] = [];
    const failed: string[] = [];
    for (const topic of await listStoredTopics(this.store)) {
      if (topic.state !== 'deleting') continue;
      try {
        await finishDeletion(this.store, topic);
        finished.push(topic.name);
      } catch (error) {
        this.log.warn('the deletion of a topic could not be finished', { topic: topic.name, error });
        failed.push(topic.name);
      }
    }
    return { finished, failed };
  }

  /**
   * Changes the topic's configs, all of them or none. Throws UNKNOWN_TOPIC_OR_PARTITION, INVALID_CONFIG,
   * INVALID_REQUEST (a config named twice), and what `keepLonger` throws.
   */
  async alterConfigs(
    name: string,
    changes: readonly ConfigChange[],
    { validateOnly = false }: ChangeOptions = {},
  ): Promise<Topic> {
    checkIsKnowable(name);
    const changed = (topic: StoredTopic): StoredTopic => {
      const configs = applyConfigChanges(topic.configs, changes);
      return { ...topic, configs: checkTopicConfigs(configs, this.settings) };
    };
    if (validateOnly) return toTopic(changed(liveTopic(name, await readStoredTopic(this.store, name))));
    let isRaised = false;
    const stored = await this.changing(name, () =>
      changeStoredTopic(this.store, name, async (found) => {
        const before = liveTopic(name, found);
        const after = changed(before);
        if (areSameConfigs(before.configs, after.configs)) return undefined;
        isRaised = isRetentionRaised(logConfigOf(before.configs), logConfigOf(after.configs));
        if (isRaised) await this.keepLonger(toTopic(before));
        return after;
      }),
    );
    const topic = toTopic(liveTopic(name, stored));
    this.cache.put(topic);
    if (isRaised) {
      await this.clock.sleep(this.settings.cacheElsewhereMs ?? 0);
      await this.keepLonger(topic);
    }
    this.log.info('configs altered', { topic: name, configs: changes.map((change) => change.name) });
    return topic;
  }

  /**
   * Every config of the topic with its value, where it comes from, and what else it could come from; by name.
   */
  describeConfigs(topic: Topic): ConfigEntry[] {
    return topicConfigEntries(topic.configs);
  }

  /** What is remembered of a topic is wrong while it is changed, and unknown when that fails. */
  private async changing<T>(name: string, change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } finally {
      this.cache.forget(name);
    }
  }

  private checkPartitions(count: number): void {
    const most = this.settings.partitionsMax ?? limits.partitionsPerTopicMax;
    if (Number.isInteger(count) && count >= 1 && count <= most) return;
    throw new KafkaError('INVALID_PARTITIONS', `A topic has 1 to ${most} partitions, not ${count}.`);
  }
}

const notYet = { topicId: '00000000-0000-0000-0000-000000000000', createdMs: 0n };

const toTopic = ({ name, topicId, partitions, configs, createdMs }: StoredTopic): Topic => ({
  name,
  topicId,
  partitions,
  configs,
  createdMs,
  logConfig: logConfigOf(configs),
});

/** A name that no topic can have is unknown; stores would refuse a very long one as a key. */
function checkIsKnowable(name: string): void {
  if (whyIllegalTopicName(name) !== undefined) throw unknownTopic(name);
}

function checkReplicationFactor(factor: number): void {
  const most = limits.replicationFactorMax;
  if (factor === -1 || (Number.isInteger(factor) && factor >= 1 && factor <= most)) return;
  const message = `The replication factor may be -1 or 1 to ${most}, not ${factor}.`;
  throw new KafkaError('INVALID_REPLICATION_FACTOR', message);
}

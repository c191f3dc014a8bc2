import type { Clock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { Topics, type TopicsOptions } from '../../../shared/catalog/topics.ts';
import type { TopicId } from '../../../shared/kafka/topic-partition.ts';
import { deletedTopicKey } from '../../../shared/storage/items/deleted-topic.ts';
import { jobsKey } from '../../../shared/storage/items/jobs.ts';
import { partitionHeadKey } from '../../../shared/storage/items/partition-head.ts';
import { readTopic, type StoredTopic, topicKey } from '../../../shared/storage/items/topic.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import type { Unkindness } from '../../../shared/storage/memory/unkindness.ts';
import type { Stores } from '../../../shared/storage/stores.ts';
import { type Fate, type FaultyStores, faultyStores } from '../../support/faulty-stores.ts';

/** Time that passes only while somebody sleeps, and then at once. */
export class RunningClock implements Clock {
  private now = 1_700_000_000_000;

  nowMs(): number {
    return Math.floor(this.now);
  }

  async sleep(durationMs: number): Promise<void> {
    await new Promise(setImmediate);
    this.advance(durationMs);
  }

  advance(durationMs: number): void {
    this.now += Math.max(0, durationMs);
  }
}

export type Ground = { clock: RunningClock; stores: Stores };

export function newGround(unkindness: Unkindness = {}): Ground {
  const clock = new RunningClock();
  return { clock, stores: openMemoryStores({ ...unkindness, clock, random: seededRandom(7) }) };
}

let processes = 0;

/** Another process on the same stores. */
export function openTopics(
  { clock, stores }: Ground,
  more: Partial<Omit<TopicsOptions, 'settings'>> & { settings?: Partial<TopicsOptions['settings']> } = {},
): Topics {
  const settings = { defaultPartitions: 1, cacheMs: 0, ...more.settings };
  const random = seededRandom(++processes);
  return new Topics({ stores, clock, random, log: silentLog, ...more, settings });
}

/** What the stores hold of a topic. */
export async function storedTopic({ stores }: Ground, name: string): Promise<StoredTopic | undefined> {
  const item = await stores.metadata.get(topicKey(name));
  return item === undefined ? undefined : readTopic(item);
}

/** How many of the partitions from 0 to `below` have both their items; anything in between is an error. */
export async function partitionsThere(
  { stores }: Ground,
  topicId: TopicId,
  below: number,
): Promise<{ heads: number; jobs: number }> {
  const ids = Array.from({ length: below }, (_, partition) => ({ topicId, partition }));
  const count = (items: unknown[]): number => items.filter((item) => item !== undefined).length;
  return {
    heads: count(await stores.metadata.getMany(ids.map(partitionHeadKey))),
    jobs: count(await stores.metadata.getMany(ids.map(jobsKey))),
  };
}

export const isInDeletedTopics = async ({ stores }: Ground, topicId: TopicId): Promise<boolean> =>
  (await stores.metadata.get(deletedTopicKey(topicId))) !== undefined;

export type Ending<T> = { is: 'done'; value: T } | { is: 'failed'; error: unknown } | { is: 'died' };

/** Runs `work` in a process whose N-th store call (from 1) meets `fate`; after its death it makes no call. */
export async function runWithFault<T>(
  ground: Ground,
  number: number,
  fate: Fate,
  work: (stores: Stores) => Promise<T>,
): Promise<{ ending: Ending<T>; stores: FaultyStores; wasMet: boolean }> {
  const isDeath = fate === 'dies before' || fate === 'dies after';
  let die: (ending: Ending<T>) => void = () => {};
  const death = new Promise<Ending<T>>((resolve) => {
    die = resolve;
  });
  const stores = faultyStores(
    ground.stores,
    (call) => {
      if (isDeath && call.number >= number) setImmediate(() => die({ is: 'died' }));
      if (isDeath && call.number > number) return 'dies before';
      return call.number === number ? fate : 'ok';
    },
    ground.clock,
  );
  const life = work(stores).then(
    (value): Ending<T> => ({ is: 'done', value }),
    (error: unknown): Ending<T> => ({ is: 'failed', error }),
  );
  const ending = await Promise.race([life, death]);
  return { ending, stores, wasMet: stores.history.length >= number };
}

export const fates: readonly Fate[] = [
  'unavailable',
  'throttled',
  'conflict',
  'lost',
  'never',
  { late: 'held' },
  'dies before',
  'dies after',
];

export const fateName = (fate: Fate): string => (typeof fate === 'object' ? 'late' : fate);

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { backoffMs, retry } from '../base/retry.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import type { MetadataStore } from '../storage/metadata-store.ts';
import { isStoreError, mayRepeat, StoreError } from '../storage/store-error.ts';
import { type GroupSettings, groupLimits } from './group-settings.ts';

/** What groups need to know of a topic. */
export type GroupTopic = {
  readonly name: string;
  readonly topicId: TopicId;
  readonly partitions: number;
};

/** Which topics exist: `Topics` of the catalog is one. */
export type GroupTopics = {
  find(name: string): Promise<GroupTopic | undefined>;
  findById(topicId: TopicId): Promise<GroupTopic | undefined>;
  list(): Promise<readonly GroupTopic[]>;
};

/** What everything in this room works with. */
export type GroupContext = {
  readonly metadata: MetadataStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly topics: GroupTopics;
  readonly settings: GroupSettings;
};

const patience = { firstDelayMs: 10, delayMsMax: 500, totalMsMax: groupLimits.foldMsMax };

/** Repeats a call as long as it was surely not applied. */
export const send = <T>({ clock, random }: GroupContext, call: () => Promise<T>): Promise<T> =>
  retry({ ...patience, clock, random }, mayRepeat, call);

/** Repeats a write that does no harm when it is applied twice, or late. */
export const sendAgain = <T>({ clock, random }: GroupContext, call: () => Promise<T>): Promise<T> =>
  retry({ ...patience, clock, random }, (error) => mayRepeat(error) || isStoreError(error, 'unknown'), call);

/** Call it before each further look: throws when the looking has gone on for too long. */
export function patienceOf({ clock }: GroupContext): (cause: unknown) => void {
  const startedMs = clock.nowMs();
  return (cause) => {
    if (clock.nowMs() - startedMs <= groupLimits.foldMsMax) return;
    throw new StoreError('conflict', 'others kept changing the item, or answers were lost', { cause });
  };
}

/** How long to wait after the lost race, or failed try, number `tries` (from 0). */
export const pauseMs = ({ random }: GroupContext, tries: number): number =>
  backoffMs({ ...patience, random }, tries);

/** Work that only saves space or time: when the store fails, it is left to whoever comes next. */
export async function bestEffort(context: GroupContext, what: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isStoreError(error)) throw error;
    if (error.kind !== 'conditionFailed') context.log.debug(`${what} was not done`, { error });
  }
}

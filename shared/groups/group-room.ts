import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { isKafkaError, type KafkaErrorName } from '../kafka/error-codes.ts';
import { isStoreError } from '../storage/store-error.ts';
import type { Stores } from '../storage/stores.ts';
import { GroupCells } from './group-cell.ts';
import type { GroupContext, GroupTopics } from './group-context.ts';
import { defaultGroupSettings, type GroupSettings } from './group-settings.ts';
import { GroupWatches } from './group-watch.ts';
import { HeartbeatHolds } from './heartbeat-holds.ts';
import { Leases } from './leases.ts';
import { SubscribedTopics } from './subscribed-topics.ts';

export type GroupOptions = {
  readonly stores: Pick<Stores, 'metadata'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly topics: GroupTopics;
  readonly settings?: Partial<GroupSettings>;
};

/** What this process knows and does about groups; nothing of it is needed but by those who wait. */
export type GroupRoom = {
  readonly context: GroupContext;
  readonly cells: GroupCells;
  readonly leases: Leases;
  readonly watches: GroupWatches;
  readonly subscribed: SubscribedTopics;
  readonly holds: HeartbeatHolds;
};

export function openGroupRoom({ stores, settings, ...rest }: GroupOptions): GroupRoom {
  const context = {
    ...rest,
    metadata: stores.metadata,
    settings: { ...defaultGroupSettings, ...settings },
  };
  const leases = new Leases(context);
  const subscribed = new SubscribedTopics(context);
  const cells = new GroupCells(context, leases, subscribed);
  const holds = new HeartbeatHolds(context.clock, context.settings.heartbeatHoldMs);
  return { context, leases, subscribed, cells, holds, watches: new GroupWatches(context, cells, leases) };
}

/**
 * What `work` answers; its KafkaError, or `whenStoreFails` when the store did not answer, turned into an
 * answer by `refuse`. Anything else is a bug, and thrown on.
 */
export async function answering<T>(
  { context }: Pick<GroupRoom, 'context'>,
  whenStoreFails: KafkaErrorName,
  refuse: (error: KafkaErrorName, message: string) => T,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isKafkaError(error)) return refuse(error.errorName, error.message);
    if (!isStoreError(error)) throw error;
    context.log.warn('a group could not be reached', { answered: whenStoreFails, error });
    return refuse(whenStoreFails, 'The store did not answer in time.');
  }
}

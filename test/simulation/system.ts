import { Topics } from '../../shared/catalog/topics.ts';
import type { GroupSettings } from '../../shared/groups/group-settings.ts';
import { type Groups, openGroups } from '../../shared/groups/groups.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import { removeDeletedTopics } from '../../shared/log/deleted-topics.ts';
import type { LogContext } from '../../shared/log/log-context.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../../shared/log/partition-logs.ts';
import { enforceRetention } from '../../shared/log/retention.ts';
import { rollPartition } from '../../shared/log/roll.ts';
import { sweepPartition, sweepStagedObjects } from '../../shared/log/sweep.ts';
import { plainCodecs } from './records.ts';

/** What one process of the real system has: the logs, the catalog and the jobs, on its view of the store. */
export type System = {
  readonly logs: OpenPartitionLogs;
  readonly topics: Topics;
  readonly groups: Groups;
  roll(partition: PartitionId, config: LogConfig, force?: boolean): Promise<number>;
  retain(partition: PartitionId, config: LogConfig): Promise<unknown>;
  sweep(partition: PartitionId, config: LogConfig): Promise<unknown>;
  /** What belongs to no single partition: staged objects, topics half deleted, the data of deleted ones. */
  tidy(): Promise<void>;
};

export function openSystem(
  options: Omit<LogContext, 'codecs'>,
  groupSettings: Partial<GroupSettings> = {},
): System {
  const logs = openPartitionLogs({ ...options, codecs: plainCodecs });
  const { stores, clock, random, log } = options;
  const topics = new Topics({
    stores,
    clock,
    random,
    log,
    settings: { defaultPartitions: 1, cacheMs: 1_000 },
  });
  const { context } = logs;
  return {
    logs,
    topics,
    groups: openGroups({ stores, clock, random, log, topics, settings: groupSettings }),
    roll: (partition, config, force = false) => rollPartition(context, partition, config, { force }),
    retain: (partition, config) => enforceRetention(context, partition, config),
    sweep: (partition, config) => sweepPartition(context, partition, config),
    tidy: async () => {
      await sweepStagedObjects(context);
      await topics.finishDeletions();
      await removeDeletedTopics(context);
    },
  };
}

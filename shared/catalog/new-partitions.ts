import type { TopicId } from '../kafka/topic-partition.ts';
import { jobsKey, newJobs } from '../storage/items/jobs.ts';
import { newPartitionHead, partitionHeadKey } from '../storage/items/partition-head.ts';
import { type Action, absent, transactActionsMax } from '../storage/metadata-store.ts';

/**
 * So many partitions fit into one store transaction beside the topic's item: each is a head and a jobs item.
 */
export const partitionsPerTransaction = Math.floor((transactActionsMax - 1) / 2);

/**
 * Clocks of processes may differ by this much; nothing was staged for a partition earlier than this before it
 * existed.
 */
const clockSkewMsMax = 60_000;

/**
 * The two items of a new partition. Head 0 names the topic: it is made last, so it proves that all heads were
 * made. Both are made only where there is none: a call that arrives late never resets what is in use.
 */
export function newPartitionActions(
  topic: { readonly topicId: TopicId; readonly name: string },
  partition: number,
  nowMs: number,
): Action[] {
  const id = { topicId: topic.topicId, partition };
  const isNew = absent(['t']);
  return [
    {
      put: partitionHeadKey(id),
      item: newPartitionHead(partition === 0 ? topic.name : undefined),
      condition: isNew,
    },
    { put: jobsKey(id), item: newJobs(nowMs - clockSkewMsMax), condition: isNew },
  ];
}

/**
 * The partitions from `first` up to but not including `beyond`, in runs that fit into one store transaction
 * each.
 */
export function partitionRuns(first: number, beyond: number): number[][] {
  const runs: number[][] = [];
  for (let start = first; start < beyond; start += partitionsPerTransaction) {
    const length = Math.min(partitionsPerTransaction, beyond - start);
    runs.push(Array.from({ length }, (_, index) => start + index));
  }
  return runs;
}

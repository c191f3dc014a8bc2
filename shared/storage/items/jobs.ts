import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { partitionItemsKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** What the background jobs of a partition remember. It exists from the partition's creation on. */
export type Jobs = {
  /** No object made by compaction at or before this time (ms) may be named any more. */
  swept: bigint;
  /** Everything that was staged before this time (ms) and that nothing named has been removed. */
  stagedSweptMs: bigint;
};

export const jobsType = 'j';
const format = 1n;

export const jobsKey = (partition: PartitionId): Key => ({ pk: partitionItemsKey(partition), sk: 'jobs' });

/** `createdMs`: nothing was staged for the partition before it existed. */
export const newJobs = (createdMs: number): Item => ({
  ...stamp(jobsType, format),
  swept: 0n,
  stagedSwept: BigInt(createdMs),
  leases: {},
  leaseNo: 0n,
});

export function readJobs(item: Item): Jobs {
  const read = readerOf(item, jobsType, format);
  return { swept: read.number('swept'), stagedSweptMs: read.number('stagedSwept') };
}

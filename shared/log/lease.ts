import type { PartitionId } from '../kafka/topic-partition.ts';
import { jobsKey } from '../storage/items/jobs.ts';
import { absent, add, all, any, equals, exists, isAtMost, set } from '../storage/metadata-store.ts';
import { isStoreError, tryWrite } from '../storage/store-error.ts';
import type { LogContext } from './log-context.ts';

/**
 * Runs a job of a partition unless another process has it. The lease only spares double work: every job is
 * safe without it, so a process that sleeps over its lease does no harm. Undefined: somebody else is at it.
 */
export async function underLease<T>(
  context: LogContext,
  partition: PartitionId,
  job: string,
  durationMs: number,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const { metadata } = context.stores;
  const now = BigInt(context.clock.nowMs());
  const until = now + BigInt(durationMs);
  const lease = ['leases', job] as const;
  const isFree = all(exists(['leases']), any(absent(lease), isAtMost(lease, now)));
  const take = { changes: [set(lease, until), add(['leaseNo'], 1n)], condition: isFree };
  if (!(await tryWrite(metadata.update(jobsKey(partition), take)))) return undefined;
  try {
    return await work();
  } finally {
    const giveBack = { changes: [set(lease, 0n)], condition: equals(lease, until) };
    await tryWrite(metadata.update(jobsKey(partition), giveBack)).catch((error: unknown) => {
      if (!isStoreError(error)) throw error; // else the lease runs out by itself
    });
  }
}

import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { partitionHeadKey } from '../storage/items/partition-head.ts';
import { all, isAtLeast, isBelow, set } from '../storage/metadata-store.ts';
import { tryWrite } from '../storage/store-error.ts';
import { appendRetry, type LogContext, repeated } from './log-context.ts';

/** Moves the log start offset forward, never back and never past the end (I8). False: it is there already. */
export function advanceStart(context: LogContext, partition: PartitionId, start: Offset): Promise<boolean> {
  const update = {
    changes: [set(['start'], start)],
    condition: all(isBelow(['start'], start), isAtLeast(['next'], start)),
  };
  const { metadata } = context.stores;
  return tryWrite(repeated(appendRetry(context), () => metadata.update(partitionHeadKey(partition), update)));
}

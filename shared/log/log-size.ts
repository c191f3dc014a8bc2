import type { PartitionId } from '../kafka/topic-partition.ts';
import { type PartitionHead, tailEntries } from '../storage/items/partition-head.ts';
import { type LogContext, loadHead } from './log-context.ts';
import { Moved, retryWhileMoving } from './moved.ts';
import { pageAtOrBefore } from './pages.ts';
import { segmentContaining } from './read.ts';

type Sized = { readonly nextOffset: bigint; readonly sizeBytes: number };

/**
 * Bytes of the partition's batches from the log start offset on, as they were appended. What lies across that
 * offset counts whole: a batch, and of what is rolled a segment. One or two reads.
 */
export function logSizeBytes(context: LogContext, partition: PartitionId): Promise<bigint> {
  return retryWhileMoving(context, async () => {
    const head = await loadHead(context, partition);
    const bytesEver = head.pagedBytes + bytesOf(tailEntries(head));
    return bytesEver - (await bytesBeforeStart(context, partition, head));
  });
}

async function bytesBeforeStart(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
): Promise<bigint> {
  const { start } = head;
  if (start === 0n) return 0n;
  const isBelow = ({ nextOffset }: Sized): boolean => nextOffset <= start;
  if (start >= head.paged) return head.pagedBytes + bytesOf(tailEntries(head).filter(isBelow));
  if (start < head.rolled) return (await segmentContaining(context, head, partition, start)).bytesBefore;
  const page = await pageAtOrBefore(context, partition, start);
  if (!page || page.nextOffset <= start) throw new Moved(`the page that contains offset ${start}`);
  return page.bytesBefore + bytesOf(page.entries.filter(isBelow));
}

const bytesOf = (entries: readonly Sized[]): bigint =>
  entries.reduce((sum, { sizeBytes }) => sum + BigInt(sizeBytes), 0n);

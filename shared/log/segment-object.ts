import type { Offset } from '../kafka/offsets.ts';
import { batchHeaderBytes, readBatchHeader } from '../records/record-batch.ts';
import type { IndexSlot, Segment } from '../storage/items/segment.ts';
import type { LogContext, LogSettings } from './log-context.ts';
import { MissingObject } from './moved.ts';
import { checkedBatch, damaged, type StoredBatch } from './stored-batch.ts';

/**
 * The sparse index of a segment: a slot at its begin, then one at the first batch after each
 * `indexSlotBytes`, wider where that would be more than `indexSlotsMax` slots: the index travels in the head
 * until the segment has its item.
 */
export function indexOf(
  settings: Pick<LogSettings, 'indexSlotBytes' | 'indexSlotsMax'>,
  batches: readonly { baseOffset: Offset; sizeBytes: number; maxTimestamp: bigint }[],
): IndexSlot[] {
  const sizeBytes = batches.reduce((sum, batch) => sum + batch.sizeBytes, 0);
  const spacing = Math.max(settings.indexSlotBytes, Math.ceil(sizeBytes / settings.indexSlotsMax));
  const slots: IndexSlot[] = [];
  let position = 0;
  let maxTimestampBefore = -1n;
  for (const { baseOffset, sizeBytes: batchBytes, maxTimestamp } of batches) {
    const last = slots.at(-1);
    if (!last || position - last.position >= spacing)
      slots.push({ offset: baseOffset, position, maxTimestampBefore });
    position += batchBytes;
    if (maxTimestamp > maxTimestampBefore) maxTimestampBefore = maxTimestamp;
  }
  return slots;
}

/** The last slot at or below `offset`: where to begin to read. */
export function slotForOffset(segment: Segment, offset: Offset): IndexSlot | undefined {
  return segment.index.findLast((slot) => slot.offset <= offset);
}

/**
 * The last slot before which every timestamp is smaller: the first record at or after `timestamp` is not
 * before it.
 */
export function slotForTimestamp(segment: Segment, timestamp: bigint): IndexSlot | undefined {
  return segment.index.findLast((slot) => slot.maxTimestampBefore < timestamp);
}

/**
 * The batches of a segment from a slot on, one after another, read in ranges of about `rangeBytes`. Throws
 * KAFKA_STORAGE_ERROR, naming object and offset, where bytes are missing or damaged.
 */
export async function* batchesOfSegment(
  context: LogContext,
  segment: Segment,
  from: IndexSlot | undefined = segment.index[0],
  rangeBytes = 1024 * 1024,
): AsyncGenerator<StoredBatch> {
  let position = from?.position ?? 0;
  let offset = from?.offset ?? segment.baseOffset;
  let wanted = rangeBytes;
  while (position < segment.sizeBytes) {
    const length = Math.min(wanted, segment.sizeBytes - position);
    const range = await context.stores.objects.getRange(segment.object, segment.position + position, length);
    if (range === undefined)
      throw new MissingObject(`object ${segment.object}, which holds offset ${offset}`);
    let read = 0;
    while (range.length - read >= batchHeaderBytes) {
      const { sizeBytes } = damagedUnless(segment, offset, () => readBatchHeader(range, read));
      if (sizeBytes > range.length - read) break;
      const batch = checkedBatch(
        context,
        range.subarray(read, read + sizeBytes),
        `object ${segment.object}`,
        offset,
      );
      yield batch;
      offset = batch.nextOffset;
      read += sizeBytes;
    }
    if (read === 0) {
      if (wanted >= segment.sizeBytes - position) throw damaged(`object ${segment.object}`, offset);
      wanted = Math.max(wanted * 2, sizeOfFirst(range) ?? 0);
    } else {
      wanted = rangeBytes;
    }
    position += read;
  }
}

const sizeOfFirst = (range: Uint8Array): number | undefined =>
  range.length >= batchHeaderBytes ? readBatchHeader(range).sizeBytes : undefined;

function damagedUnless<T>(segment: Segment, offset: Offset, read: () => T): T {
  try {
    return read();
  } catch {
    throw damaged(`object ${segment.object}`, offset);
  }
}

import type { Item } from '../../../shared/storage/item.ts';
import { readPartitionHead, tailEntries } from '../../../shared/storage/items/partition-head.ts';

/** What every head must be at every moment: said of the item as it is stored, after each write of it. */
export function brokenHead(item: Item): string | undefined {
  const head = readPartitionHead(item);
  const { start, rolled, paged, next, tail, tailBytes, newSeg } = head;
  if (start < 0n || start > next) return `it starts at ${start} and ends at ${next}`;
  if (rolled > paged) return `it is rolled up to ${rolled}, and paged up to ${paged} only`;
  if (paged > next) return `it is paged up to ${paged}, and ends at ${next}`;
  const end = tailEntries(head).at(-1)?.nextOffset ?? paged;
  if (end !== next) return `its tail ends at ${end}, and it at ${next}`;
  const bytes = tail.reduce((sum, entry) => sum + entry.length, 0);
  if (bytes !== tailBytes) return `its tail has ${bytes} bytes, and it counts ${tailBytes}`;
  if (newSeg && newSeg.nextOffset !== rolled)
    return `newSeg ends at ${newSeg.nextOffset}, rolled is ${rolled}`;
  return undefined;
}

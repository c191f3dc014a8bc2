import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { type PlacedEntry, placeEntries } from '../storage/items/entry.ts';
import { type Page, pageRange, readPage } from '../storage/items/page.ts';
import { queryAll } from '../storage/metadata-store.ts';
import type { LogContext } from './log-context.ts';

export type PlacedPage = Omit<Page, 'entries'> & { entries: PlacedEntry[] };

export const placePage = (page: Page): PlacedPage => ({
  ...page,
  entries: placeEntries(page.baseOffset, page.entries),
});

/** The page with the largest base offset at or below `offset`; it need not contain it. */
export async function pageAtOrBefore(
  context: LogContext,
  partition: PartitionId,
  offset: Offset,
): Promise<PlacedPage | undefined> {
  const range = { ...pageRange(partition, 0n, offset), descending: true, limit: 1 };
  const { items } = await context.stores.metadata.query(range);
  return items[0] && placePage(readPage(items[0].item));
}

/**
 * Pages that overlap [from, paged), in order. A page at or above the `paged` of the head one has read does
 * not exist for anybody yet [2.g].
 */
export async function* pagesInOrder(
  context: LogContext,
  partition: PartitionId,
  from: Offset,
  paged: Offset,
): AsyncGenerator<PlacedPage> {
  if (from >= paged) return;
  const first = await pageAtOrBefore(context, partition, from);
  if (first && first.nextOffset > from && first.baseOffset < paged) yield first;
  for await (const { item } of queryAll(
    context.stores.metadata,
    pageRange(partition, from + 1n, paged - 1n),
  )) {
    yield placePage(readPage(item));
  }
}

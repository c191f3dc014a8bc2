import type { PartitionId } from '../kafka/topic-partition.ts';
import type { EntryPlace } from '../storage/items/entry.ts';
import { pageRange, readPage } from '../storage/items/page.ts';
import { type PartitionHead, partitionHeadKey, tailEntries } from '../storage/items/partition-head.ts';
import { isBelow, queryAll, set } from '../storage/metadata-store.ts';
import { tryWrite } from '../storage/store-error.ts';
import { appendRetry, findHead, type LogContext, repeated } from './log-context.ts';
import { placePage } from './pages.ts';

/** What a partition's head and pages name: ULIDs of payload items and of staged objects. */
export type StagedNames = { head: PartitionHead | undefined; ids: ReadonlySet<string> };

/**
 * From here on no append and no roll can name anything made at or before `time` (ms). Without this fence a
 * process that slept between staging and sequencing would acknowledge records whose data a sweep removes
 * [2.b, 2.c].
 */
export async function fence(context: LogContext, partition: PartitionId, time: number): Promise<void> {
  const update = { changes: [set(['swept'], BigInt(time))], condition: isBelow(['swept'], BigInt(time)) };
  const { metadata } = context.stores;
  await tryWrite(repeated(appendRetry(context), () => metadata.update(partitionHeadKey(partition), update)));
}

/** Head first, pages after it: names move only that way [2.p1]. A partition without a head names nothing. */
export async function stagedNames(context: LogContext, partition: PartitionId): Promise<StagedNames> {
  const head = await findHead(context, partition);
  if (!head) return { head: undefined, ids: new Set() };
  const ids = new Set(tailEntries(head).flatMap(({ at }) => idOf(at)));
  for await (const { item } of queryAll(context.stores.metadata, pageRange(partition))) {
    for (const { at } of placePage(readPage(item)).entries) for (const id of idOf(at)) ids.add(id);
  }
  return { head, ids };
}

const idOf = (at: EntryPlace): string[] => (at.kind === 'item' || at.kind === 'object' ? [at.id] : []);

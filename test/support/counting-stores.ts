import type { Item, Key, StoredItem } from '../../shared/storage/item.ts';
import { attributeSizeBytes, itemSizeBytes } from '../../shared/storage/item-limits.ts';
import type { Action, Change, Query, QueryResult, Update } from '../../shared/storage/metadata-store.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import { aroundStores, type StoreCall, type StoreOperation } from './store-calls.ts';

/** What the calls so far cost, in the units that AWS charges. */
export type StoreCounts = {
  calls: Partial<Record<StoreOperation, number>>;
  /** Bytes that the calls carried into the store, and bytes that it answered. */
  bytesIn: number;
  bytesOut: number;
  /** DynamoDB: 1 a KB of the item written (of an update: as it is answered), twice that in a transaction. */
  writeUnits: number;
  /** DynamoDB: 1 for 4 KB read consistently, half of it otherwise. */
  readUnits: number;
};

export type CountingStores = Stores & {
  readonly counts: StoreCounts;
  /** What `work` costs, beside everything before it. */
  costOf(work: () => Promise<unknown>): Promise<StoreCounts>;
};

const nothing = (): StoreCounts => ({ calls: {}, bytesIn: 0, bytesOut: 0, writeUnits: 0, readUnits: 0 });

/** Stores that count. A call counts also when it fails; its units only when it is answered. */
export function countingStores(stores: Stores): CountingStores {
  const counts = nothing();
  const counting = aroundStores(stores, async (call, perform) => {
    counts.calls[call.operation] = (counts.calls[call.operation] ?? 0) + 1;
    counts.bytesIn += bytesInOf(call);
    const answer = await perform();
    charge(counts, call, answer);
    return answer;
  });
  const costOf = async (work: () => Promise<unknown>): Promise<StoreCounts> => {
    const before = structuredClone(counts);
    await work();
    return difference(counts, before);
  };
  return { ...counting, counts, costOf };
}

function difference(now: StoreCounts, before: StoreCounts): StoreCounts {
  const calls: StoreCounts['calls'] = {};
  for (const [name, count] of Object.entries(now.calls)) {
    const more = count - (before.calls[name as StoreOperation] ?? 0);
    if (more > 0) calls[name as StoreOperation] = more;
  }
  return {
    calls,
    bytesIn: now.bytesIn - before.bytesIn,
    bytesOut: now.bytesOut - before.bytesOut,
    writeUnits: now.writeUnits - before.writeUnits,
    readUnits: now.readUnits - before.readUnits,
  };
}

function bytesInOf({ operation, args }: StoreCall): number {
  if (operation === 'put') return itemSizeBytes(args[0] as Key, args[1] as Item);
  if (operation === 'update') return bytesOfChanges((args[1] as Update).changes);
  if (operation === 'objectPut') return (args[1] as Uint8Array).length;
  if (operation !== 'transact') return 0;
  return (args[0] as readonly Action[]).reduce((bytes, action) => bytes + bytesOfAction(action), 0);
}

function bytesOfAction(action: Action): number {
  if ('put' in action) return itemSizeBytes(action.put, action.item);
  return 'update' in action ? bytesOfChanges(action.changes) : 0;
}

function bytesOfChanges(changes: readonly Change[]): number {
  return changes.reduce((bytes, change) => {
    if ('to' in change) return bytes + attributeSizeBytes(change.to);
    return 'append' in change ? bytes + attributeSizeBytes(change.values) : bytes;
  }, 0);
}

const writeUnitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));
const readUnitsOf = (bytes: number, options: unknown): number => {
  const isConsistent = (options as { consistent?: boolean } | undefined)?.consistent !== false;
  return Math.max(1, Math.ceil(bytes / 4096)) * (isConsistent ? 1 : 0.5);
};
const sizeOf = (key: Key, item: Item | undefined): number =>
  item === undefined ? 0 : itemSizeBytes(key, item);

function charge(counts: StoreCounts, { operation, args }: StoreCall, answer: unknown): void {
  if (operation === 'put') counts.writeUnits += writeUnitsOf(itemSizeBytes(args[0] as Key, args[1] as Item));
  if (operation === 'remove') counts.writeUnits += 1;
  if (operation === 'update') {
    const bytes = itemSizeBytes(args[0] as Key, answer as Item);
    counts.writeUnits += writeUnitsOf(bytes);
    counts.bytesOut += bytes;
  }
  if (operation === 'transact') {
    for (const action of args[0] as readonly Action[]) {
      counts.writeUnits += 2 * writeUnitsOf(bytesOfAction(action));
    }
  }
  if (operation === 'objectGetRange') counts.bytesOut += (answer as Uint8Array | undefined)?.length ?? 0;
  chargeReads(counts, operation, args, answer);
}

function chargeReads(
  counts: StoreCounts,
  operation: StoreOperation,
  args: readonly unknown[],
  answer: unknown,
): void {
  if (operation === 'query') {
    const { items } = answer as QueryResult;
    const bytes = items.reduce((sum, { key, item }: StoredItem) => sum + itemSizeBytes(key, item), 0);
    counts.readUnits += readUnitsOf(bytes, args[0] as Query);
    counts.bytesOut += bytes;
  }
  if (operation !== 'get' && operation !== 'getMany') return;
  const keys = operation === 'get' ? [args[0] as Key] : (args[0] as readonly Key[]);
  const items = operation === 'get' ? [answer as Item | undefined] : (answer as (Item | undefined)[]);
  for (const [at, key] of keys.entries()) {
    const bytes = sizeOf(key, items[at]);
    counts.readUnits += readUnitsOf(bytes, args[1]);
    counts.bytesOut += bytes;
  }
}

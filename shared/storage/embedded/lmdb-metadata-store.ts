import { copyAttribute, copyItem } from '../copy-item.ts';
import { afterChanges, holds } from '../expressions.ts';
import type { Item, Key, StoredItem } from '../item.ts';
import { attributeSizeBytes, checkItemSize, checkKey } from '../item-limits.ts';
import {
  type Action,
  type Change,
  type Condition,
  keyOfAction,
  type MetadataStore,
  type Query,
  type QueryResult,
  type Update,
  type UpdateOptions,
} from '../metadata-store.ts';
import type { Staged } from '../staging.ts';
import { untilStaged } from '../staging-by-put.ts';
import { StoreError } from '../store-error.ts';
import { checkTransaction } from '../transaction-rules.ts';
import type { GroupCommit, State } from './group-commit.ts';
import { decodeItem, encodeItem } from './item-codec.ts';
import type { ItemDatabase, KeyRange } from './item-database.ts';

/**
 * The largest item of this engine, key and names included: batches that DynamoDB would need an object for.
 */
export const embeddedItemBytesMax = 4 * 1024 * 1024;

const pageBytesMax = 1024 * 1024;

/** Partition key, NUL, sort key: in UTF-8 its bytes are in the order of both. */
const itemKey = ({ pk, sk }: Key): string => `${pk}\0${sk}`;
const itemKeyBytes = (pk: string, sk: string): Uint8Array => Buffer.from(`${pk}\0${sk}`, 'utf8');

type StagedItem = { key: string; bytes: Uint8Array; carry(settled: Promise<void>): void; isCarried: boolean };

/** The metadata store on LMDB. Everything it answers is durable. */
export class LmdbMetadataStore implements MetadataStore {
  private readonly database: ItemDatabase;
  private readonly commits: GroupCommit;
  private readonly stagedItems = new WeakMap<Staged, StagedItem>();

  constructor(database: ItemDatabase, commits: GroupCommit) {
    this.database = database;
    this.commits = commits;
  }

  async get(key: Key): Promise<Item | undefined> {
    checkKey(key);
    await this.database.ready();
    return this.read(key);
  }

  async getMany(keys: readonly Key[]): Promise<(Item | undefined)[]> {
    for (const key of keys) checkKey(key);
    await this.database.ready();
    return keys.map((key) => this.read(key));
  }

  async query(query: Query): Promise<QueryResult> {
    await this.database.ready();
    const { pk, limit = Number.POSITIVE_INFINITY } = query;
    const pkBytes = Buffer.byteLength(pk, 'utf8') + 1;
    const items: StoredItem[] = [];
    let bytes = 0;
    for (const { key, value } of this.database.range(rangeOf(query))) {
      const last = items.at(-1);
      if (last !== undefined && (items.length >= limit || bytes >= pageBytesMax)) {
        return { items, next: last.key.sk };
      }
      bytes += value.length;
      const sk = Buffer.from(key.buffer, key.byteOffset + pkBytes, key.length - pkBytes).toString('utf8');
      items.push({ key: { pk, sk }, item: decodeItem(value) });
    }
    return { items };
  }

  async put(key: Key, item: Item, condition?: Condition): Promise<void> {
    const bytes = encoded(key, item);
    await this.commits.run((state) => {
      if (condition !== undefined) checkCondition(state, key, condition);
      state.writeEncoded(itemKey(key), bytes);
    });
  }

  async update(key: Key, update: Update, { after, returns = 'new' }: UpdateOptions = {}): Promise<Item> {
    checkKey(key);
    const changes = update.changes.map(copyChange);
    await untilStaged(after?.filter((staged) => !this.stagedItems.has(staged)));
    return this.commits.run((state) => {
      this.carryOut(state, after);
      const before = checkCondition(state, key, update.condition);
      const { now, sizeBytes } = changed(key, before, changes);
      state.write(itemKey(key), now, sizeBytes);
      return copyItem(returns === 'new' ? now : (before?.item ?? {}));
    });
  }

  async remove(key: Key, condition?: Condition): Promise<void> {
    checkKey(key);
    await this.commits.run((state) => {
      // An item that nothing is asked of is not read: it may be a payload of a megabyte.
      if (condition !== undefined) checkCondition(state, key, condition);
      state.remove(itemKey(key));
    });
  }

  async transact(actions: readonly Action[]): Promise<void> {
    checkTransaction(actions);
    const prepared = actions.map(prepare);
    await this.commits.run((state) => {
      const befores = actions.map((action) => state.read(itemKey(keyOfAction(action))));
      const failedActions = actions.flatMap(({ condition }, at) =>
        condition === undefined || holds(condition, befores[at]?.item) ? [] : [at],
      );
      if (failedActions.length > 0) {
        throw new StoreError('conditionFailed', 'a condition of the transaction is false', { failedActions });
      }
      const writes = prepared.map((decide, at) => decide(befores[at]));
      for (const write of writes) write(state);
    });
  }

  /** Takes an item to be written together with the first update that comes after it. */
  stageItem(what: { in: 'item'; key: Key; item: Item }): Staged {
    let carry: StagedItem['carry'] = () => {};
    const done = new Promise<void>((resolve) => {
      carry = resolve;
    });
    const staged = { what, done };
    try {
      const bytes = encoded(what.key, what.item);
      this.stagedItems.set(staged, { key: itemKey(what.key), bytes, carry, isCarried: false });
    } catch (error) {
      carry(Promise.reject(error));
    }
    done.catch(() => {});
    return staged;
  }

  private carryOut(state: State, after: readonly Staged[] = []): void {
    for (const staged of after) {
      const item = this.stagedItems.get(staged);
      // One that an earlier update carried is in an earlier group, or durable: groups keep their order.
      if (item === undefined || item.isCarried) continue;
      item.isCarried = true;
      state.writeEncoded(item.key, item.bytes);
      item.carry(state.settled);
    }
  }

  private read({ pk, sk }: Key): Item | undefined {
    const bytes = this.database.read(itemKeyBytes(pk, sk));
    return bytes === undefined ? undefined : decodeItem(bytes);
  }
}

type Before = { item: Item; sizeBytes: number } | undefined;

function checkCondition(state: State, key: Key, condition: Condition | undefined): Before {
  const before = state.read(itemKey(key));
  if (condition !== undefined && !holds(condition, before?.item)) {
    throw new StoreError('conditionFailed', `the condition on ${key.pk} / ${key.sk} is false`);
  }
  return before;
}

function encoded(key: Key, item: Item): Uint8Array {
  checkKey(key);
  const bytes = encodeItem(item);
  if (bytes.length * 2 > embeddedItemBytesMax) checkItemSize(key, item, embeddedItemBytesMax);
  return bytes;
}

/**
 * The item after the changes, and no less than its size: what is dropped is not subtracted, so it is cheap.
 */
function changed(key: Key, before: Before, changes: readonly Change[]): { now: Item; sizeBytes: number } {
  const now = afterChanges(before?.item ?? {}, changes);
  const sizeBytes = (before?.sizeBytes ?? 0) + changes.reduce((sum, change) => sum + bytesOf(change), 0);
  if (sizeBytes * 2 <= embeddedItemBytesMax) return { now, sizeBytes };
  return { now, sizeBytes: checkItemSize(key, now, embeddedItemBytesMax) };
}

function bytesOf(change: Change): number {
  if ('to' in change) return attributeSizeBytes(change.to) + 64;
  if ('append' in change) return attributeSizeBytes(change.values);
  // A copy may bring anything, so it is measured.
  return 'from' in change ? embeddedItemBytesMax : 0;
}

/** The caller's own values must not be seen to change while the update is on its way. */
function copyChange(change: Change): Change {
  if ('to' in change) return { set: change.set, to: copyAttribute(change.to) };
  if ('append' in change) return { append: change.append, values: change.values.map(copyAttribute) };
  return change;
}

/** An action whose arguments are taken over; then, knowing the item before, the write it comes to. */
function prepare(action: Action): (before: Before) => (state: State) => void {
  const key = keyOfAction(action);
  if ('put' in action) {
    const bytes = encoded(key, action.item);
    return () => (state) => state.writeEncoded(itemKey(key), bytes);
  }
  if ('update' in action) {
    const changes = action.changes.map(copyChange);
    return (before) => {
      const { now, sizeBytes } = changed(key, before, changes);
      return (state) => state.write(itemKey(key), now, sizeBytes);
    };
  }
  return () => (state) => {
    if ('remove' in action) state.remove(itemKey(key));
  };
}

function rangeOf({ pk, from, through, startAfter, descending = false }: Query): KeyRange {
  const range: KeyRange = {
    first: itemKeyBytes(pk, from ?? ''),
    // No sort key is empty, and no key goes on behind its NUL with less than this.
    last: through === undefined ? Buffer.from(`${pk}\u0001`, 'utf8') : itemKeyBytes(pk, through),
    isFirstExcluded: false,
    isLastIncluded: through !== undefined,
    descending,
  };
  if (startAfter === undefined) return range;
  const after = itemKeyBytes(pk, startAfter);
  if (descending) {
    return Buffer.compare(after, range.last) <= 0 ? { ...range, last: after, isLastIncluded: false } : range;
  }
  return Buffer.compare(after, range.first) >= 0 ? { ...range, first: after, isFirstExcluded: true } : range;
}

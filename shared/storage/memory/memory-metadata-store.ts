import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { copyItem } from '../copy-item.ts';
import { afterChanges, holds } from '../expressions.ts';
import type { Item, Key } from '../item.ts';
import { checkItemSize, checkKey, itemLimits, itemSizeBytes, refusal } from '../item-limits.ts';
import {
  type Action,
  type Condition,
  keyOfAction,
  type MetadataStore,
  type Query,
  type QueryResult,
  type ReadOptions,
  type Update,
  type UpdateOptions,
} from '../metadata-store.ts';
import { untilStaged } from '../staging-by-put.ts';
import { StoreError } from '../store-error.ts';
import { checkTransaction } from '../transaction-rules.ts';
import { TransactionHolds } from './transaction-holds.ts';
import { UnitBudgets, type Unkindness, withLatency } from './unkindness.ts';
import { VersionedItems } from './versioned-items.ts';

/** A query's page holds at most this much, as in DynamoDB. */
const pageBytesMax = 1024 * 1024;

/** The metadata store in memory: kind to its callers, or as unkind as DynamoDB where the options say so. */
export class MemoryMetadataStore implements MetadataStore {
  private readonly items: VersionedItems;
  private readonly holds: TransactionHolds;
  private readonly writeUnits: UnitBudgets;
  private readonly readUnits: UnitBudgets;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly unkindness: Unkindness;

  constructor(clock: Clock, random: Random, unkindness: Unkindness = {}) {
    this.clock = clock;
    this.random = random;
    this.unkindness = unkindness;
    this.items = new VersionedItems(unkindness.staleReadsMs ?? 0);
    this.holds = new TransactionHolds(clock, unkindness.transactionConflicts?.freshMs ?? 0);
    this.writeUnits = new UnitBudgets(clock, unkindness.writeUnitsPerSecond);
    this.readUnits = new UnitBudgets(clock, unkindness.readUnitsPerSecond);
  }

  async get(key: Key, options: ReadOptions = {}): Promise<Item | undefined> {
    checkKey(key);
    return this.call(() => this.readNow(key, options));
  }

  async getMany(keys: readonly Key[], options: ReadOptions = {}): Promise<(Item | undefined)[]> {
    for (const key of keys) checkKey(key);
    if (keys.length === 0) return [];
    return this.call(() => keys.map((key) => this.readNow(key, options)));
  }

  async query(query: Query): Promise<QueryResult> {
    return this.call(() => this.queryNow(query));
  }

  async put(key: Key, item: Item, condition?: Condition): Promise<void> {
    checkKey(key);
    const copy = copyItem(item);
    await this.call(() => this.writeAlone(key, condition, () => copy));
  }

  async update(key: Key, update: Update, { after, returns = 'new' }: UpdateOptions = {}): Promise<Item> {
    checkKey(key);
    const changes = update.changes;
    await untilStaged(after);
    return this.call(() => {
      const write = this.writeAlone(key, update.condition, (item) =>
        copyItem(afterChanges(item ?? {}, changes)),
      );
      return copyItem((returns === 'new' ? write.now : write.before) ?? {});
    });
  }

  async remove(key: Key, condition?: Condition): Promise<void> {
    checkKey(key);
    await this.call(() => this.writeAlone(key, condition, () => undefined));
  }

  async transact(actions: readonly Action[]): Promise<void> {
    checkTransaction(actions);
    await this.call(() => this.transactNow(actions));
  }

  private call<T>(effect: () => T | Promise<T>): Promise<T> {
    return withLatency(this.unkindness, this.clock, this.random, effect);
  }

  /** A time in the near past for reads that may be stale; the present for others. */
  private readTime({ consistent = true }: ReadOptions): { nowMs: number; asOfMs: number } {
    const nowMs = this.clock.nowMs();
    const staleMs = this.unkindness.staleReadsMs ?? 0;
    return { nowMs, asOfMs: consistent || staleMs === 0 ? nowMs : nowMs - this.random.next() * staleMs };
  }

  private readNow(key: Key, options: ReadOptions): Item | undefined {
    const { nowMs, asOfMs } = this.readTime(options);
    const item = this.items.read(key, nowMs, asOfMs);
    this.chargeRead(key.pk, item === undefined ? 0 : itemSizeBytes(key, item), options);
    return item === undefined ? undefined : copyItem(item);
  }

  private chargeRead(pk: string, bytes: number, { consistent = true }: ReadOptions): void {
    if (this.unkindness.readUnitsPerSecond === undefined) return;
    this.readUnits.spend(pk, Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5));
  }

  private queryNow(query: Query): QueryResult {
    const { pk, from, through, descending = false, startAfter } = query;
    const limit = this.pageLimit(query.limit);
    const page: QueryResult = { items: [] };
    let bytes = 0;
    const found = this.items.range(pk, { from, through, descending }, startAfter, this.readTime(query));
    for (const { key, item } of found) {
      const last = page.items.at(-1);
      if (last !== undefined && (page.items.length >= limit || bytes >= pageBytesMax)) {
        page.next = last.key.sk;
        break;
      }
      bytes += itemSizeBytes(key, item);
      page.items.push({ key, item: copyItem(item) });
    }
    this.chargeRead(pk, bytes, query);
    const last = page.items.at(-1);
    // DynamoDB names a next page behind every full one, without looking whether anything is there.
    if (this.unkindness.shortPages !== undefined && last !== undefined && page.items.length === limit) {
      page.next = last.key.sk;
    }
    return page;
  }

  private pageLimit(asked = Number.POSITIVE_INFINITY): number {
    const chance = this.unkindness.shortPages ?? 0;
    if (chance === 0 || this.random.next() >= chance) return asked;
    return 1 + Math.floor(this.random.next() * Math.min(asked, 10));
  }

  /** One item's write: refused while a transaction holds it, or when its key's units are spent. */
  private writeAlone(
    key: Key,
    condition: Condition | undefined,
    change: (item: Item | undefined) => Item | undefined,
  ): { before: Item | undefined; now: Item | undefined } {
    this.holds.checkFree(key);
    const nowMs = this.clock.nowMs();
    const before = this.items.read(key, nowMs);
    const isRefused = condition !== undefined && !holds(condition, before);
    const now = isRefused ? before : change(before);
    this.writeUnits.spend(key.pk, this.writeCost(key, before, now));
    if (isRefused) throw new StoreError('conditionFailed', `the condition on ${key.pk} / ${key.sk} is false`);
    this.store(key, now, nowMs);
    return { before, now };
  }

  /** Units of a write: the larger of the item before and after, and never nothing. */
  private writeCost(key: Key, before: Item | undefined, now: Item | undefined): number {
    const bytes = Math.max(
      before === undefined ? 0 : itemSizeBytes(key, before),
      now === undefined ? 0 : checkItemSize(key, now),
    );
    return Math.max(1, Math.ceil(bytes / 1024));
  }

  private store(key: Key, item: Item | undefined, nowMs: number): void {
    this.items.write(key, item, nowMs, this.expiresAtMs(item));
    this.holds.wrote(key);
  }

  private expiresAtMs(item: Item | undefined): number {
    const { expiry } = this.unkindness;
    if (expiry === undefined || typeof item?.ttl !== 'bigint') return Number.POSITIVE_INFINITY;
    return Number(item.ttl) * 1000 + this.random.next() * expiry.delayMsMax;
  }

  private async transactNow(actions: readonly Action[]): Promise<void> {
    const keys = actions.map(keyOfAction);
    const holdMs = this.unkindness.transactionConflicts?.holdMs;
    if (holdMs === undefined) return this.applyTransaction(actions);
    this.holds.hold(keys);
    try {
      await this.clock.sleep(holdMs);
      this.applyTransaction(actions);
    } finally {
      this.holds.release(keys);
    }
  }

  private applyTransaction(actions: readonly Action[]): void {
    const nowMs = this.clock.nowMs();
    const states = actions.map((action) => ({ action, before: this.items.read(keyOfAction(action), nowMs) }));
    const failedActions = states.flatMap(({ action, before }, at) =>
      action.condition === undefined || holds(action.condition, before) ? [] : [at],
    );
    const results =
      failedActions.length > 0 ? [] : states.map(({ action, before }) => result(action, before));
    let bytes = 0;
    for (const [at, { action, before }] of states.entries()) {
      const key = keyOfAction(action);
      // A transaction writes twice: it prepares, then commits.
      this.writeUnits.spend(key.pk, 2 * this.writeCost(key, before, results[at]));
      bytes += results[at] === undefined ? 0 : itemSizeBytes(key, results[at]);
    }
    if (bytes > itemLimits.transactBytesMax) throw refusal(`a transaction of ${bytes} bytes is too large`);
    if (failedActions.length > 0) {
      throw new StoreError('conditionFailed', 'a condition of the transaction is false', { failedActions });
    }
    for (const [at, { action }] of states.entries()) {
      if (!('check' in action)) this.store(keyOfAction(action), results[at], nowMs);
    }
  }
}

function result(action: Action, before: Item | undefined): Item | undefined {
  if ('put' in action) return copyItem(action.item);
  if ('update' in action) return copyItem(afterChanges(before ?? {}, action.changes));
  return 'remove' in action ? undefined : before;
}

import type { Item, Key, StoredItem } from '../item.ts';
import { compareUtf8, firstAtLeast } from '../utf8-order.ts';

type Version = { item: Item | undefined; untilMs: number };
type Row = { item: Item | undefined; expiresAtMs: number; past: Version[] };
type Rows = { bySortKey: Map<string, Row>; sortKeys: string[] };

export type Range = { from: string | undefined; through: string | undefined; descending: boolean };

/**
 * Items in order, and what they were up to `keepPastMs` ago. What it is given and gives must not be changed.
 */
export class VersionedItems {
  private readonly keepPastMs: number;
  private readonly partitions = new Map<string, Rows>();
  /** Keys whose row may go at a time, about in the order of these times. */
  private leaving: { key: Key; atMs: number }[] = [];
  private left = 0;

  constructor(keepPastMs: number) {
    this.keepPastMs = keepPastMs;
  }

  /** The item as it is now, or as it was at `asOfMs`. */
  read(key: Key, nowMs: number, asOfMs = nowMs): Item | undefined {
    const row = this.partitions.get(key.pk)?.bySortKey.get(key.sk);
    return row === undefined ? undefined : itemOf(row, nowMs, asOfMs);
  }

  /** Replaces the item, or removes it. */
  write(key: Key, item: Item | undefined, nowMs: number, expiresAtMs = Number.POSITIVE_INFINITY): void {
    const row = this.rowFor(key);
    if (this.keepPastMs > 0) {
      const old = itemOf(row, nowMs, nowMs);
      row.past = row.past.filter(({ untilMs }) => untilMs > nowMs - this.keepPastMs);
      row.past.push({ item: old, untilMs: nowMs });
    }
    row.item = item;
    row.expiresAtMs = expiresAtMs;
    if (item === undefined) this.leaving.push({ key, atMs: nowMs + this.keepPastMs });
    else if (expiresAtMs < Number.POSITIVE_INFINITY) this.leaving.push({ key, atMs: expiresAtMs });
    this.dropWhatLeft(nowMs);
  }

  /** The items of a partition key in the direction of the range, behind `startAfter`. */
  *range(pk: string, range: Range, startAfter: string | undefined, asOf: AsOf): Generator<StoredItem> {
    const rows = this.partitions.get(pk);
    if (rows === undefined) return;
    const { sortKeys } = rows;
    const step = range.descending ? -1 : 1;
    let at = range.descending ? lastAtMost(sortKeys, range.through) : firstFrom(sortKeys, range.from);
    if (startAfter !== undefined) {
      const first = firstAtLeast(sortKeys, startAfter);
      const behind = range.descending ? first - 1 : sortKeys[first] === startAfter ? first + 1 : first;
      at = range.descending ? Math.min(at, behind) : Math.max(at, behind);
    }
    for (; at >= 0 && at < sortKeys.length; at += step) {
      const sk = sortKeys[at] as string;
      if (isBeyond(sk, range)) return;
      const item = itemOf(rows.bySortKey.get(sk) as Row, asOf.nowMs, asOf.asOfMs);
      if (item !== undefined) yield { key: { pk, sk }, item };
    }
  }

  private rowFor({ pk, sk }: Key): Row {
    let rows = this.partitions.get(pk);
    if (rows === undefined) {
      rows = { bySortKey: new Map(), sortKeys: [] };
      this.partitions.set(pk, rows);
    }
    let row = rows.bySortKey.get(sk);
    if (row === undefined) {
      row = { item: undefined, expiresAtMs: Number.POSITIVE_INFINITY, past: [] };
      rows.bySortKey.set(sk, row);
      rows.sortKeys.splice(firstAtLeast(rows.sortKeys, sk), 0, sk);
    }
    return row;
  }

  private dropWhatLeft(nowMs: number): void {
    for (; this.left < this.leaving.length; this.left++) {
      const { key, atMs } = this.leaving[this.left] as { key: Key; atMs: number };
      if (atMs > nowMs) break;
      this.dropRow(key, nowMs);
    }
    if (this.left < 1_000 || this.left * 2 < this.leaving.length) return;
    this.leaving = this.leaving.slice(this.left);
    this.left = 0;
  }

  private dropRow({ pk, sk }: Key, nowMs: number): void {
    const rows = this.partitions.get(pk);
    const row = rows?.bySortKey.get(sk);
    if (rows === undefined || row === undefined || itemOf(row, nowMs, nowMs) !== undefined) return;
    if (row.past.some(({ untilMs }) => untilMs > nowMs - this.keepPastMs)) return;
    rows.bySortKey.delete(sk);
    rows.sortKeys.splice(firstAtLeast(rows.sortKeys, sk), 1);
    if (rows.sortKeys.length === 0) this.partitions.delete(pk);
  }
}

export type AsOf = { nowMs: number; asOfMs: number };

function itemOf(row: Row, nowMs: number, asOfMs: number): Item | undefined {
  if (asOfMs < nowMs) {
    const then = row.past.find(({ untilMs }) => untilMs > asOfMs);
    if (then !== undefined) return then.item;
  }
  return row.expiresAtMs <= nowMs ? undefined : row.item;
}

const firstFrom = (keys: readonly string[], from: string | undefined): number =>
  from === undefined ? 0 : firstAtLeast(keys, from);

function lastAtMost(keys: readonly string[], through: string | undefined): number {
  if (through === undefined) return keys.length - 1;
  const first = firstAtLeast(keys, through);
  return keys[first] === through ? first : first - 1;
}

const isBeyond = (sk: string, { from, through, descending }: Range): boolean =>
  descending
    ? from !== undefined && compareUtf8(sk, from) < 0
    : through !== undefined && compareUtf8(sk, through) > 0;

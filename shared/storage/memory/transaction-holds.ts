import type { Clock } from '../../base/clock.ts';
import type { Key } from '../item.ts';
import { StoreError } from '../store-error.ts';

const nameOf = ({ pk, sk }: Key): string => `${pk}\0${sk}`;

/** Which items a transaction holds at present, and which were just written by somebody alone. */
export class TransactionHolds {
  private readonly clock: Clock;
  private readonly freshMs: number;
  private readonly held = new Set<string>();
  private readonly writtenAtMs = new Map<string, number>();

  constructor(clock: Clock, freshMs: number) {
    this.clock = clock;
    this.freshMs = freshMs;
  }

  /** Refuses a single write of an item that a transaction holds. */
  checkFree(key: Key): void {
    if (this.held.size > 0 && this.held.has(nameOf(key))) {
      throw new StoreError('conflict', `a transaction holds ${key.pk} / ${key.sk}`);
    }
  }

  /** Holds all these items, or refuses: one is held already or was just written. */
  hold(keys: readonly Key[]): void {
    const nowMs = this.clock.nowMs();
    for (const key of keys) {
      this.checkFree(key);
      const writtenAtMs = this.writtenAtMs.get(nameOf(key));
      if (writtenAtMs !== undefined && nowMs - writtenAtMs < this.freshMs) {
        throw new StoreError('conflict', `${key.pk} / ${key.sk} is being written`);
      }
    }
    for (const key of keys) this.held.add(nameOf(key));
  }

  release(keys: readonly Key[]): void {
    for (const key of keys) this.held.delete(nameOf(key));
  }

  /** Remembers that an item was written alone just now. */
  wrote(key: Key): void {
    if (this.freshMs === 0) return;
    const nowMs = this.clock.nowMs();
    const name = nameOf(key);
    // Re-inserted, so that the map stays in the order of time and old writes can be forgotten from its begin.
    this.writtenAtMs.delete(name);
    this.writtenAtMs.set(name, nowMs);
    for (const [old, atMs] of this.writtenAtMs) {
      if (nowMs - atMs < this.freshMs) break;
      this.writtenAtMs.delete(old);
    }
  }
}

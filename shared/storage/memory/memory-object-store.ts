import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { checkObjectKey, checkObjectRange } from '../object-rules.ts';
import type { ListedObject, ListOptions, ListResult, ObjectStore } from '../object-store.ts';
import { firstAtLeast } from '../utf8-order.ts';
import { type Unkindness, withLatency } from './unkindness.ts';

/** A listing's page holds at most this many keys, as in S3. */
const pageKeysMax = 1_000;

/** The object store in memory. */
export class MemoryObjectStore implements ObjectStore {
  private readonly objects = new Map<string, Uint8Array>();
  private readonly keys: string[] = [];
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly unkindness: Unkindness;

  constructor(clock: Clock, random: Random, unkindness: Unkindness = {}) {
    this.clock = clock;
    this.random = random;
    this.unkindness = unkindness;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    checkObjectKey(key);
    const copy = new Uint8Array(bytes);
    await this.call(() => {
      if (!this.objects.has(key)) this.keys.splice(firstAtLeast(this.keys, key), 0, key);
      this.objects.set(key, copy);
    });
  }

  async getRange(key: string, position: number, length: number): Promise<Uint8Array | undefined> {
    checkObjectKey(key);
    checkObjectRange(position, length);
    return this.call(() => this.objects.get(key)?.slice(position, position + length));
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkObjectKey(key);
    await this.call(() => {
      for (const key of keys) {
        if (this.objects.delete(key)) this.keys.splice(firstAtLeast(this.keys, key), 1);
      }
    });
  }

  async list(prefix: string, { startAfter, limit = pageKeysMax }: ListOptions = {}): Promise<ListResult> {
    return this.call(() => {
      const objects: ListedObject[] = [];
      const most = Math.min(limit, pageKeysMax);
      for (let at = this.firstListed(prefix, startAfter); at < this.keys.length; at++) {
        const key = this.keys[at] as string;
        if (!key.startsWith(prefix)) break;
        const last = objects.at(-1);
        if (last !== undefined && objects.length >= most) return { objects, next: last.key };
        objects.push({ key, sizeBytes: this.objects.get(key)?.length ?? 0 });
      }
      return { objects };
    });
  }

  private firstListed(prefix: string, startAfter = ''): number {
    const first = firstAtLeast(this.keys, prefix);
    const behind = firstAtLeast(this.keys, startAfter);
    return Math.max(first, this.keys[behind] === startAfter ? behind + 1 : behind);
  }

  private call<T>(effect: () => T): Promise<T> {
    return withLatency(this.unkindness, this.clock, this.random, effect);
  }
}

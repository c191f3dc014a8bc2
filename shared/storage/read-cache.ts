import type { Clock } from '../base/clock.ts';
import type { Item, Key } from './item.ts';
import { itemSizeBytes } from './item-limits.ts';
import { isPayloadKey } from './items/payload.ts';
import type { MetadataStore, ReadOptions } from './metadata-store.ts';
import type { ObjectStore } from './object-store.ts';
import { isStagedObject } from './objects/object-keys.ts';
import type { StagedBytes, Staging } from './staging.ts';
import type { Stores } from './stores.ts';

export type ReadCacheOptions = {
  /** Bytes that are kept at most. */
  readonly bytesMax: number;
  /** What nobody has asked for in this time is not kept. */
  readonly ageMsMax?: number;
  readonly clock: Clock;
};

const defaultAgeMs = 300_000;
/** A reader of old segments must not push out what was just written. */
const segmentsShare = 0.25;
/** A single value is never so large a part of the cache that the rest has no room. */
const valueShareMax = 0.25;

/**
 * The same stores, with the bytes of batches that passed through in the last minutes kept in memory: what
 * this process staged, and what it fetched once, is served to every further reader from here. Only what never
 * changes under its key is kept: payload items and objects. Whether it is still part of a log the head says,
 * which is always read from the store. Readers that ask for the same bytes at the same time share one call.
 */
export function withReadCache<S extends Stores>(stores: S, options: ReadCacheOptions): S {
  const { bytesMax, ageMsMax = defaultAgeMs, clock } = options;
  const segmentBytesMax = Math.floor(bytesMax * segmentsShare);
  const staged = new ByteCache({ bytesMax: bytesMax - segmentBytesMax, ageMsMax, clock });
  const segments = new ByteCache({ bytesMax: segmentBytesMax, ageMsMax, clock });
  return {
    ...stores,
    metadata: metadataWith(stores.metadata, new Shared<Item>(staged)),
    objects: objectsWith(stores.objects, staged, segments),
    staging: stagingWith(stores.staging, staged),
  };
}

/** Keeps what was used last, up to a number of bytes. */
class ByteCache {
  private readonly options: Required<ReadCacheOptions>;
  private readonly kept = new Map<string, { value: unknown; bytes: number; usedMs: number }>();
  private bytes = 0;

  constructor(options: Required<ReadCacheOptions>) {
    this.options = options;
  }

  get(name: string): unknown {
    const found = this.kept.get(name);
    if (found === undefined) return undefined;
    this.drop(name);
    const nowMs = this.options.clock.nowMs();
    if (nowMs - found.usedMs > this.options.ageMsMax) return undefined;
    this.kept.set(name, { ...found, usedMs: nowMs });
    this.bytes += found.bytes;
    return found.value;
  }

  put(name: string, value: unknown, bytes: number): void {
    const { bytesMax, ageMsMax, clock } = this.options;
    if (bytes > bytesMax * valueShareMax) return;
    this.drop(name);
    const nowMs = clock.nowMs();
    this.kept.set(name, { value, bytes, usedMs: nowMs });
    this.bytes += bytes;
    for (const [oldest, { usedMs }] of this.kept) {
      if (this.bytes <= bytesMax && nowMs - usedMs <= ageMsMax) break;
      this.drop(oldest);
    }
  }

  drop(name: string): void {
    this.bytes -= this.kept.get(name)?.bytes ?? 0;
    this.kept.delete(name);
  }
}

/** A cache, and the calls that are under way to fill it. */
class Shared<T> {
  private readonly cache: ByteCache;
  private readonly underWay = new Map<string, Promise<T | undefined>>();

  constructor(cache: ByteCache) {
    this.cache = cache;
  }

  get(name: string): T | Promise<T | undefined> | undefined {
    return (this.cache.get(name) as T | undefined) ?? this.underWay.get(name);
  }

  /** Says that somebody is asking; what comes is kept. */
  expect(name: string, asking: Promise<T | undefined>, bytesOf: (value: T) => number): void {
    const kept = asking.then((value) => {
      if (value !== undefined) this.cache.put(name, value, bytesOf(value));
      return value;
    });
    this.underWay.set(name, kept);
    const forget = (): void => void this.underWay.delete(name);
    kept.then(forget, forget);
  }
}

const nameOfItem = ({ pk, sk }: Key): string => `${pk} ${sk}`;

function metadataWith(inner: MetadataStore, shared: Shared<Item>): MetadataStore {
  const payloads = (keys: readonly Key[], options?: ReadOptions): Promise<(Item | undefined)[]> => {
    const missing = keys.filter((key) => shared.get(nameOfItem(key)) === undefined);
    const asking = missing.length === 0 ? Promise.resolve([]) : inner.getMany(missing, options);
    for (const [place, key] of missing.entries()) {
      const one = asking.then((items) => items[place]);
      shared.expect(nameOfItem(key), one, (item) => itemSizeBytes(key, item));
    }
    return Promise.all(keys.map((key) => shared.get(nameOfItem(key))));
  };
  return {
    get: (...args) => inner.get(...args),
    getMany: (keys, options) =>
      keys.length > 0 && keys.every(isPayloadKey) ? payloads(keys, options) : inner.getMany(keys, options),
    query: (...args) => inner.query(...args),
    put: (...args) => inner.put(...args),
    update: (...args) => inner.update(...args),
    remove: (...args) => inner.remove(...args),
    transact: (...args) => inner.transact(...args),
  };
}

function objectsWith(inner: ObjectStore, staged: ByteCache, segments: ByteCache): ObjectStore {
  const ofStaged = new Shared<Uint8Array>(staged);
  const ofSegments = new Shared<Uint8Array>(segments);
  return {
    put: (...args) => inner.put(...args),
    getRange: async (key, position, length) => {
      const whole = staged.get(key) as Uint8Array | undefined;
      if (whole !== undefined) return whole.subarray(position, position + length);
      const shared = isStagedObject(key) ? ofStaged : ofSegments;
      const name = `${key} ${position} ${length}`;
      if (shared.get(name) === undefined)
        shared.expect(name, inner.getRange(key, position, length), (bytes) => bytes.length);
      return shared.get(name);
    },
    delete: async (keys) => {
      for (const key of keys) staged.drop(key);
      await inner.delete(keys);
    },
    list: (...args) => inner.list(...args),
  };
}

/** What was staged here is kept once it is durable. */
function stagingWith(inner: Staging, staged: ByteCache): Staging {
  return {
    thresholds: inner.thresholds,
    stage: (what) => {
      const staging = inner.stage(what);
      const keep = (): void => keepStaged(staged, what);
      staging.done.then(keep, () => {});
      return staging;
    },
  };
}

function keepStaged(staged: ByteCache, what: StagedBytes): void {
  if (what.in === 'object') {
    staged.put(what.key, what.bytes, what.bytes.length);
    return;
  }
  // The batch is a small part of what came by the socket, all of which it would keep.
  const copied = Object.entries(what.item).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? value.slice() : value,
  ]);
  staged.put(nameOfItem(what.key), Object.fromEntries(copied), itemSizeBytes(what.key, what.item));
}

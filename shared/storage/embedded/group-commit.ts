import type { Clock } from '../../base/clock.ts';
import type { Item } from '../item.ts';
import { StoreError } from '../store-error.ts';
import { decodeItem, encodeItem } from './item-codec.ts';
import type { ItemDatabase } from './item-database.ts';

/** What it needs of the disk. */
export type CommitTarget = Pick<ItemDatabase, 'ready' | 'read' | 'commit'>;

/** Writes that are committed together. */
type Group = {
  writes: Map<string, Entry>;
  bytes: number;
  settled: Promise<void>;
  resolve(): void;
  reject(error: StoreError): void;
};

/** The newest state of one item, durable or on its way there. */
type Entry = {
  /** Either of the two, or neither: then the item is not there. */
  item: Item | undefined;
  bytes: Uint8Array | undefined;
  sizeBytes: number;
  /** The last group that changed it and is not durable yet. */
  group: Group | undefined;
};

/** What a decision may see and do. Keys are `itemKey`s. Items must not be changed afterwards by anybody. */
export type State = {
  read(key: string): { item: Item; sizeBytes: number } | undefined;
  write(key: string, item: Item, sizeBytes: number): void;
  writeEncoded(key: string, bytes: Uint8Array): void;
  remove(key: string): void;
  /** Settles when what the decision wrote is durable, or has failed. */
  readonly settled: Promise<void>;
};

const groupBytesMax = 16 * 1024 * 1024;
const cacheBytesMax = 16 * 1024 * 1024;
const pauseMsFirst = 50;
const pauseMsMax = 1_000;

const keyBytes = (key: string): Uint8Array => Buffer.from(key, 'utf8');

/**
 * Decides at once and in order, on a state that is ahead of the disk; answers when the disk has followed.
 * While one group is committed the next one gathers, so one sync serves many callers, and many updates of one
 * item become one write. When a commit fails, everything decided on top of it fails too, and nothing of it
 * happened. Only one process writes (see owner-lock.ts); that is what makes the state in memory true.
 */
export class GroupCommit {
  private readonly database: CommitTarget;
  private readonly clock: Clock;
  private readonly entries = new Map<string, Entry>();
  private cachedBytes = 0;
  private queue: Group[] = [];
  private running: Promise<void> | undefined;
  private isClosed = false;

  constructor(database: CommitTarget, clock: Clock) {
    this.database = database;
    this.clock = clock;
  }

  /**
   * What `decide` answers or throws, once all it saw and wrote is durable. It must not write before it
   * throws.
   */
  async run<T>(decide: (state: State) => T): Promise<T> {
    if (this.isClosed) throw new StoreError('unavailable', 'the store is closed');
    await this.database.ready();
    const group = this.gatheringGroup();
    this.running ??= this.commitAll();
    let answer: () => T;
    try {
      const value = decide(this.stateFor(group));
      answer = () => value;
    } catch (error) {
      answer = () => {
        throw error;
      };
    }
    await group.settled;
    return answer();
  }

  /** Resolves when everything is settled; later calls are refused. */
  async close(): Promise<void> {
    this.isClosed = true;
    while (this.running !== undefined) await this.running;
  }

  private gatheringGroup(): Group {
    const last = this.queue.at(-1);
    if (last !== undefined && last.bytes < groupBytesMax) return last;
    const group = newGroup();
    this.queue.push(group);
    return group;
  }

  private stateFor(group: Group): State {
    return {
      settled: group.settled,
      read: (key) => this.read(key),
      write: (key, item, sizeBytes) => this.put(group, key, { item, bytes: undefined, sizeBytes, group }),
      writeEncoded: (key, bytes) =>
        this.put(group, key, { item: undefined, bytes, sizeBytes: bytes.length, group }),
      remove: (key) => this.put(group, key, { item: undefined, bytes: undefined, sizeBytes: 0, group }),
    };
  }

  private read(key: string): { item: Item; sizeBytes: number } | undefined {
    const entry = this.entries.get(key) ?? this.load(key);
    if (entry === undefined) return undefined;
    if (entry.item === undefined) {
      if (entry.bytes === undefined) return undefined;
      entry.item = decodeItem(entry.bytes);
    }
    return { item: entry.item, sizeBytes: entry.sizeBytes };
  }

  private load(key: string): Entry | undefined {
    const bytes = this.database.read(keyBytes(key));
    if (bytes === undefined) return undefined;
    const entry = { item: decodeItem(bytes), bytes: undefined, sizeBytes: bytes.length, group: undefined };
    this.keep(key, entry);
    return entry;
  }

  private put(group: Group, key: string, entry: Entry): void {
    this.keep(key, entry);
    group.writes.set(key, entry);
    group.bytes += entry.sizeBytes;
  }

  /** Keeps an entry as the most recently used one. */
  private keep(key: string, entry: Entry): void {
    this.drop(key);
    this.entries.set(key, entry);
    this.cachedBytes += entry.sizeBytes;
  }

  private drop(key: string): void {
    this.cachedBytes -= this.entries.get(key)?.sizeBytes ?? 0;
    this.entries.delete(key);
  }

  private async commitAll(): Promise<void> {
    // One turn of the event loop: whoever is about to call gets into the first group.
    await new Promise(setImmediate);
    let pauseMs = pauseMsFirst;
    for (let group = this.queue.shift(); group !== undefined; group = this.queue.shift()) {
      try {
        if (group.writes.size > 0) await this.database.commit(writesOf(group));
        this.settle(group);
        pauseMs = pauseMsFirst;
      } catch (error) {
        this.fail(group, error);
        // What comes meanwhile is one group, so a broken disk is tried at a decent rate.
        await this.clock.sleep(pauseMs);
        pauseMs = Math.min(pauseMsMax, pauseMs * 2);
      }
    }
    this.running = undefined;
  }

  private settle(group: Group): void {
    group.resolve();
    for (const [key, entry] of group.writes) {
      if (entry.group === group) entry.group = undefined;
      // Only what was decided upon is likely to be decided upon again.
      const isNewest = this.entries.get(key) === entry;
      if (isNewest && entry.item === undefined) this.drop(key);
    }
    for (const [key, entry] of this.entries) {
      if (this.cachedBytes <= cacheBytesMax) return;
      if (entry.group === undefined) this.drop(key);
    }
  }

  private fail(group: Group, error: unknown): void {
    const failure = error instanceof StoreError ? error : new StoreError('unavailable', String(error));
    const behind = new StoreError('unavailable', failure.message, { cause: failure });
    group.reject(failure);
    for (const later of this.queue) later.reject(behind);
    this.queue = [];
    this.entries.clear();
    this.cachedBytes = 0;
  }
}

function newGroup(): Group {
  let resolve = (): void => {};
  let reject = (_: StoreError): void => {};
  const settled = new Promise<void>((onDone, onFailure) => {
    resolve = onDone;
    reject = onFailure;
  });
  settled.catch(() => {});
  return { writes: new Map(), bytes: 0, settled, resolve, reject };
}

/** Each item once, as it is at the end of the group. */
const writesOf = (group: Group) =>
  [...group.writes].map(([key, { item, bytes, sizeBytes }]) => ({
    key: keyBytes(key),
    bytes: bytes ?? (item === undefined ? undefined : encodeItem(item, sizeBytes)),
  }));

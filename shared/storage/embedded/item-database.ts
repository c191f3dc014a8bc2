import { accessSync, constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Log } from '../../base/log.ts';
import { StoreError } from '../store-error.ts';
import { checkItemFile } from './item-file.ts';

/** Larger pages than usual: fewer of them for a head or a payload, and room for every legal key. */
const pageSize = 8192;

export type Write = { key: Uint8Array; bytes: Uint8Array | undefined };
export type KeyRange = {
  first: Uint8Array;
  last: Uint8Array;
  isFirstExcluded: boolean;
  isLastIncluded: boolean;
  descending: boolean;
};

/**
 * The LMDB environment of the items: bytes under bytes. What can be read is durable: LMDB syncs a commit
 * before anybody sees it (`overlappingSync` is off), so nobody ever reads what a power cut would take back
 * (I8).
 */
export class ItemDatabase {
  private readonly folder: string;
  private readonly log: Log;
  /** Undefined when it is closed, or could not be opened again. */
  private database: RootDatabase<Uint8Array, Uint8Array> | undefined;
  private reopening: Promise<void> | undefined;

  constructor(folder: string, log: Log) {
    this.folder = folder;
    this.log = log;
    this.database = this.opened();
  }

  /** Resolves when reads may be made: at once, but for the moment after a failed commit. */
  async ready(): Promise<void> {
    while (this.reopening !== undefined) await this.reopening;
  }

  /** A copy of the value. */
  read(key: Uint8Array): Uint8Array | undefined {
    const value = this.usable().getBinary(key as Buffer);
    return value === undefined ? undefined : plain(value);
  }

  /** Keys and values in the order of the range; both copies. */
  *range(range: KeyRange): Generator<{ key: Uint8Array; value: Uint8Array }> {
    const [start, end] = range.descending ? [range.last, range.first] : [range.first, range.last];
    const isStartExcluded = range.descending ? !range.isLastIncluded : range.isFirstExcluded;
    const isEndIncluded = range.descending ? !range.isFirstExcluded : range.isLastIncluded;
    const database = this.usable();
    const found = database.getRange({
      start,
      end,
      reverse: range.descending,
      exclusiveStart: isStartExcluded,
      inclusiveEnd: isEndIncluded,
    } as Parameters<typeof database.getRange>[0]);
    for (const { key, value } of found) yield { key, value: plain(value) };
  }

  /** All of the writes or none, durable when it resolves. Throws a `StoreError`: unavailable, or unknown. */
  async commit(writes: readonly Write[]): Promise<void> {
    this.database ??= this.opened();
    const { database } = this;
    try {
      await database.batch(() => {
        for (const { key, bytes } of writes) {
          if (bytes === undefined) database.remove(key);
          else database.put(key, bytes);
        }
      });
    } catch (error) {
      throw await this.afterFailure(database, error);
    }
  }

  async close(): Promise<void> {
    await this.ready();
    await this.database?.close();
    this.database = undefined;
  }

  private usable(): RootDatabase<Uint8Array, Uint8Array> {
    if (this.database !== undefined) return this.database;
    const message = `the data folder's ${this.folder} is closed, or could not be opened again`;
    throw new StoreError('unavailable', message);
  }

  private opened(): RootDatabase<Uint8Array, Uint8Array> {
    // The binding ends the process when it may not write here, or finds a file that is not LMDB's.
    accessSync(this.folder, constants.R_OK | constants.W_OK | constants.X_OK);
    checkItemFile(join(this.folder, 'data.mdb'), pageSize);
    return open<Uint8Array, Uint8Array>({
      path: this.folder,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      // Off: what lmdb would gather over an event turn is gathered by the group commit already.
      eventTurnBatching: false,
      pageSize,
    });
  }

  /** Opens it anew: after some failures LMDB refuses to go on, and the disk alone knows the outcome. */
  private async afterFailure(
    database: RootDatabase<Uint8Array, Uint8Array>,
    error: unknown,
  ): Promise<StoreError> {
    const reason = await reasonOf(error);
    const known = lastTransaction(database);
    this.reopening = this.reopen(database);
    await this.reopening;
    this.reopening = undefined;
    this.log.error('a commit failed', { folder: this.folder, reason });
    const isUndone = this.database !== undefined && lastTransaction(this.database) === known;
    const free = await freeBytes(this.folder);
    const advice = `${free} Free some space or mend the disk; writing goes on by itself.`;
    const message = `the data folder's ${this.folder} cannot be written: ${reason}. ${advice}`;
    return new StoreError(isUndone ? 'unavailable' : 'unknown', message, { cause: error });
  }

  /** When that fails, reads are refused, and the next commit tries again. */
  private async reopen(database: RootDatabase<Uint8Array, Uint8Array>): Promise<void> {
    this.database = undefined;
    try {
      await database.close();
      this.database = this.opened();
    } catch (error) {
      this.log.error('the items cannot be opened again', { folder: this.folder, error });
    }
  }
}

const lastTransaction = (database: RootDatabase): number =>
  (database.getStats() as { lastTxnId: number }).lastTxnId;

/** Not a `Buffer`, whose parts would be buffers too and compare unlike what was put. */
const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The system's reason hides in a promise beside the error; it must be awaited, or it stops the process. */
async function reasonOf(error: unknown): Promise<string> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  const inner = commitError === undefined ? error : await commitError.catch((reason: unknown) => reason);
  return inner instanceof Error ? inner.message : String(inner);
}

async function freeBytes(folder: string): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return `${Math.floor((bavail * bsize) / 1_000_000)} MB are free on its disk.`;
  } catch {
    return '';
  }
}

import type { Dirent } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkObjectKey, checkObjectRange } from '../object-rules.ts';
import type { ListedObject, ListOptions, ListResult, ObjectStore } from '../object-store.ts';
import { StoreError } from '../store-error.ts';
import { compareUtf8 } from '../utf8-order.ts';
import { syncFolder, unusable } from './data-folder.ts';

const pageKeysMax = 1_000;
const deletesAtOnce = 32;

type Folders = { folder: string; objects: string; arriving: string };

/**
 * Objects as files, each at the path that its key is. A file gets its name when all of it is on the disk, so
 * a crash leaves a whole object or none; what was on its way lies in a folder of its own, which is emptied on
 * open.
 */
export class FileObjectStore implements ObjectStore {
  private readonly folders: Folders;
  private readonly knownFolders = new Set<string>();
  private arrived = 0;

  constructor(folders: Folders) {
    this.folders = folders;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    checkObjectKey(key);
    const arriving = join(this.folders.arriving, `${process.pid}-${this.arrived++}`);
    try {
      await writeDurably(arriving, bytes);
      await this.moveTo(arriving, this.pathOf(key));
    } catch (error) {
      await rm(arriving, { force: true }).catch(() => {});
      throw this.failure(error);
    }
  }

  async getRange(key: string, position: number, length: number): Promise<Uint8Array | undefined> {
    checkObjectKey(key);
    checkObjectRange(position, length);
    let file: FileHandle | undefined;
    try {
      file = await open(this.pathOf(key), 'r');
      return await readRange(file, position, length);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw this.failure(error);
    } finally {
      await file?.close();
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkObjectKey(key);
    for (let at = 0; at < keys.length; at += deletesAtOnce) {
      await Promise.all(keys.slice(at, at + deletesAtOnce).map((key) => this.deleteOne(key)));
    }
  }

  async list(
    prefix: string,
    { startAfter = '', limit = pageKeysMax }: ListOptions = {},
  ): Promise<ListResult> {
    const most = Math.min(limit, pageKeysMax);
    const objects: ListedObject[] = [];
    try {
      for await (const key of this.walk('', prefix, startAfter)) {
        const last = objects.at(-1);
        if (last !== undefined && objects.length >= most) return { objects, next: last.key };
        const sizeBytes = await this.sizeOf(key);
        if (sizeBytes !== undefined) objects.push({ key, sizeBytes });
      }
    } catch (error) {
      throw this.failure(error);
    }
    return { objects };
  }

  private pathOf(key: string): string {
    return join(this.folders.objects, ...key.split('/'));
  }

  /** A rename, and then the syncs that make the name durable, and those of folders that are new. */
  private async moveTo(arriving: string, path: string): Promise<void> {
    const folder = dirname(path);
    for (let tries = 0; ; tries++) {
      await this.makeFolder(folder);
      try {
        await rename(arriving, path);
        break;
      } catch (error) {
        // A delete may have taken the folder away, empty as it was.
        if (codeOf(error) !== 'ENOENT' || tries === 10) throw error;
        this.knownFolders.clear();
      }
    }
    try {
      await syncFolder(folder);
    } catch (cause) {
      throw new StoreError('unknown', `the name of ${path} may not be durable: ${String(cause)}`, { cause });
    }
  }

  private async makeFolder(folder: string): Promise<void> {
    if (folder === this.folders.objects || this.knownFolders.has(folder)) return;
    const parent = dirname(folder);
    await this.makeFolder(parent);
    try {
      await mkdir(folder);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    // Also when somebody else has just made it: then its name may not be durable yet.
    await syncFolder(parent);
    this.knownFolders.add(folder);
  }

  private async deleteOne(key: string): Promise<void> {
    const path = this.pathOf(key);
    try {
      await rm(path);
    } catch (error) {
      if (!isAbsent(error)) throw this.failure(error);
      return;
    }
    await this.removeEmptyFolders(dirname(path));
  }

  private async removeEmptyFolders(from: string): Promise<void> {
    for (let folder = from; folder !== this.folders.objects; folder = dirname(folder)) {
      this.knownFolders.delete(folder);
      try {
        await rmdir(folder);
      } catch {
        return;
      }
    }
  }

  /**
   * The keys under a prefix and behind `startAfter`, in byte order. Reads one folder at a time, and only
   * those that can hold such keys. A folder sorts as its name and a slash: `a-b` comes before `a/b`.
   */
  private async *walk(folder: string, prefix: string, startAfter: string): AsyncGenerator<string> {
    for (const name of await this.namesIn(folder)) {
      const key = folder + name;
      if (name.endsWith('/')) {
        const mayMatch = key.startsWith(prefix) || prefix.startsWith(key);
        const isBehind = key > startAfter || startAfter.startsWith(key);
        if (mayMatch && isBehind) yield* this.walk(key, prefix, startAfter);
      } else if (key.startsWith(prefix) && key > startAfter) {
        yield key;
      }
    }
  }

  private async namesIn(folder: string): Promise<string[]> {
    let entries: Dirent[];
    try {
      entries = await readdir(join(this.folders.objects, folder), { withFileTypes: true });
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
    return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort(compareUtf8);
  }

  private async sizeOf(key: string): Promise<number | undefined> {
    try {
      return (await stat(this.pathOf(key))).size;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  private failure(error: unknown): StoreError {
    return error instanceof StoreError ? error : unusable(this.folders.folder, error);
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Up to so many bytes are set aside on trust; for more, the file is asked first how long it is. */
const trustedBytesMax = 2 * 1024 * 1024;

async function readRange(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const most = length <= trustedBytesMax ? length : Math.max(0, (await file.stat()).size - position);
  // Not zeroed, and not of the pool: what is not read into is not handed out.
  const bytes = Buffer.allocUnsafeSlow(Math.min(length, most));
  let read = 0;
  while (read < bytes.length) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return new Uint8Array(bytes.buffer, 0, read);
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
/** No such file, or a folder where the file would be. */
const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR'].includes(String(codeOf(error)));

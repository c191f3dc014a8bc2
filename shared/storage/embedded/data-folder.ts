import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { StoreError } from '../store-error.ts';
import { takeOwnership } from './owner-lock.ts';

/**
 * What lies where:
 * - `format`: one line that says what this folder is and in which format;
 * - `owner/`: who owns it (owner-lock.ts);
 * - `items/`: the LMDB environment;
 * - `objects/`: a file for each object, under its key;
 * - `arriving/`: objects on their way, emptied on open.
 */
export type DataFolder = {
  folder: string;
  items: string;
  objects: string;
  arriving: string;
  /** Gives the folder free for another process. */
  release(): Promise<void>;
};

const format = 1;
const formatLine = `millrace data folder, format ${format}\n`;
const ownEntries = ['format', 'owner', 'items', 'objects', 'arriving'];

/**
 * Makes or checks the folder and takes ownership. Throws a `StoreError` (unavailable) that says what to do.
 */
export async function openDataFolder(path: string, clock: Clock, random: Random): Promise<DataFolder> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true });
    await checkFormat(folder, random);
    const lock = await takeOwnership(folder, join(folder, 'owner'), clock, random);
    try {
      return await prepared(folder, lock.release);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw unusable(folder, error);
  }
}

async function prepared(folder: string, release: () => Promise<void>): Promise<DataFolder> {
  const [items, objects, arriving] = ['items', 'objects', 'arriving'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await rm(arriving, { recursive: true, force: true });
  for (const needed of [items, objects, arriving]) await mkdir(needed, { recursive: true });
  await syncFolder(folder);
  return { folder, items, objects, arriving, release };
}

async function checkFormat(folder: string, random: Random): Promise<void> {
  const names = await readdir(folder);
  if (!names.includes('format')) {
    const strange = names.find((name) => !isOurs(name));
    if (strange !== undefined) {
      const message = `${folder} holds other things ("${strange}") and is no data folder of Millrace. `;
      throw new StoreError('unavailable', `${message}Name a folder that is empty or does not exist.`);
    }
    return writeFormat(folder, random);
  }
  const line = await readFile(join(folder, 'format'), 'utf8');
  const found = /^millrace data folder, format (\d+)\n$/.exec(line)?.[1];
  if (found === undefined) {
    throw new StoreError('unavailable', `${join(folder, 'format')} is damaged: "${line.slice(0, 40)}"`);
  }
  if (Number(found) !== format) {
    const message = `the data folder ${folder} is in format ${found}, this version knows format ${format}. `;
    throw new StoreError('unavailable', `${message}Start the version that wrote it, or a newer one.`);
  }
}

const isOurs = (name: string): boolean => ownEntries.includes(name) || name.startsWith('format.');

/** In one step, so that no crash leaves half of it. */
async function writeFormat(folder: string, random: Random): Promise<void> {
  const arriving = join(folder, `format.${Buffer.from(random.bytes(8)).toString('hex')}`);
  const file = await open(arriving, 'w');
  try {
    await file.writeFile(formatLine);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(arriving, join(folder, 'format'));
  await syncFolder(folder);
}

/** Makes names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const advice: Readonly<Record<string, string>> = {
  EACCES: 'Give this user the right to read and write it, or name another folder.',
  EPERM: 'Give this user the right to read and write it, or name another folder.',
  EROFS: 'It is on a read-only disk: name another folder.',
  ENOTDIR: 'A part of this path is a file: name another folder.',
  EEXIST: 'This path is a file: name another folder.',
  ENOSPC: 'The disk is full: free some space.',
  EDQUOT: 'The quota of this user is used up: free some space.',
  EFBIG: 'A file may not grow further: raise the limit on file sizes.',
  ENOTSUP: 'Its file system cannot hold sockets, which lock it: name another folder.',
  EOPNOTSUPP: 'Its file system cannot hold sockets, which lock it: name another folder.',
  EMFILE: 'Too many files are open: raise the limit on open files.',
};

/** What to tell when the system refuses the folder. */
export function unusable(folder: string, cause: unknown): StoreError {
  const code = (cause as { code?: unknown } | undefined)?.code;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const help = (typeof code === 'string' ? advice[code] : undefined) ?? '';
  return new StoreError(
    'unavailable',
    `the data folder ${folder} cannot be used: ${reason}. ${help}`.trim(),
    {
      cause,
    },
  );
}

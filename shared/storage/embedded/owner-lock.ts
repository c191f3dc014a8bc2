import { basename } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { StoreError } from '../store-error.ts';

/**
 * One process owns a data folder. Node has no `flock`, so ownership is a place in the reader table of a tiny LMDB
 * environment that is kept for nothing else: LMDB ties each place to a file lock that the system drops when the
 * process ends, however it ends, so a lock never outlives its owner and needs no guess about old process ids.
 * Whoever comes first takes a place and then looks who else is there; of two that come at once at least one sees the
 * other. Both may step back then, so they try again after a random pause.
 */
export type OwnerLock = { release(): Promise<void> };

/** Within this process the reader table cannot tell two owners apart. */
const ownedHere = new Set<string>();

const triesMax = 6;
const pauseMsMax = 100;

/** Throws a `StoreError` (unavailable) that names the folder and the process when another one owns it. */
export async function takeOwnership(
  file: string,
  folder: string,
  clock: Clock,
  random: Random,
): Promise<OwnerLock> {
  if (ownedHere.has(file)) throw ownedBy(folder, process.pid);
  ownedHere.add(file);
  try {
    for (let tries = 1; ; tries++) {
      const place = await takePlace(file);
      if ('release' in place) {
        return {
          release: async () => {
            await place.release();
            ownedHere.delete(file);
          },
        };
      }
      if (tries === triesMax) throw ownedBy(folder, place.otherPid);
      await clock.sleep(1 + random.next() * pauseMsMax);
    }
  } catch (error) {
    ownedHere.delete(file);
    throw error;
  }
}

function ownedBy(folder: string, pid: number | undefined): StoreError {
  const owner = pid === undefined ? 'another process' : `process ${pid}`;
  const advice = 'Stop it first, or give this one another folder.';
  return new StoreError('unavailable', `the data folder ${folder} is in use by ${owner}. ${advice}`);
}

async function takePlace(file: string): Promise<OwnerLock | { otherPid: number | undefined }> {
  const database = open({ path: file, noSubdir: true, encoding: 'binary', overlappingSync: false });
  try {
    // Held for as long as the lock is: the place in the table belongs to this read transaction.
    const place = database.useReadTransaction();
    const otherPid = otherReader(database);
    if (otherPid === undefined) {
      return {
        release: async () => {
          place.done();
          await database.close();
        },
      };
    }
    place.done();
    await database.close();
    return { otherPid };
  } catch (error) {
    await database.close();
    // A process of another container may have our own process id: then LMDB refuses us the place.
    if (isLockHeld(error)) return { otherPid: undefined };
    throw error;
  }
}

function otherReader(database: RootDatabase): number | undefined {
  // Drops the places of processes that have died.
  database.readerCheck();
  const pids = readerListOf(database).flatMap((line) => /^\s*(\d+)\s/.exec(line)?.[1] ?? []);
  return pids.map(Number).find((pid) => pid !== process.pid);
}

/** LMDB's table as text, a heading and a line for each reader; missing in the declared types. */
const readerListOf = (database: RootDatabase): string[] =>
  (database as RootDatabase & { readerList(): string }).readerList().split('\n');

const isLockHeld = (error: unknown): boolean =>
  error instanceof Error && /temporarily unavailable|Permission denied/i.test(error.message);

/** The files that belong to the lock, of which none holds data. */
export const isLockFile = (name: string, file: string): boolean =>
  name === basename(file) || name === `${basename(file)}-lock`;

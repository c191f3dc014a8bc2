import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Staging, StagingThresholds } from '../staging.ts';
import { stagingByPut } from '../staging-by-put.ts';
import { StoreError } from '../store-error.ts';
import type { Stores } from '../stores.ts';
import { type DataFolder, openDataFolder, unusable } from './data-folder.ts';
import { FileObjectStore } from './file-object-store.ts';
import { GroupCommit } from './group-commit.ts';
import { ItemDatabase } from './item-database.ts';
import { LmdbMetadataStore } from './lmdb-metadata-store.ts';

export type EmbeddedStoresOptions = { folder: string; clock: Clock; random: Random; log: Log };

/**
 * One sync is dear and bytes are cheap here, so a batch travels with the update that names it: inside the
 * entry while that keeps the head small, beyond that as an item of the same commit. Kafka's default of
 * `max.message.bytes` fits.
 */
const thresholds: StagingThresholds = {
  entryBytesMax: 256,
  itemBytesMax: 1_048_588,
  expires: false,
  groupEntriesMax: 64,
  groupBytesMax: 4096,
  tailEntriesMax: 128,
  tailBytesMax: 8192,
};

/** The engine on LMDB and files, for one process. Throws a `StoreError` when the folder cannot be used. */
export async function openEmbeddedStores(
  options: EmbeddedStoresOptions,
): Promise<Stores & { close(): Promise<void> }> {
  const { folder, clock, random, log } = options;
  const dataFolder = await openDataFolder(folder, clock, random);
  const database = await openDatabase(dataFolder, log);
  const commits = new GroupCommit(database, clock);
  const metadata = new LmdbMetadataStore(database, commits);
  const objects = new FileObjectStore(dataFolder);
  const byPut = stagingByPut(thresholds, metadata, objects);
  const staging: Staging = {
    thresholds,
    stage: (what) => (what.in === 'item' ? metadata.stageItem(what) : byPut.stage(what)),
  };
  const close = async (): Promise<void> => {
    await commits.close();
    await database.close();
    await dataFolder.release();
  };
  return { metadata, objects, staging, close };
}

async function openDatabase({ items, folder, release }: DataFolder, log: Log): Promise<ItemDatabase> {
  try {
    return new ItemDatabase(items, log);
  } catch (error) {
    await release();
    throw error instanceof StoreError ? error : unusable(folder, error);
  }
}

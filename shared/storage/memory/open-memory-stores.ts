import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { StagingThresholds } from '../staging.ts';
import { stagingByPut } from '../staging-by-put.ts';
import type { Stores } from '../stores.ts';
import { MemoryMetadataStore } from './memory-metadata-store.ts';
import { MemoryObjectStore } from './memory-object-store.ts';
import type { Unkindness } from './unkindness.ts';

export type MemoryStoresOptions = Unkindness & { clock: Clock; random: Random };

/**
 * DynamoDB's: a head is charged whole with each update, and one item takes 1,000 units a second (storage.md).
 */
const thresholds: Omit<StagingThresholds, 'expires'> = {
  entryBytesMax: 160,
  itemBytesMax: 4096,
  groupEntriesMax: 32,
  groupBytesMax: 1024,
  tailEntriesMax: 48,
  tailBytesMax: 2048,
};

/** The engine in memory: for `--memory`, tests and simulation. Kind unless the options say otherwise. */
export function openMemoryStores(options: MemoryStoresOptions): Stores & { close(): Promise<void> } {
  const { clock, random, ...unkindness } = options;
  const metadata = new MemoryMetadataStore(clock, random, unkindness);
  const objects = new MemoryObjectStore(clock, random, unkindness);
  const expires = unkindness.expiry !== undefined;
  return {
    metadata,
    objects,
    staging: stagingByPut({ ...thresholds, expires }, metadata, objects, { clock, random }),
    close: async () => {},
  };
}

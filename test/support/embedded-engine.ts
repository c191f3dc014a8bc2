import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { embeddedItemBytesMax } from '../../shared/storage/embedded/lmdb-metadata-store.ts';
import { openEmbeddedStores } from '../../shared/storage/embedded/open-embedded-stores.ts';
import type { Engine } from '../contract/engine.ts';

/** The embedded engine on a folder of its own, which goes with it. */
export const embeddedEngine: Engine = {
  name: 'embedded',
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-contract-'));
    const world = { clock: systemClock, random: systemRandom, log: silentLog };
    const stores = await openEmbeddedStores({ folder, ...world });
    const close = async (): Promise<void> => {
      await stores.close();
      await rm(folder, { recursive: true });
    };
    return { ...stores, close };
  },
  itemBytesMax: embeddedItemBytesMax,
};

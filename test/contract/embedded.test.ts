import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { embeddedItemBytesMax } from '../../shared/storage/embedded/lmdb-metadata-store.ts';
import { openEmbeddedStores } from '../../shared/storage/embedded/open-embedded-stores.ts';
import { storesSuite } from './stores.suite.ts';

storesSuite({
  name: 'embedded',
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-contract-'));
    const stores = await openEmbeddedStores({
      folder,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    });
    const close = async (): Promise<void> => {
      await stores.close();
      await rm(folder, { recursive: true });
    };
    return { ...stores, close };
  },
  itemBytesMax: embeddedItemBytesMax,
});

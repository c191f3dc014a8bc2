import { systemClock } from '../../shared/base/clock.ts';
import { seededRandom } from '../../shared/base/random.ts';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import { groupsSuite } from './groups.suite.ts';

groupsSuite({
  name: 'memory, unkind',
  open: async () =>
    openMemoryStores({
      clock: systemClock,
      random: seededRandom(3),
      latency: { minMs: 0, maxMs: 2 },
      shortPages: 0.5,
      staleReadsMs: 200,
      expiry: { delayMsMax: 1_000 },
    }),
  itemBytesMax: itemLimits.itemBytesMax,
});

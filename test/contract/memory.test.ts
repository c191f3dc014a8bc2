import { ManualClock, systemClock } from '../../shared/base/clock.ts';
import { seededRandom } from '../../shared/base/random.ts';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import { storesSuite } from './stores.suite.ts';

const { itemBytesMax } = itemLimits;

storesSuite({
  name: 'memory, kind',
  open: async () => openMemoryStores({ clock: new ManualClock(), random: seededRandom(1) }),
  itemBytesMax,
});

/**
 * Slow calls that overlap, conflicts and short pages; no refusals for want of units, which the suites do not
 * await.
 */
storesSuite({
  name: 'memory, unkind',
  open: async () =>
    openMemoryStores({
      clock: systemClock,
      random: seededRandom(2),
      latency: { minMs: 0, maxMs: 2 },
      transactionConflicts: { holdMs: 2, freshMs: 0 },
      shortPages: 0.5,
      expiry: { delayMsMax: 1_000 },
    }),
  itemBytesMax,
});

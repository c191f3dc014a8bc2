import { systemClock } from '../../shared/base/clock.ts';
import { seededRandom } from '../../shared/base/random.ts';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import { partitionLogsSuite } from './partition-logs.suite.ts';

const { itemBytesMax } = itemLimits;

partitionLogsSuite({
  name: 'memory, kind',
  open: async () => openMemoryStores({ clock: systemClock, random: seededRandom(1) }),
  itemBytesMax,
});

partitionLogsSuite({
  name: 'memory, unkind',
  open: async () =>
    openMemoryStores({
      clock: systemClock,
      random: seededRandom(2),
      latency: { minMs: 0, maxMs: 2 },
      shortPages: 0.5,
      expiry: { delayMsMax: 1_000 },
    }),
  itemBytesMax,
});

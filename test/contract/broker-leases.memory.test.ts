import { systemClock } from '../../shared/base/clock.ts';
import { seededRandom, systemRandom } from '../../shared/base/random.ts';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import { brokerLeasesSuite } from './broker-leases.suite.ts';

brokerLeasesSuite({
  name: 'memory',
  open: async () => openMemoryStores({ clock: systemClock, random: systemRandom }),
  itemBytesMax: itemLimits.itemBytesMax,
});

brokerLeasesSuite({
  name: 'memory, unkind',
  open: async () => {
    const latency = { minMs: 0, maxMs: 2 };
    return openMemoryStores({ clock: systemClock, random: seededRandom(3), latency, shortPages: 0.5 });
  },
  itemBytesMax: itemLimits.itemBytesMax,
});

import { systemClock } from '../../shared/base/clock.ts';
import { seededRandom } from '../../shared/base/random.ts';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import { brokerSuite } from './broker.suite.ts';

const { itemBytesMax } = itemLimits;

brokerSuite({
  name: 'memory, kind',
  open: async () => openMemoryStores({ clock: systemClock, random: seededRandom(3) }),
  itemBytesMax,
});

brokerSuite({
  name: 'memory, unkind',
  open: async () =>
    openMemoryStores({
      clock: systemClock,
      random: seededRandom(4),
      latency: { minMs: 0, maxMs: 2 },
      shortPages: 0.5,
    }),
  itemBytesMax,
});

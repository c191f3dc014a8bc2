import { systemClock } from '../../shared/base/clock.ts';
import { seededRandom } from '../../shared/base/random.ts';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import { embeddedEngine } from '../support/embedded-engine.ts';
import { damagedLogSuite } from './damaged-log.suite.ts';

damagedLogSuite(embeddedEngine);
damagedLogSuite({
  name: 'memory',
  open: async () => openMemoryStores({ clock: systemClock, random: seededRandom(1) }),
  itemBytesMax: itemLimits.itemBytesMax,
});

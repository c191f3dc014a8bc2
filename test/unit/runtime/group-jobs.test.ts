import { test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { Topics } from '../../../shared/catalog/topics.ts';
import { openPartitionLogs } from '../../../shared/log/partition-logs.ts';
import { JobLoop } from '../../../shared/runtime/jobs.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { eventually } from '../../support/eventually.ts';
import { plainCodecs } from '../../support/log-engine.ts';

test('the loop of one process removes what ran out of groups, and goes on after a failure', async () => {
  const [clock, random] = [systemClock, seededRandom(1)];
  const world = { stores: openMemoryStores({ clock, random }), clock, random, log: silentLog };
  const logs = openPartitionLogs({ ...world, codecs: plainCodecs });
  const done = { offsets: 0, instances: 0 };
  const groups = {
    expireOffsets: async () => {
      done.offsets++;
      if (done.offsets === 1) throw new Error('planned');
    },
    expireInstances: async () => done.instances++,
  };
  const topics = new Topics({ ...world, settings: { defaultPartitions: 1, cacheMs: 0 } });
  const jobs = new JobLoop(
    { topics, log: logs.context, groups },
    { passMs: 5, sweepMs: 5, rollCheckMs: 1000 },
  );
  jobs.start();
  await eventually(
    'both are done again',
    async () => ({ ...done }),
    ({ offsets, instances }) => offsets > 2 && instances > 2,
  );
  await jobs.stop();
});

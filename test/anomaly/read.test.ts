import { describe } from 'vitest';
import { lookUpTime, readOnce } from '../simulation/readers.ts';
import type { Slot } from '../simulation/world.ts';
import { failsAtEveryCall } from './every-call.ts';
import { paddings, type Stage } from './stage.ts';

async function fillAll(stage: Stage): Promise<void> {
  await stage.fill(4, paddings.item);
  const { id, config } = stage.partition();
  await stage.do(stage.healthy, ({ roll }) => roll(id, config, true));
  await stage.fill(2, paddings.object);
  await stage.fill(2, paddings.item);
  await stage.fill(1, paddings.entry);
}

const reading = (offset: bigint) => (stage: Stage, by: Slot) =>
  readOnce(stage.world, by, stage.partition(), offset, { maxBytes: 100_000 });

describe('read', () => {
  failsAtEveryCall({ name: 'from the log start to the end', prepare: fillAll, operate: reading(0n) });
  failsAtEveryCall({ name: 'from a page', prepare: fillAll, operate: reading(9n) });
  failsAtEveryCall({ name: 'the newest record', prepare: fillAll, operate: reading(17n) });
  failsAtEveryCall({
    name: 'the offset for a time',
    prepare: fillAll,
    operate: async (stage, by) => {
      await lookUpTime(stage.world, by, stage.partition(), stage.world.clock.nowMs() - 3_000, false);
      return { is: 'ok', value: undefined };
    },
  });
});

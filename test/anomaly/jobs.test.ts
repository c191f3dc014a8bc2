import { describe, expect } from 'vitest';
import { failsAtEveryCall } from './every-call.ts';
import { paddings, type Scenario, type Stage } from './stage.ts';

const dayMs = 86_400_000;

const rolling = (stage: Stage, by: Parameters<Scenario['operate']>[1]) => {
  const { id, config } = stage.partition();
  return stage.do(by, ({ roll }) => roll(id, config, true));
};

/** Everything that a log can consist of: a segment, pages, a tail, in entries, items and objects. */
async function fillAll(stage: Stage): Promise<void> {
  await stage.fill(4, paddings.item);
  await rolling(stage, stage.healthy);
  await stage.fill(2, paddings.object);
  await stage.fill(2, paddings.item);
  await stage.fill(3, paddings.entry);
}

describe('roll', () => {
  failsAtEveryCall({ name: 'a roll', prepare: fillAll, operate: rolling });
});

describe('retention', () => {
  failsAtEveryCall({
    name: 'retention by time',
    config: { retentionMs: BigInt(dayMs) },
    prepare: async (stage) => {
      await fillAll(stage);
      await rolling(stage, stage.healthy);
      await stage.sleep(2 * dayMs);
      await stage.fill(3);
    },
    operate: (stage, by) => {
      const { id, config } = stage.partition();
      return stage.do(by, ({ retain }) => retain(id, config));
    },
    verify: async (stage) => {
      const offsets = await stage.healthy.ask(({ logs }) => logs.offsets(stage.partition().id));
      expect(offsets).toMatchObject({ is: 'ok', value: { logStartOffset: 22n } });
    },
  });
  failsAtEveryCall({
    name: 'retention by size',
    config: { retentionBytes: 500n },
    prepare: async (stage) => {
      await fillAll(stage);
      await rolling(stage, stage.healthy);
    },
    operate: (stage, by) => {
      const { id, config } = stage.partition();
      return stage.do(by, ({ retain }) => retain(id, config));
    },
  });
});

/** A batch that was staged by a process that died before it was sequenced. */
async function leaveOrphans(stage: Stage): Promise<void> {
  await fillAll(stage);
  const { id, config } = stage.partition();
  await stage.do(stage.healthy, async ({ logs }) => {
    const { stores, clock, random } = logs.context;
    const { stage: put } = await import('../../shared/log/stage.ts');
    for (const padding of [paddings.item, paddings.object]) {
      const { batchOf } = await import('../simulation/records.ts');
      const records = [{ key: 'key', value: `orphan ${padding}` }];
      const batch = batchOf(records, clock.nowMs(), padding, undefined);
      const description = { recordCount: 1, maxTimestamp: BigInt(clock.nowMs()) };
      const context = { ...logs.context, stores, clock, random };
      const [staged] = put(context, [{ partition: id, config, batch, description }]);
      await staged?.staged?.done;
    }
  });
  await stage.sleep(2 * dayMs);
}

describe('sweep', () => {
  failsAtEveryCall({
    name: 'a sweep of payloads and segment objects',
    prepare: leaveOrphans,
    operate: (stage, by) => {
      const { id, config } = stage.partition();
      return stage.do(by, ({ sweep }) => sweep(id, config));
    },
  });
  failsAtEveryCall({
    name: 'a sweep of staged objects',
    prepare: leaveOrphans,
    operate: (stage, by) => stage.do(by, ({ tidy }) => tidy()),
  });
});

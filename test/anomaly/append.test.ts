import { describe } from 'vitest';
import type { Producer } from '../simulation/history.ts';
import { failsAtEveryCall } from './every-call.ts';
import { paddings, type Scenario, type Stage } from './stage.ts';

const producer = (baseSequence: number, producerId = 7n): Producer => ({
  producerId,
  producerEpoch: 0,
  baseSequence,
});

/** The batch is made once, so that done again it is the same one. */
function appending(
  name: string,
  batches: (stage: Stage) => ReturnType<Stage['batch']>[],
  prepare?: Scenario['prepare'],
): Scenario {
  const made = new WeakMap<Stage, ReturnType<Stage['batch']>[]>();
  return {
    name,
    ...(prepare ? { prepare } : {}),
    operate: (stage, by) => {
      const own = made.get(stage) ?? batches(stage);
      made.set(stage, own);
      return stage.send(by, own);
    },
  };
}

/** Another producer's batches push this one out of the head. */
async function pushOut(stage: Stage): Promise<void> {
  for (let batch = 0; batch < 4; batch++) {
    await stage.send(stage.healthy, [stage.batch(paddings.entry, producer(2 * batch, 8n))]);
  }
}

describe('append', () => {
  failsAtEveryCall(appending('a plain batch in its entry', (stage) => [stage.batch(paddings.entry)]));
  failsAtEveryCall(appending('a plain batch in an item', (stage) => [stage.batch(paddings.item)]));
  failsAtEveryCall(appending('a plain batch in an object', (stage) => [stage.batch(paddings.object)]));
  failsAtEveryCall(
    appending('batches for two partitions in one object', (stage) => [
      stage.batch(paddings.object, undefined, 0),
      stage.batch(paddings.object, undefined, 1),
      stage.batch(paddings.object, undefined, 0),
    ]),
  );
  failsAtEveryCall(
    appending('the first batch of an idempotent producer', (stage) => [
      stage.batch(paddings.item, producer(0)),
    ]),
  );
  failsAtEveryCall(
    appending('two batches of an idempotent producer at once', (stage) => [
      stage.batch(paddings.item, producer(0)),
      stage.batch(paddings.entry, producer(2)),
    ]),
  );
  failsAtEveryCall(
    appending(
      'three batches of a producer that the head knows',
      (stage) => [2, 4, 6].map((sequence) => stage.batch(paddings.item, producer(sequence))),
      async (stage) => {
        await stage.send(stage.healthy, [stage.batch(paddings.item, producer(0))]);
      },
    ),
  );
  failsAtEveryCall(
    appending(
      'the next batch of a producer that was moved out of the head',
      (stage) => [stage.batch(paddings.item, producer(2))],
      async (stage) => {
        await stage.send(stage.healthy, [stage.batch(paddings.item, producer(0))]);
        await pushOut(stage);
      },
    ),
  );
});

describe('page-out and eviction', () => {
  failsAtEveryCall(
    appending(
      'a batch that completes a page and pushes out a producer',
      (stage) => [stage.batch(paddings.item, producer(0, 9n))],
      async (stage) => {
        await stage.send(stage.healthy, [stage.batch(paddings.item, producer(0))]);
        await pushOut(stage);
        await stage.fill(1);
      },
    ),
  );
  failsAtEveryCall(
    appending('five batches, one after another', (stage) =>
      Array.from({ length: 5 }, () => stage.batch(paddings.item)),
    ),
  );
});

import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/base/clock.ts';
import { seededRandom } from '../../../../shared/base/random.ts';
import type { Answer } from '../../../../shared/broker/broker.ts';
import { kafkaErrorName } from '../../../../shared/kafka/error-codes.ts';
import { produce } from '../../../../shared/protocol/messages/produce.ts';
import {
  batchOf,
  decodedAnswer,
  fetchAll,
  frameOf,
  produceBody,
  testCaller,
  valuesOf,
} from '../../../support/broker-engine.ts';
import { type Fate, fastClock } from '../../../support/invoked-functions.ts';
import { openStand, type Stand } from './stand.ts';

/** What lies in the partition now, in the order of the offsets. */
async function read({ engine }: Stand, name: string, partition = 0): Promise<string[]> {
  const topic = await engine.topics.get(name);
  const values: string[] = [];
  for (let offset = 0n; ; offset = BigInt(values.length)) {
    const [answer] = await fetchAll(engine, [{ topic, partition, offset }]);
    if (answer === undefined) throw new Error('Fetch answered no partition');
    const more = valuesOf(answer).filter(([at]) => at >= offset);
    if (more.length === 0) return values;
    values.push(...more.map(([, value]) => value));
  }
}

const connection = () => new AbortController().signal;
const idempotent = (value: string, baseSequence: number, producerId = 1n) =>
  batchOf([value], { producerId, producerEpoch: 0, baseSequence });

const errorsOf = (answer: Answer): string[] =>
  decodedAnswer(produce, 9, answer).responses.flatMap(({ partitionResponses }) =>
    partitionResponses.map(({ errorCode }) => kafkaErrorName(errorCode)),
  );

type Sending = { timeoutMs?: number; acks?: number; signal?: AbortSignal };

/** One Produce, of a batch for each partition of `topic` that is named. */
function send(
  { broker }: Stand,
  topic: string,
  batches: readonly (readonly [partition: number, batch: Uint8Array])[],
  { timeoutMs = 30_000, acks = -1, signal = connection() }: Sending = {},
): Promise<Answer> {
  const partitionData = batches.map(([index, records]) => ({ index, records }));
  const body = {
    ...produceBody(topic, [], { acks }),
    timeoutMs,
    topicData: [{ name: topic, partitionData }],
  };
  return broker.serve(frameOf(produce, 9, body), testCaller, signal).answer;
}

/** Fates in the order given, then every invocation is answered. */
const fates = (...all: Fate[]) => {
  return (name: string): Fate => (name === 'produce' ? (all.shift() ?? 'answered') : 'answered');
};

const afterLoss: [fate: Fate][] = [['lost'], ['vanished'], ['late']];

describe('an append by way of functions', () => {
  test('is stored once, and answered with its offset', async () => {
    const stand = await openStand();
    await stand.functions.topics.create({ name: 'orders', partitions: 2 });
    const answer = await send(stand, 'orders', [
      [0, batchOf(['a', 'b'])],
      [1, batchOf(['c'])],
    ]);
    expect(errorsOf(answer)).toEqual(['NONE', 'NONE']);
    expect(await read(stand, 'orders')).toEqual(['a', 'b']);
    expect(await read(stand, 'orders', 1)).toEqual(['c']);
    expect(stand.functions.events.filter(({ name }) => name === 'produce')).toHaveLength(1);
  });

  test.each(afterLoss)('whose invocation was %s is settled before the lane moves on', async (fate) => {
    const stand = await openStand({ clock: fastClock(20), fate: fates(fate) });
    await stand.functions.topics.create({ name: 'orders' });
    const signal = connection();
    const answers = [0, 1, 2].map((n) => send(stand, 'orders', [[0, idempotent(`n${n}`, n)]], { signal }));
    expect((await Promise.all(answers)).flatMap(errorsOf)).toEqual(['NONE', 'NONE', 'NONE']);
    await stand.functions.idle();
    expect(await read(stand, 'orders')).toEqual(['n0', 'n1', 'n2']);
  });

  test('of a plain batch whose answer was lost is found by its staging id', async () => {
    const stand = await openStand({ clock: fastClock(20), fate: fates('lost', 'lost') });
    await stand.functions.topics.create({ name: 'orders', partitions: 3 });
    const large = batchOf(['x'.repeat(50_000)]);
    const answer = await send(stand, 'orders', [
      [0, batchOf(['same'])],
      [1, large],
      [2, large],
      [0, batchOf(['same'])],
    ]);
    expect(errorsOf(answer)).toEqual(['NONE', 'NONE', 'NONE', 'NONE']);
    expect(await read(stand, 'orders')).toEqual(['same', 'same']);
    expect(await read(stand, 'orders', 1)).toHaveLength(1);
    expect(await read(stand, 'orders', 2)).toHaveLength(1);
  });

  test('that surely is not stored is refused after half of the time that the client waits', async () => {
    const clock = fastClock(20);
    const stand = await openStand({ clock, fate: () => 'throttled' });
    const beganMs = clock.nowMs();
    const answer = await send(stand, 'orders', [[0, batchOf(['a'])]], { timeoutMs: 8_000 });
    expect(errorsOf(answer)).toEqual(['NOT_ENOUGH_REPLICAS']);
    expect(clock.nowMs() - beganMs).toBeGreaterThanOrEqual(4_000);
    expect(clock.nowMs() - beganMs).toBeLessThan(8_000);
  });

  test('without the right to invoke is refused at once', async () => {
    const stand = await openStand({ fate: () => 'refused' });
    expect(errorsOf(await send(stand, 'orders', [[0, batchOf(['a'])]]))).toEqual(['NOT_ENOUGH_REPLICAS']);
  });

  test('whose outcome cannot be known in time ends the connection, and nothing behind it is sent', async () => {
    let isDown = true;
    const stand = await openStand({ clock: fastClock(20), fate: () => (isDown ? 'vanished' : 'answered') });
    await stand.functions.topics.create({ name: 'orders' });
    const signal = connection();
    const answers = [0, 1].map((n) =>
      send(stand, 'orders', [[0, idempotent(`n${n}`, n)]], { signal, timeoutMs: 2_000 }),
    );
    for (const answer of await Promise.all(answers)) expect(answer).toHaveProperty('close');
    isDown = false;
    expect(await send(stand, 'orders', [[0, idempotent('n2', 2)]], { signal })).toHaveProperty('close');
    expect(errorsOf(await send(stand, 'orders', [[0, idempotent('n0', 0)]]))).toEqual(['NONE']);
    expect(await read(stand, 'orders')).toEqual(['n0']);
  });

  test('behind a refused batch of its producer is refused alike, until that one comes again', async () => {
    const stand = await openStand({ clock: fastClock(20), fate: fates('refused') });
    await stand.functions.topics.create({ name: 'orders' });
    const signal = connection();
    const sendN = (n: number) => send(stand, 'orders', [[0, idempotent(`n${n}`, n)]], { signal });
    expect(errorsOf(await sendN(0))).toEqual(['NOT_ENOUGH_REPLICAS']);
    expect((await Promise.all([sendN(1), sendN(2)])).flatMap(errorsOf)).toEqual([
      'NOT_ENOUGH_REPLICAS',
      'NOT_ENOUGH_REPLICAS',
    ]);
    const again = await Promise.all([sendN(0), sendN(1), sendN(2)]);
    expect(again.flatMap(errorsOf)).toEqual(['NONE', 'NONE', 'NONE']);
    expect(await read(stand, 'orders')).toEqual(['n0', 'n1', 'n2']);
  });

  test('with acks 0 is answered with nothing, and a failure ends the connection', async () => {
    const stand = await openStand();
    await stand.functions.topics.create({ name: 'orders' });
    expect(await send(stand, 'orders', [[0, batchOf(['a'])]], { acks: 0 })).toBe('none');
    expect(await send(stand, 'nowhere', [[0, batchOf(['a'])]], { acks: 0 })).toEqual({
      close: 'Produce: UNKNOWN_TOPIC_OR_PARTITION',
    });
    expect(await read(stand, 'orders')).toEqual(['a']);
  });

  test('of more bytes than an invocation carries is cut by partitions, or refused by name', async () => {
    const stand = await openStand();
    const configs = { 'max.message.bytes': '4000000' };
    await stand.functions.topics.create({ name: 'orders', partitions: 3, configs });
    const large = batchOf(['x'.repeat(2_500_000)]);
    const answer = await send(stand, 'orders', [
      [0, large],
      [1, large],
      [2, batchOf(['x'.repeat(4_000_001)])],
    ]);
    expect(errorsOf(answer)).toEqual(['NONE', 'NONE', 'MESSAGE_TOO_LARGE']);
    const sizes = stand.functions.events.map(({ event }) => JSON.stringify(event.calls).length > 0);
    expect(sizes.length).toBe(2);
  });
});

describe('lanes', () => {
  test('have one call in flight for a partition, and the next takes along what waits', async () => {
    const stand = await openStand({ delayMs: () => 30 });
    await stand.functions.topics.create({ name: 'orders', partitions: 2 });
    const sendN = (n: number, partition: number) =>
      send(stand, 'orders', [[partition, batchOf([`n${n}`])]]).then(errorsOf);
    const first = sendN(0, 0);
    await systemClock.sleep(5);
    const rest = [1, 2, 3].map((n) => sendN(n, 0));
    const other = sendN(9, 1);
    await Promise.all([first, ...rest, other]);
    const counts = stand.functions.events.map(({ event }) =>
      event.calls.reduce((sum, { repeats }) => sum + (repeats?.length ?? 0), 0),
    );
    expect(counts).toEqual([1, 1, 3]);
    expect(await read(stand, 'orders')).toEqual(['n0', 'n1', 'n2', 'n3']);
  });

  test.each([11, 12, 13])(
    'keep every producer in order and once while invocations fail, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const failing: Fate[] = ['lost', 'vanished', 'late', 'throttled', 'answered', 'answered'];
      const fate = () => failing[Math.floor(random.next() * failing.length)] as Fate;
      const stand = await openStand({ clock: fastClock(20), fate, delayMs: () => random.next() * 200 });
      await stand.functions.topics.create({ name: 'orders', partitions: 2 });
      const seen = new Set<string>();
      await Promise.all([1n, 2n, 3n, 4n].map((id) => produceAll(stand, id, 25, seen)));
      await stand.functions.idle();
      expect(
        [...seen].sort().filter((name) => !['NONE', 'NOT_ENOUGH_REPLICAS', 'close'].includes(name)),
      ).toEqual([]);
      for (const partition of [0, 1]) {
        const values = await read(stand, 'orders', partition);
        for (const id of [1, 2, 3, 4])
          expect(values.filter((value) => value.startsWith(`p${id}:`))).toEqual(
            Array.from({ length: 25 }, (_, n) => `p${id}:${n}`),
          );
      }
    },
    60_000,
  );
});

/**
 * A client with five requests in flight over two partitions: what is refused or unanswered is sent again from
 * the first such batch on, over a new connection where the old one was closed.
 */
async function produceAll(stand: Stand, id: bigint, count: number, seen: Set<string>): Promise<void> {
  let signal = connection();
  for (let next = 0; next < count; ) {
    const flight: Promise<Answer>[] = [];
    for (let n = next; n < Math.min(next + 5, count); n++) {
      const batch = () => idempotent(`p${id}:${n}`, n, id);
      flight.push(
        send(
          stand,
          'orders',
          [
            [0, batch()],
            [1, batch()],
          ],
          { signal, timeoutMs: 3_000 },
        ),
      );
      await systemClock.sleep(1);
    }
    const answers = (await Promise.all(flight)).map((answer) =>
      typeof answer === 'object' && 'close' in answer ? ['close'] : errorsOf(answer),
    );
    for (const name of answers.flat()) seen.add(name);
    if (answers.flat().includes('close')) signal = connection();
    const failed = answers.findIndex((errors) => errors.some((error) => error !== 'NONE'));
    next += failed < 0 ? flight.length : failed;
  }
}

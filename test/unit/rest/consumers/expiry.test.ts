import { expect, test } from 'vitest';
import { ManualClock, systemClock } from '../../../../shared/base/clock.ts';
import { silentLog } from '../../../../shared/base/log.ts';
import { seededRandom } from '../../../../shared/base/random.ts';
import { expireInstances } from '../../../../shared/rest/consumers/expire-instances.ts';
import { RestClient } from '../../../support/rest-client.ts';
import { RestConsumer } from '../../../support/rest-consumer.ts';
import { openRestDoor } from '../../../support/rest-door.ts';

const minuteMs = 60_000;
const group = 'g';

/** Lets time pass, a millisecond at a time, until the call is answered. */
async function passing<T>(clock: ManualClock, call: Promise<T>): Promise<T> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  call.then(end, end);
  while (!isOver) {
    clock.advance(1);
    await systemClock.sleep(0);
  }
  return call;
}

async function openWorld() {
  const clock = new ManualClock();
  const door = await openRestDoor({ clock });
  const rest = new RestClient(door);
  const topic = await rest.newTopic(2);
  const records = Array.from({ length: 8 }, (_, value) => ({ value, partition: value % 2 }));
  await rest.produce(topic, records);
  const make = (name: string): Promise<RestConsumer> =>
    RestConsumer.of(rest, [topic], { name, 'auto.commit.enable': 'false' }, group);
  const { metadata, groups } = door.deps;
  const world = { metadata, groups, clock, random: seededRandom(5), log: silentLog };
  return { clock, make, rest, expire: () => expireInstances(world) };
}

test('an instance that is called now and then lives on, and keeps its place in the group', async () => {
  const { clock, make, expire } = await openWorld();
  const consumer = await make('one');
  await consumer.records('timeout=0&max_bytes=1');
  const before = (await consumer.get('assignments')).json;
  for (let call = 0; call < 20; call++) {
    clock.advance(4 * minuteMs);
    expect(await expire()).toBe(0);
    expect((await consumer.get('subscription')).status).toBe(200);
    expect(await consumer.records('timeout=0&max_bytes=0')).toHaveLength(call < 1 ? 7 : 0);
  }
  expect((await consumer.get('assignments')).json).toEqual(before);
});

test('five minutes without a call are survived', async () => {
  const { clock, make, expire } = await openWorld();
  const consumer = await make('one');
  clock.advance(5 * minuteMs);
  expect(await expire()).toBe(0);
  expect((await consumer.get('subscription')).status).toBe(200);
});

test('an instance that nobody calls counts as gone, with or without the job, and its name is free', async () => {
  const { clock, make, expire } = await openWorld();
  const consumer = await make('one');
  clock.advance(7 * minuteMs);
  const reply = await consumer.fetch('timeout=0');
  expect([reply.status, reply.json.error_code]).toEqual([404, 40403]);
  const heir = await make('one');
  expect(await heir.records('timeout=0')).toHaveLength(8);
  clock.advance(7 * minuteMs);
  expect(await expire()).toBe(1);
  expect(await expire()).toBe(0);
});

test('the partitions of one that is gone go to the others at once, from its last commit on', async () => {
  const { clock, make, expire } = await openWorld();
  const one = await make('one');
  await one.records('timeout=0&max_bytes=1');
  const two = await make('two');
  clock.advance(4 * minuteMs);
  expect(await passing(clock, two.records('timeout=0'))).toEqual([]); // it waits for the first one
  clock.advance(4 * minuteMs);
  expect(await expire()).toBe(1);
  expect(await passing(clock, two.recordsUntil(8, 'timeout=0'))).toHaveLength(8);
});

import { expect, test } from 'vitest';
import { systemClock } from '../../../../shared/base/clock.ts';
import { seededRandom } from '../../../../shared/base/random.ts';
import { openMemoryStores } from '../../../../shared/storage/memory/open-memory-stores.ts';
import { type Fate, faultyStores } from '../../../support/faulty-stores.ts';
import { v2, v2Json } from '../../../support/rest-client.ts';
import { openRestDoor, type RestDoor } from '../../../support/rest-door.ts';

const recordCount = 12;
const partitions = 2;
const path = '/consumers/g/instances/one';

type Shown = { partition: number; offset: number };
type Step = { readonly method: string; readonly path: string; readonly body?: unknown };

const fetchStep: Step = { method: 'GET', path: `${path}/records?timeout=0&max_bytes=3` };
/** The life of an instance: what is read of it, and what it leaves to the next one, adds up. */
const life: readonly Step[] = [
  {
    method: 'POST',
    path: '/consumers/g',
    body: { name: 'one', format: 'json', 'auto.offset.reset': 'earliest' },
  },
  { method: 'POST', path: `${path}/subscription`, body: { topics: ['t'] } },
  fetchStep,
  fetchStep,
  { method: 'DELETE', path },
];

const send = (door: RestDoor, { method, path: at, body }: Step): Promise<Response> =>
  door.request(at, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { accept: `${v2Json}, ${v2};q=0.5`, 'content-type': v2 },
  });

async function newTopic(door: RestDoor): Promise<void> {
  const topic = { topic_name: 't', partitions_count: partitions };
  const made = await door.request('/v3/clusters/test-cluster/topics', {
    method: 'POST',
    body: JSON.stringify(topic),
    headers: { 'content-type': 'application/json' },
  });
  expect(made.status).toBe(201);
  const records = Array.from({ length: recordCount }, (_, value) => ({
    value,
    partition: value % partitions,
  }));
  const stored = await door.request('/topics/t', {
    method: 'POST',
    body: JSON.stringify({ records }),
    headers: { 'content-type': v2Json },
  });
  expect(stored.status).toBe(200);
}

/** Lives on the first door until it fails or dies there, then on another, which finds what was stored. */
async function live(number: number, fate: Fate) {
  const random = seededRandom(number);
  const inner = openMemoryStores({ clock: systemClock, random });
  let calls = 0;
  let onDeath = (): void => {};
  const death = new Promise<'dead'>((resolve) => {
    onDeath = () => resolve('dead');
  });
  const faulty = faultyStores(
    inner,
    () => {
      calls++;
      if (calls !== number) return 'ok';
      if (fate === 'dies before' || fate === 'dies after') systemClock.sleep(20).then(onDeath);
      return fate;
    },
    systemClock,
  );
  const other = await openRestDoor({ stores: inner, random: seededRandom(number + 1000) });
  await newTopic(other);
  const first = await openRestDoor({ stores: faulty, random });
  let door = first;
  const shown: Shown[] = [];
  for (const step of life) {
    for (let tries = 0; ; tries++) {
      expect(tries, `${step.method} ${step.path} succeeds in the end`).toBeLessThan(5);
      const answer = await Promise.race([send(door, step), ...(door === first ? [death] : [])]);
      const isRepeated = door === other;
      if (answer !== 'dead' && answer.status < 500 && answer.status !== 429) {
        // A repeat may find its work done.
        const isDone = isRepeated && [409, 404].includes(answer.status);
        if (!isDone) expect(answer.status, `${step.method} ${step.path}`).toBeLessThan(300);
        if (step === fetchStep) shown.push(...((await answer.json()) as Shown[]));
        break;
      }
      door = other;
    }
  }
  await faulty.releaseHeld();
  return { shown, other, calls };
}

const inOrder = (records: readonly Shown[]): string[] =>
  records.map(({ partition, offset }) => `${partition}/${offset}`).sort();

async function restOf(door: RestDoor): Promise<Shown[]> {
  await send(door, {
    ...(life[0] as Step),
    body: { name: 'heir', format: 'json', 'auto.offset.reset': 'earliest' },
  });
  const heir = '/consumers/g/instances/heir';
  await send(door, { method: 'POST', path: `${heir}/subscription`, body: { topics: ['t'] } });
  const found: Shown[] = [];
  for (let tries = 0; tries < 4; tries++) {
    const page = await send(door, { method: 'GET', path: `${heir}/records?timeout=0` });
    found.push(...((await page.json()) as Shown[]));
  }
  return found;
}

const late: Fate = { late: 'held' };

const fates: readonly [string, Fate][] = [
  ['throttled', 'throttled'],
  ['unavailable', 'unavailable'],
  ['applied, its answer lost', 'lost'],
  ['lost on its way', 'never'],
  ['applied long after', late],
  ['the last of its process', 'dies before'],
  ['applied, and the last of its process', 'dies after'],
];

test.each(fates)('any store call of an instance may be %s', { timeout: 120_000 }, async (_, fate) => {
  const mayDie = fate === 'dies before' || fate === 'dies after';
  for (let number = 1; ; number++) {
    expect(number, 'a life ends').toBeLessThan(300);
    const { shown, other, calls } = await live(number, fate);
    const left = await restOf(other);
    const found = inOrder([...shown, ...left]);
    const all = [...new Set(found)];
    // A commit that is applied after newer ones sends the heir back: at least once, as everywhere.
    if (fate !== late) expect(found, `call ${number}: nothing is given out twice`).toEqual(all);
    // A process that died between its write and its answer has given out one page that nobody saw.
    const least = mayDie ? recordCount - 3 : recordCount;
    expect(all.length, `call ${number}: nothing is passed over`).toBeGreaterThanOrEqual(least);
    if (calls < number) break;
  }
});

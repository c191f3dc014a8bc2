import { expect } from 'vitest';
import type { ClientProcess } from './client-program.ts';
import { planned, valuesOf } from './records.ts';
import type { Stage } from './stage.ts';
import type { Stand } from './stand.ts';

const kinds = [
  { column: 'group', assignor: 'range', name: 'range' },
  { column: 'cooperative', assignor: 'cooperative', name: 'cooperative' },
  { column: 'kip848', assignor: 'consumer', name: 'KIP-848' },
] as const;

/** Groups whose members come, are killed and come back. */
export function describeGroups({ results, stage }: Stand): void {
  for (const { column, assignor, name } of kinds) {
    results.test(
      column,
      `${name}: a second member shares the work; when it is killed the first goes on`,
      () => joinAndKill(stage(), assignor),
    );
    results.test(column, `${name}: a member that left comes back to where its group was`, () =>
      comeBack(stage(), assignor),
    );
  }
  results.test('commit', 'after a restart of the broker a group goes on where it committed', () =>
    restart(stage()),
  );
  results.test('live', 'a member that lives through a restart of the broker goes on', () =>
    liveThroughRestart(stage()),
  );
}

async function joinAndKill(stage: Stage, assignor: string): Promise<void> {
  const topic = await stage.topic(4);
  const member = (): ClientProcess =>
    stage.run('consume', { topic, count: 0, group: `group-${topic}`, assignor });
  const plans = [0, 1, 2].map((place) => ({ prefix: `part${place}`, count: 80, keys: 40 }));
  const valuesUpTo = (place: number) => valuesOf(plans.slice(0, place + 1).flatMap(planned));
  const [first, second, third] = plans as [Plan, Plan, Plan];

  const staying = member();
  await staying.until('it has all four partitions', () => staying.assigned.length === 4);
  await stage.produce(topic, first);
  await staying.until('it has seen all', () => valuesOf(staying.records).length === 80);

  const killed = member();
  await killed.until('it has its half', () => killed.assigned.length === 2);
  await staying.until('it has given half away', () => staying.assigned.length === 2);
  expect([...staying.assigned, ...killed.assigned].sort()).toEqual([0, 1, 2, 3]);
  await stage.produce(topic, second);
  const seen = () => valuesOf([...staying.records, ...killed.records]);
  await staying.until('both have seen all', () => seen().length === 160);
  expect(seen()).toEqual(valuesUpTo(1));
  for (const { partition, value } of killed.records.filter((record) => record.value?.startsWith('part1')))
    expect(staying.records.some((record) => record.partition === partition && record.value === value)).toBe(
      false,
    );

  killed.signal('SIGKILL');
  await stage.produce(topic, third);
  await staying.until('it has all partitions again', () => staying.assigned.length === 4);
  await staying.until('everything was seen', () => seen().length === 240);
  expect(seen()).toEqual(valuesUpTo(2));
  await staying.leave();
}

type Plan = { prefix: string; count: number; keys: number };

async function comeBack(stage: Stage, assignor: string): Promise<void> {
  const topic = await stage.topic(1);
  const group = `group-${topic}`;
  await stage.produce(topic, { prefix: 'back', count: 60 });
  const before = await stage.consume(topic, 25, { group, assignor });
  const after = await stage.consume(topic, 35, { group, assignor });
  expect(before.map(({ offset }) => offset)).toEqual(range(0, 25));
  expect(after.map(({ offset }) => offset)).toEqual(range(25, 60));
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, place) => from + place);

async function restart(stage: Stage): Promise<void> {
  const topic = await stage.topic(1);
  const group = `group-${topic}`;
  await stage.produce(topic, { prefix: 'kept', count: 40 });
  await stage.consume(topic, 30, { group });
  await stage.restartBroker();
  await stage.produce(topic, { prefix: 'kept', count: 10, first: 40 });
  const after = await stage.consume(topic, 20, { group });
  expect(after.map(({ offset }) => offset)).toEqual(range(30, 50));
  const all = planned({ prefix: 'kept', count: 50 }).slice(30);
  expect(after.map(({ value }) => value)).toEqual(all.map(({ value }) => value));
}

async function liveThroughRestart(stage: Stage): Promise<void> {
  const topic = await stage.topic(2);
  await stage.produce(topic, { prefix: 'life', count: 20, keys: 10 });
  const member = stage.run('consume', { topic, count: 0, group: `group-${topic}` });
  await member.until('it has seen the first', () => valuesOf(member.records).length === 20);
  await stage.restartBroker();
  await stage.produce(topic, { prefix: 'life', count: 20, first: 20, keys: 10 });
  await member.until('it has seen the rest', () => valuesOf(member.records).length === 40);
  expect(valuesOf(member.records)).toEqual(valuesOf(planned({ prefix: 'life', count: 40, keys: 10 })));
  await member.leave();
}

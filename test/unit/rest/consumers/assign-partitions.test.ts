import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  assignedPartitions,
  encodeAssignment,
  encodeSubscription,
  subscribedTopics,
} from '../../../../shared/groups/consumer-protocol.ts';
import { assignors } from '../../../../shared/rest/consumers/assign-partitions.ts';

const assign = (
  assignor: string,
  subscriptions: Record<string, string[]>,
  counts: Record<string, number>,
) => {
  const subscribers = Object.entries(subscriptions).map(([memberId, topics]) => ({ memberId, topics }));
  const assignments = assignors[assignor]?.(subscribers, new Map(Object.entries(counts))) ?? new Map();
  return Object.fromEntries(
    [...assignments].map(([memberId, partitions]): [string, string[]] => [
      memberId,
      partitions.map((one: { topic: string; partition: number }) => `${one.topic}${one.partition}`),
    ]),
  );
};

test('range gives neighbours of each topic, one more to the first members', () => {
  expect(assign('range', { b: ['t', 'u'], a: ['t'], c: ['u'] }, { t: 3, u: 3 })).toEqual({
    a: ['t0', 't1'],
    b: ['t2', 'u0', 'u1'],
    c: ['u2'],
  });
});

test.each(['roundrobin', 'RoundRobinAssigner'])(
  '%s goes in turn, past those who do not subscribe',
  (name) => {
    expect(assign(name, { b: ['t', 'u'], a: ['t'] }, { t: 3, u: 2 })).toEqual({
      a: ['t0', 't2'],
      b: ['t1', 'u0', 'u1'],
    });
  },
);

test.each(Object.keys(assignors))('%s gives every partition to one member that subscribes to it', (name) => {
  const topic = fc.constantFrom('t', 'u', 'v');
  const subscriptions = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.uniqueArray(topic));
  const counts = fc.dictionary(topic, fc.nat(9));
  fc.assert(
    fc.property(subscriptions, counts, (wanted, partitions) => {
      const given = assign(name, wanted, partitions);
      const all = Object.values(given).flat();
      expect(new Set(all).size).toBe(all.length);
      const subscribed = new Set<string>(Object.values(wanted).flat());
      const expected = Object.entries(partitions).flatMap(([each, count]) =>
        subscribed.has(each) ? Array.from({ length: count }, (_, partition) => `${each}${partition}`) : [],
      );
      expect([...all].sort()).toEqual(expected.sort());
      for (const [memberId, list] of Object.entries(given)) {
        for (const one of list) expect((wanted[memberId] ?? []).join()).toContain(one.charAt(0));
      }
    }),
  );
});

test('what is written for the group is read again, and the bytes are those of version 0', () => {
  expect(subscribedTopics(encodeSubscription(['ä', 'b']))).toEqual(['ä', 'b']);
  const partitions = [
    { topic: 'a', partition: 1 },
    { topic: 'b', partition: 0 },
    { topic: 'a', partition: 4 },
  ];
  const [first, other, second] = partitions;
  expect(assignedPartitions(encodeAssignment(partitions))).toEqual([first, second, other]);
  expect(Buffer.from(encodeSubscription(['ab'])).toString('hex')).toBe(
    '000000000001000261 62ffffffff'.replace(' ', ''),
  );
  expect(Buffer.from(encodeAssignment([{ topic: 'a', partition: 7 }])).toString('hex')).toBe(
    `0000${'00000001'}${'000161'}${'00000001'}${'00000007'}ffffffff`,
  );
});

test('bytes that are no assignment are told apart from an empty one', () => {
  expect(assignedPartitions(new Uint8Array())).toEqual([]);
  expect(assignedPartitions(Uint8Array.of(0, 0, 0xff, 0xff))).toBeUndefined();
  expect(assignedPartitions(Uint8Array.of(0, 0, 0x7f, 0, 0, 0, 1))).toBeUndefined();
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Assignor,
  range,
  type Subscriber,
  type Targets,
  uniform,
} from '../../../shared/groups/assignors.ts';
import { topicPartitions } from '../../../shared/groups/topic-partitions.ts';

const subscriber = (memberId: string, topicIds: string[], held: [string, number][] = []): Subscriber => ({
  memberId,
  groupInstanceId: null,
  topicIds: new Set(topicIds),
  target: topicPartitions(held),
});

const counts = (targets: Targets): Record<string, number> =>
  Object.fromEntries(
    [...targets].map(([id, topics]) => [
      id,
      [...topics.values()].reduce((sum, list) => sum + list.length, 0),
    ]),
  );

const shown = (targets: Targets): Record<string, Record<string, readonly number[]>> =>
  Object.fromEntries([...targets].map(([id, topics]) => [id, Object.fromEntries(topics)]));

const world = fc
  .record({
    topics: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }),
    members: fc.array(
      fc.record({ wants: fc.array(fc.nat(3)), had: fc.array(fc.tuple(fc.nat(3), fc.nat(9))) }),
      { maxLength: 7 },
    ),
  })
  .map(({ topics, members }) => ({
    topics: new Map(topics.map((count, at) => [`t${at}`, count])),
    members: members.map(({ wants, had }, at) =>
      subscriber(
        `m${at}`,
        wants.map((topic) => `t${topic}`),
        had.map(([topic, partition]) => [`t${topic}`, partition]),
      ),
    ),
  }));

describe.each([
  ['range', range],
  ['uniform', uniform],
] as [string, Assignor][])('%s', (_, assign) => {
  test('gives every partition that anybody wants to exactly one who wants it (I11)', () => {
    fc.assert(
      fc.property(world, ({ members, topics }) => {
        const targets = assign(members, topics);
        const owners = new Map<string, number>();
        for (const [memberId, held] of targets) {
          const member = members.find((candidate) => candidate.memberId === memberId);
          for (const [topicId, partitions] of held) {
            expect(member?.topicIds.has(topicId)).toBe(true);
            for (const partition of partitions) {
              const name = `${topicId}/${partition}`;
              owners.set(name, (owners.get(name) ?? 0) + 1);
            }
          }
        }
        for (const [topicId, count] of topics) {
          const isWanted = members.some(({ topicIds }) => topicIds.has(topicId));
          for (let partition = 0; partition < count; partition++) {
            expect(owners.get(`${topicId}/${partition}`) ?? 0).toBe(isWanted ? 1 : 0);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('range', () => {
  test('cuts each topic into contiguous parts, the first ones larger', () => {
    const members = ['a', 'b', 'c'].map((id) => subscriber(id, ['t', 'u']));
    const targets = range(
      members,
      new Map([
        ['t', 5],
        ['u', 5],
      ]),
    );
    expect(shown(targets)).toEqual({
      a: { t: [0, 1], u: [0, 1] },
      b: { t: [2, 3], u: [2, 3] },
      c: { t: [4], u: [4] },
    });
  });

  test('orders static members by instance id, before the others by member id', () => {
    const members = [
      subscriber('a', ['t']),
      { ...subscriber('z', ['t']), groupInstanceId: 'i2' },
      { ...subscriber('y', ['t']), groupInstanceId: 'i1' },
    ];
    expect(shown(range(members, new Map([['t', 3]])))).toEqual({
      y: { t: [0] },
      z: { t: [1] },
      a: { t: [2] },
    });
  });
});

describe('uniform', () => {
  test('is as even as it can be where all want the same', () => {
    const members = ['a', 'b', 'c'].map((id) => subscriber(id, ['t', 'u']));
    const targets = uniform(
      members,
      new Map([
        ['t', 4],
        ['u', 4],
      ]),
    );
    expect(Object.values(counts(targets)).sort()).toEqual([2, 3, 3]);
  });

  test('moves no more partitions than a new member needs', () => {
    const held = (from: number, length: number): [string, number][] =>
      Array.from({ length }, (_, offset) => ['t', from + offset]);
    const members = [
      subscriber('a', ['t'], held(0, 4)),
      subscriber('b', ['t'], held(4, 4)),
      subscriber('c', ['t']),
    ];
    const targets = uniform(members, new Map([['t', 8]]));
    expect(Object.values(counts(targets)).sort()).toEqual([2, 3, 3]);
    const moved = [...(targets.get('c')?.get('t') ?? [])];
    expect(moved).toHaveLength(2);
    const stayed = ['a', 'b'].flatMap((id) => targets.get(id)?.get('t') ?? []);
    expect([...stayed, ...moved].sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(
      targets
        .get('a')
        ?.get('t')
        ?.every((partition) => partition < 4),
    ).toBe(true);
  });

  test('changes nothing that is even already', () => {
    const members = [
      subscriber(
        'a',
        ['t'],
        [
          ['t', 3],
          ['t', 0],
        ],
      ),
      subscriber(
        'b',
        ['t'],
        [
          ['t', 1],
          ['t', 2],
        ],
      ),
    ];
    expect(shown(uniform(members, new Map([['t', 4]])))).toEqual({ a: { t: [0, 3] }, b: { t: [1, 2] } });
  });

  test('evens out over a member in between', () => {
    // a has only t, which c may not have: b gives u to c and takes t from a.
    const members = [
      subscriber(
        'a',
        ['t'],
        [0, 1, 2].map((partition) => ['t', partition]),
      ),
      subscriber(
        'b',
        ['t', 'u'],
        [0, 1].map((partition) => ['u', partition]),
      ),
      subscriber('c', ['u']),
    ];
    const targets = uniform(
      members,
      new Map([
        ['t', 3],
        ['u', 3],
      ]),
    );
    expect(counts(targets)).toEqual({ a: 2, b: 2, c: 2 });
  });

  test('is as even as the subscriptions allow: nobody has two more than one that it could relieve', () => {
    fc.assert(
      fc.property(world, ({ members, topics }) => {
        const targets = uniform(members, topics);
        const count = counts(targets);
        for (const giver of members) {
          for (const [topicId] of targets.get(giver.memberId) ?? []) {
            for (const taker of members.filter(({ topicIds }) => topicIds.has(topicId))) {
              expect(count[giver.memberId]).toBeLessThanOrEqual((count[taker.memberId] ?? 0) + 1);
            }
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('gives 2,000 partitions to 250 members without delay', () => {
    const members = Array.from({ length: 250 }, (_, at) => subscriber(`m${at}`, ['t']));
    expect(new Set(Object.values(counts(uniform(members, new Map([['t', 2_000]])))))).toEqual(new Set([8]));
  });
});

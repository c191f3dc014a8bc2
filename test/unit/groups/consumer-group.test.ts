import { describe, expect, test } from 'vitest';
import type { ConsumerAnswer, ConsumerEvent } from '../../../shared/groups/consumer-events.ts';
import { consumerGroupState, decideConsumer } from '../../../shared/groups/consumer-group.ts';
import { hashOfTopics } from '../../../shared/groups/consumer-target.ts';
import { noPartitions, withoutEpochs } from '../../../shared/groups/topic-partitions.ts';
import type { ConsumerMember } from '../../../shared/storage/items/consumer-members.ts';
import type { ConsumerCell } from '../../../shared/storage/items/group-cell.ts';
import { t0 } from './classic-cells.ts';
import { beat, consumer, consumerCell, joinBeat, moment, noCell, of } from './consumer-cells.ts';

/** A group whose topics are known as they are. */
function settled(members: readonly ConsumerMember[], changes: Partial<ConsumerCell> = {}): ConsumerCell {
  const cell = consumerCell(members, changes);
  return { ...cell, topicsHash: hashOfTopics(cell, moment()) };
}

const decideOne = (cell: ConsumerCell, event: ConsumerEvent, afterMs = 0, partitions = 6) => {
  const { cell: after, answers } = decideConsumer(cell, [event], moment(afterMs, partitions));
  return { cell: after, answer: answers[0] as ConsumerAnswer };
};

const find = (cell: ConsumerCell, memberId: string): ConsumerMember => {
  const member = cell.members.find((candidate) => candidate.memberId === memberId);
  if (member === undefined) throw new Error(`${memberId} should be a member`);
  return member;
};

const assignedTo = (cell: ConsumerCell, memberId: string): readonly number[] =>
  withoutEpochs(find(cell, memberId).assigned).get('id of orders') ?? [];

describe('who is admitted', () => {
  const two = settled([
    consumer('a', { assigned: of(0, 1, 2) }),
    consumer('b', { assigned: of(3, 4, 5), groupInstanceId: 'i' }),
  ]);
  const left = settled([
    consumer('a', { assigned: of(0, 1, 2) }),
    consumer('b', { assigned: of(3, 4, 5), groupInstanceId: 'i', hasLeft: true, memberEpoch: -2 }),
  ]);
  const rows: [string, ConsumerCell, ConsumerEvent, string][] = [
    ['nobody with an epoch and an unknown id', two, beat('x', 5), 'UNKNOWN_MEMBER_ID'],
    ['nobody of a later epoch', two, beat('a', 6), 'FENCED_MEMBER_EPOCH'],
    [
      'nobody of an epoch before the previous one',
      two,
      beat('a', 3, { owned: of(0) }),
      'FENCED_MEMBER_EPOCH',
    ],
    ['nobody of the previous epoch who does not say what it owns', two, beat('a', 4), 'FENCED_MEMBER_EPOCH'],
    [
      'nobody of the previous epoch who owns more',
      two,
      beat('a', 4, { owned: of(0, 3) }),
      'FENCED_MEMBER_EPOCH',
    ],
    ['nobody of a living instance', two, joinBeat('c', { groupInstanceId: 'i' }), 'UNRELEASED_INSTANCE_ID'],
    [
      'no epoch of another member of the instance',
      two,
      beat('a', 5, { groupInstanceId: 'i' }),
      'FENCED_INSTANCE_ID',
    ],
    ['no unknown instance', two, beat('b', 5, { groupInstanceId: 'j' }), 'UNKNOWN_MEMBER_ID'],
    [
      'no member that has left, by its old epoch',
      left,
      beat('b', 5, { groupInstanceId: 'i' }),
      'FENCED_MEMBER_EPOCH',
    ],
  ];
  test.each(rows)('%s', (_, cell, event, error) => {
    const { cell: after, answer } = decideOne(cell, event);
    expect(answer).toEqual({ is: 'refused', error });
    expect(after).toBe(cell);
  });

  test('not one more than the group may have', () => {
    const { answers } = decideConsumer(two, [joinBeat('c')], moment(0, 6, { consumerGroupSizeMax: 2 }));
    expect(answers).toEqual([{ is: 'refused', error: 'GROUP_MAX_SIZE_REACHED' }]);
  });

  test('the previous epoch when its answer was lost: it hears the assignment again', () => {
    const { cell, answer } = decideOne(two, beat('a', 4, { owned: of(0) }));
    expect(answer).toMatchObject({ memberEpoch: 5, assignment: of(0, 1, 2) });
    expect(cell).toBe(two);
  });

  test('a heartbeat that this process may have folded already', () => {
    const { answer } = decideOne(two, beat('a', 4, { mayBeFolded: true }));
    expect(answer).toMatchObject({ memberEpoch: 5, assignment: of(0, 1, 2) });
  });

  test('a member that begins again with epoch 0', () => {
    const { cell, answer } = decideOne(two, joinBeat('a'));
    expect(answer).toMatchObject({ memberEpoch: 5, assignment: of(0, 1, 2) });
    expect(cell).toBe(two);
  });

  test('a static member in the place of the one that left: same target, no new group epoch', () => {
    const { cell, answer } = decideOne(left, joinBeat('b2', { groupInstanceId: 'i' }));
    expect(answer).toMatchObject({ memberId: 'b2', memberEpoch: 5, assignment: of(3, 4, 5) });
    expect(cell).toMatchObject({ generation: 5, fence: 8n });
    expect(cell.members.map(({ memberId }) => memberId)).toEqual(['a', 'b2']);
  });
});

describe('the group epoch', () => {
  const two = settled([consumer('a', { assigned: of(0, 1, 2) }), consumer('b', { assigned: of(3, 4, 5) })]);
  const rows: [string, ConsumerEvent, number][] = [
    ['a new member', joinBeat('c'), 6],
    ['another subscription', beat('a', 5, { subscribedTopicNames: ['orders', 'refunds'] }), 6],
    ['another regex', beat('a', 5, { subscribedTopicRegex: 'ord.*' }), 6],
    ['another assignor', beat('a', 5, { serverAssignor: 'range' }), 6],
    [
      'a member that leaves',
      { kind: 'consumerLeave', memberId: 'a', groupInstanceId: null, comesBack: false },
      6,
    ],
    ['a member that expires', { kind: 'consumerExpire', memberId: 'a' }, 6],
    ['the same subscription again', beat('a', 5, { subscribedTopicNames: ['orders'] }), 5],
    ['nothing new', beat('a', 5), 5],
  ];
  test.each(rows)('after %s', (_, event, generation) => {
    const { cell } = decideOne(two, event);
    expect(cell.generation).toBe(generation);
    expect(cell === two).toBe(generation === 5);
  });

  test('grows when a subscribed topic gets partitions', () => {
    const { cell, answer } = decideOne(two, beat('a', 5), 0, 8);
    expect(cell).toMatchObject({ generation: 6, assignmentEpoch: 6 });
    expect(answer).toMatchObject({ memberEpoch: 6, assignment: of(0, 1, 2, 6) });
  });

  test('grows when a subscribed topic is deleted', () => {
    const { cell, answer } = decideOne(two, beat('a', 5, { owned: noPartitions }), 0, 0);
    expect(cell.generation).toBe(6);
    expect(answer).toMatchObject({ assignment: noPartitions });
  });

  test('grows once for a storm of joins', () => {
    const storm = Array.from({ length: 10 }, (_, number) => joinBeat(`m${number}`));
    const { cell } = decideConsumer(two, storm, moment());
    expect(cell).toMatchObject({ generation: 6, assignmentEpoch: 6 });
  });
});

describe('the target', () => {
  test('is computed at once for the first member', () => {
    const { cell, answer } = decideOne(noCell, joinBeat('a'));
    expect(answer).toMatchObject({ memberEpoch: 1, assignment: of(0, 1, 2, 3, 4, 5), isSettled: true });
    expect(cell).toMatchObject({ generation: 1, assignmentEpoch: 1, sweepAtMs: t0 + 11_250 });
  });

  test('is computed at most once a second', () => {
    const first = decideOne(noCell, joinBeat('a')).cell;
    const second = decideOne(first, joinBeat('b'), 300);
    expect(second.cell).toMatchObject({ generation: 2, assignmentEpoch: 1 });
    expect(second.answer).toMatchObject({ memberEpoch: 1, assignment: noPartitions, isSettled: false });
    const later = decideOne(second.cell, beat('b', 1), 1_000);
    expect(later.cell).toMatchObject({ generation: 2, assignmentEpoch: 2 });
  });

  test('follows the assignor that most members name', () => {
    const members = [
      consumer('a', { serverAssignor: 'range' }),
      consumer('b', { serverAssignor: 'range' }),
      consumer('c'),
    ];
    const { cell } = decideOne(settled(members), joinBeat('d', { serverAssignor: 'uniform' }));
    expect(find(cell, 'a').target).toEqual(of(0, 1));
    expect(find(cell, 'b').target).toEqual(of(2, 3));
  });

  test('counts the topics that a regex matches', () => {
    const event = joinBeat('a', { subscribedTopicNames: null, subscribedTopicRegex: 'ord.*' });
    expect(decideOne(noCell, event).answer).toMatchObject({ assignment: of(0, 1, 2, 3, 4, 5) });
  });
});

describe('reconciliation', () => {
  const alone = settled([consumer('a', { assigned: of(0, 1, 2, 3, 4, 5) })]);
  const joined = decideOne(alone, joinBeat('b'));

  test('lets a new member wait for what others still have', () => {
    expect(joined.answer).toMatchObject({ memberEpoch: 6, assignment: noPartitions, isSettled: false });
    expect(find(joined.cell, 'b').state).toBe('UNRELEASED');
    expect(joined.cell.fence).toBe(7n);
  });

  test('asks the owner to give back first, in its old epoch', () => {
    const { cell, answer } = decideOne(joined.cell, beat('a', 5));
    const keeps = find(cell, 'a').target;
    expect(answer).toMatchObject({ memberEpoch: 5, assignment: keeps });
    expect(find(cell, 'a')).toMatchObject({ state: 'UNREVOKED', revokeByMs: t0 + 30_000 });
    expect(find(cell, 'a').pendingRevocation.get('id of orders')).toHaveLength(3);
    expect(cell.fence).toBe(7n);
  });

  test('moves nothing while the owner says nothing, or still owns one', () => {
    const asked = decideOne(joined.cell, beat('a', 5)).cell;
    expect(decideOne(asked, beat('a', 5), 100).cell).toBe(asked);
    expect(decideOne(asked, beat('a', 5, { owned: of(0, 1, 2, 3, 4, 5) }), 100).cell).toBe(asked);
    expect(assignedTo(decideOne(asked, beat('b', 6), 100).cell, 'b')).toEqual([]);
  });

  test('hands over what was given back, and the old owner may not commit it any more', () => {
    const asked = decideOne(joined.cell, beat('a', 5)).cell;
    const given = decideOne(asked, beat('a', 5, { owned: find(asked, 'a').target }), 100);
    expect(given.answer).toMatchObject({ memberEpoch: 6, assignment: null });
    expect(given.cell.fence).toBe(8n);
    const taken = decideOne(given.cell, beat('b', 6), 200);
    expect(taken.answer).toMatchObject({ memberEpoch: 6, isSettled: true });
    const [ofA, ofB] = [assignedTo(taken.cell, 'a'), assignedTo(taken.cell, 'b')];
    expect([...ofA, ...ofB].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(consumerGroupState(taken.cell)).toBe('Stable');
  });

  test('remembers since which epoch a member has each partition', () => {
    const grown = decideOne(alone, beat('a', 5), 0, 7).cell;
    const epochs = find(grown, 'a').assigned.get('id of orders');
    expect(epochs?.get(0)).toBe(5);
    expect(epochs?.get(6)).toBe(6);
  });

  test('expels a member that does not give back in its rebalance timeout', () => {
    const asked = decideOne(joined.cell, beat('a', 5)).cell;
    const { cell, answer } = decideOne(asked, beat('b', 6), 30_000);
    expect(cell.members.map(({ memberId }) => memberId)).toEqual(['b']);
    expect(cell).toMatchObject({ generation: 7, fence: 8n });
    expect(answer).toMatchObject({ memberEpoch: 7, assignment: of(0, 1, 2, 3, 4, 5) });
  });

  test('of two that reach for one partition in one fold gives it to the first', () => {
    const members = [
      consumer('a', { memberEpoch: 4, target: of(0, 1, 2), assigned: noPartitions }),
      consumer('b', { memberEpoch: 4, target: of(0, 1, 2), assigned: noPartitions }),
    ].map((member) => ({ ...member, target: of(0, 1, 2) }));
    const { cell } = decideConsumer(settled(members), [beat('a', 4), beat('b', 4)], moment());
    expect(assignedTo(cell, 'a')).toEqual([0, 1, 2]);
    expect(assignedTo(cell, 'b')).toEqual([]);
  });
});

describe('what a heartbeat is answered', () => {
  const one = settled([consumer('a', { assigned: of(0, 1, 2, 3, 4, 5) })]);
  test.each([
    ['null when nothing changed', beat('a', 5), null],
    ['everything when it says everything', beat('a', 5, { isFull: true }), of(0, 1, 2, 3, 4, 5)],
    ['everything at epoch 0', joinBeat('a', { isFull: false }), of(0, 1, 2, 3, 4, 5)],
  ] as const)('%s', (_, event, assignment) => {
    expect(decideOne(one, event).answer).toMatchObject({ assignment });
  });
});

describe('leaving', () => {
  const two = settled([
    consumer('a', { assigned: of(0, 1, 2) }),
    consumer('b', { assigned: of(3, 4, 5), groupInstanceId: 'i' }),
  ]);
  const leave = (
    memberId: string,
    comesBack: boolean,
    groupInstanceId: string | null = null,
  ): ConsumerEvent => ({
    kind: 'consumerLeave',
    memberId,
    groupInstanceId,
    comesBack,
  });

  test('frees the partitions and fences the member', () => {
    const { cell, answer } = decideOne(two, leave('a', false));
    expect(answer).toEqual({ is: 'done' });
    expect(cell).toMatchObject({ generation: 6, fence: 8n });
    expect(cell.members.map(({ memberId }) => memberId)).toEqual(['b']);
  });

  test('of the last member makes the group empty', () => {
    const { cell } = decideOne(settled([consumer('a', { assigned: of(0) })]), leave('a', false), 40);
    expect(cell).toMatchObject({ members: [], emptySinceMs: t0 + 40, sweepAtMs: 0 });
    expect(consumerGroupState(cell)).toBe('Empty');
    expect(cell.fence).toBeGreaterThan(7n);
  });

  test('with -2 keeps the member and its target', () => {
    const { cell } = decideOne(two, leave('b', true, 'i'));
    expect(cell.generation).toBe(5);
    expect(find(cell, 'b')).toMatchObject({ hasLeft: true, memberEpoch: -2, target: of(3, 4, 5) });
    expect(decideOne(cell, leave('b', true, 'i')).cell).toBe(cell);
  });

  test.each([
    [leave('x', false), 'UNKNOWN_MEMBER_ID'],
    [leave('a', true, 'i'), 'FENCED_INSTANCE_ID'],
    [leave('a', true, 'j'), 'UNKNOWN_MEMBER_ID'],
  ] as const)('%o is refused with %s', (event, error) => {
    const { cell, answer } = decideOne(two, event);
    expect(answer).toEqual({ is: 'refused', error });
    expect(cell).toBe(two);
  });
});

test('the state that tools see follows from the members', () => {
  const reconciling = settled([consumer('a', { assigned: of(0) }), consumer('b', { memberEpoch: 4 })]);
  expect(consumerGroupState(settled([consumer('a')]))).toBe('Stable');
  expect(consumerGroupState(reconciling)).toBe('Reconciling');
  expect(consumerGroupState({ ...reconciling, generation: 6 })).toBe('Assigning');
});

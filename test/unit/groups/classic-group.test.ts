import { describe, expect, test } from 'vitest';
import type { ClassicEvent } from '../../../shared/groups/classic-events.ts';
import type { ClassicState } from '../../../shared/storage/items/group-cell.ts';
import {
  at,
  cellIn,
  changedJoin,
  decide,
  idsOf,
  join,
  joinedOf,
  member,
  newJoin,
  rebalanceMs,
  request,
  sync,
  t0,
} from './classic-cells.ts';

const livingStates = ['PreparingRebalance', 'CompletingRebalance', 'Stable'] as const;
const emptyStates = ['Empty', 'Dead'] as const;

describe('a join with a new id', () => {
  test.each(emptyStates)('opens the first round of a group that is %s', (state) => {
    const { cell, answers } = decide(
      cellIn(state, []),
      [newJoin('c')],
      at(0, { initialRebalanceDelayMs: 3_000 }),
    );
    expect(answers).toEqual([{ is: 'joined', memberId: 'c', replaced: null }]);
    expect(cell).toMatchObject({
      state: 'PreparingRebalance',
      initial: true,
      generation: 5,
      deadlineMs: t0 + 3_000,
      protocolType: 'consumer',
      emptySinceMs: 0,
    });
    expect(joinedOf(cell)).toEqual(['c']);
  });

  test('is taken into a round that is open', () => {
    const { cell } = decide(cellIn('PreparingRebalance'), [newJoin('c')], at());
    expect(cell.state).toBe('PreparingRebalance');
    expect(joinedOf(cell)).toEqual(['c']);
  });

  test.each(['CompletingRebalance', 'Stable'] as const)('opens a round of a group that is %s', (state) => {
    const { cell } = decide(cellIn(state), [newJoin('c')], at(500));
    expect(cell).toMatchObject({
      state: 'PreparingRebalance',
      initial: false,
      generation: 5,
      fence: 7n,
      openedAtMs: t0 + 500,
      deadlineMs: t0 + 500 + rebalanceMs,
      syncDeadlineMs: 0,
      assignments: null,
    });
    expect(idsOf(cell)).toEqual(['a', 'b', 'c']);
    expect(joinedOf(cell)).toEqual(['c']);
  });
});

describe('a join of a member with other metadata', () => {
  test('updates it in a round that is open', () => {
    const { cell } = decide(cellIn('PreparingRebalance'), [changedJoin('b')], at());
    expect(cell.members[1]).toMatchObject({
      subscription: changedJoin('b').subscription,
      joined: true,
      requestId: request(2),
    });
  });

  test.each(['CompletingRebalance', 'Stable'] as const)('opens a round of a group that is %s', (state) => {
    const { cell } = decide(cellIn(state), [changedJoin('b')], at());
    expect(cell.state).toBe('PreparingRebalance');
    expect(joinedOf(cell)).toEqual(['b']);
    expect(cell.members[1]?.subscription).toBe(changedJoin('b').subscription);
  });
});

describe('a join of a member with the same metadata', () => {
  test('makes it joined in a round that is open', () => {
    const { cell } = decide(cellIn('PreparingRebalance'), [join('b')], at());
    expect(joinedOf(cell)).toEqual(['b']);
  });

  test.each([
    ['CompletingRebalance', 'a', 'the leader'],
    ['CompletingRebalance', 'b', 'a follower'],
    ['Stable', 'b', 'a follower'],
  ] as const)('in %s leaves %s the current generation (%s)', (state, memberId, _) => {
    const { cell, answers } = decide(cellIn(state), [join(memberId)], at());
    expect(answers).toEqual([{ is: 'joined', memberId, replaced: null }]);
    expect(cell).toMatchObject({ state, generation: 5, fence: 7n });
    expect(cell.members.find((found) => found.memberId === memberId)?.requestId).toBe(request(2));
  });

  test('in Stable opens a round if it is the leader', () => {
    const { cell } = decide(cellIn('Stable'), [join('a')], at());
    expect(cell.state).toBe('PreparingRebalance');
    expect(joinedOf(cell)).toEqual(['a']);
  });

  test.each(emptyStates)('in %s is unknown', (state) => {
    const before = cellIn(state, []);
    const { cell, answers } = decide(before, [join('a')], at());
    expect(answers).toEqual([{ is: 'refused', error: 'UNKNOWN_MEMBER_ID' }]);
    expect(cell).toBe(before);
  });
});

describe.each(['leave', 'expire'] as const)('a member that goes (%s)', (kind) => {
  test.each(emptyStates)('in %s is unknown', (state) => {
    const before = cellIn(state, []);
    const { cell, answers } = decide(before, [{ kind, memberId: 'a' }], at());
    expect(answers).toEqual([{ is: 'refused', error: 'UNKNOWN_MEMBER_ID' }]);
    expect(cell).toBe(before);
  });

  test('completes the round that waited for it alone', () => {
    const before = cellIn('PreparingRebalance', [member('a', { joined: true }), member('b')]);
    const { cell } = decide(before, [{ kind, memberId: 'b' }], at());
    expect(cell).toMatchObject({ state: 'CompletingRebalance', generation: 6, fence: 8n, leader: 'a' });
    expect(idsOf(cell)).toEqual(['a']);
  });

  test('leaves a round open that waits for others', () => {
    const members = [member('a', { joined: true }), member('b'), member('c')];
    const { cell } = decide(cellIn('PreparingRebalance', members), [{ kind, memberId: 'b' }], at());
    expect(cell).toMatchObject({ state: 'PreparingRebalance', generation: 5 });
  });

  test.each(['CompletingRebalance', 'Stable'] as const)('opens a round in %s', (state) => {
    const { cell, answers } = decide(cellIn(state), [{ kind, memberId: 'b' }], at());
    expect(answers).toEqual([{ is: 'done' }]);
    expect(cell).toMatchObject({ state: 'PreparingRebalance', generation: 5, assignments: null });
    expect(idsOf(cell)).toEqual(['a']);
    expect(joinedOf(cell)).toEqual([]);
  });

  test.each(livingStates)('in %s leaves the group empty if it was the last', (state) => {
    const { cell } = decide(cellIn(state, [member('a')]), [{ kind, memberId: 'a' }], at(300));
    expect(cell).toMatchObject({
      state: 'Empty',
      generation: 6,
      fence: 8n,
      emptySinceMs: t0 + 300,
      protocolType: 'consumer',
      protocolName: '',
      leader: '',
      sweepAtMs: 0,
      members: [],
    });
  });
});

describe("the leader's sync", () => {
  test.each(emptyStates)('in %s is unknown', (state) => {
    const { answers } = decide(cellIn(state, []), [sync('a')], at());
    expect(answers).toEqual([{ is: 'refused', error: 'UNKNOWN_MEMBER_ID' }]);
  });

  test('in PreparingRebalance has to join again', () => {
    const { answers } = decide(cellIn('PreparingRebalance'), [sync('a')], at());
    expect(answers).toEqual([{ is: 'refused', error: 'REBALANCE_IN_PROGRESS' }]);
  });

  test('in CompletingRebalance makes the group stable with what it assigned', () => {
    const { cell, answers } = decide(cellIn('CompletingRebalance'), [sync('a')], at());
    expect(answers).toEqual([{ is: 'done' }]);
    expect(cell).toMatchObject({ state: 'Stable', generation: 5, assignments: { nonce: 'second' } });
  });

  test('in Stable changes nothing: the first assignment of a generation stays', () => {
    const before = cellIn('Stable');
    expect(decide(before, [sync('a')], at()).cell).toBe(before);
  });

  test.each([
    ['of another generation', sync('a', { generationId: 4 }), 'ILLEGAL_GENERATION'],
    ['of another protocol type', sync('a', { protocolType: 'connect' }), 'INCONSISTENT_GROUP_PROTOCOL'],
    ['of another protocol', sync('a', { protocolName: 'sticky' }), 'INCONSISTENT_GROUP_PROTOCOL'],
    ['of nobody', sync('x'), 'UNKNOWN_MEMBER_ID'],
    ['of an unknown instance', sync('a', { groupInstanceId: 'i' }), 'UNKNOWN_MEMBER_ID'],
  ] as const)('%s is refused with %s', (_, event, error) => {
    const before = cellIn('CompletingRebalance');
    const { cell, answers } = decide(before, [event], at());
    expect(answers).toEqual([{ is: 'refused', error }]);
    expect(cell).toBe(before);
  });

  test('of a follower changes nothing', () => {
    const before = cellIn('CompletingRebalance');
    expect(decide(before, [sync('b')], at()).cell).toBe(before);
  });
});

describe('a round', () => {
  test('is complete when all members have joined', () => {
    const before = cellIn('PreparingRebalance', [member('a', { joined: true }), member('b')]);
    const { cell } = decide(before, [join('b')], at(700));
    expect(cell).toMatchObject({
      state: 'CompletingRebalance',
      generation: 6,
      fence: 8n,
      leader: 'a',
      protocolName: 'range',
      deadlineMs: 0,
      syncDeadlineMs: t0 + 700 + rebalanceMs,
    });
    expect(joinedOf(cell)).toEqual([]);
  });

  test('is complete at its deadline without dynamic members that did not join', () => {
    const members = [member('a'), member('b', { joined: true }), member('c', { groupInstanceId: 'i' })];
    const { cell } = decide(cellIn('PreparingRebalance', members), [], at(rebalanceMs));
    expect(cell).toMatchObject({ state: 'CompletingRebalance', generation: 6, leader: 'b' });
    expect(idsOf(cell)).toEqual(['b', 'c']);
  });

  test('takes in a join that comes after its deadline before anybody has ended it', () => {
    const before = cellIn('PreparingRebalance', [member('a', { joined: true }), member('b'), member('c')]);
    const { cell } = decide(before, [join('b')], at(rebalanceMs + 1));
    expect(idsOf(cell)).toEqual(['a', 'b']);
    expect(cell.generation).toBe(6);
  });

  test('is pushed by one rebalance timeout when only static members are left and none has joined', () => {
    const members = [member('a'), member('b', { groupInstanceId: 'i' })];
    const { cell } = decide(cellIn('PreparingRebalance', members), [], at(rebalanceMs));
    expect(cell).toMatchObject({
      state: 'PreparingRebalance',
      generation: 5,
      deadlineMs: t0 + 2 * rebalanceMs,
    });
    expect(idsOf(cell)).toEqual(['b']);
  });

  test('leaves an empty group when nobody joined', () => {
    const { cell } = decide(cellIn('PreparingRebalance'), [], at(rebalanceMs));
    expect(cell).toMatchObject({ state: 'Empty', generation: 6, fence: 8n, members: [] });
  });

  test('waits until its deadline', () => {
    const before = cellIn('PreparingRebalance', [member('a', { joined: true }), member('b')]);
    expect(decide(before, [], at(rebalanceMs - 1)).cell).toBe(before);
  });

  test('lasts as long as the largest rebalance timeout of its members', () => {
    const members = [member('a'), member('b', { rebalanceTimeoutMs: 5 * rebalanceMs })];
    const { cell } = decide(cellIn('Stable', members), [changedJoin('a')], at());
    expect(cell.deadlineMs).toBe(t0 + 5 * rebalanceMs);
  });
});

describe('the first round of an empty group', () => {
  const delayed = { initialRebalanceDelayMs: 3_000 };

  test('ends in the fold of the join itself without a delay', () => {
    const { cell } = decide(cellIn('Empty', []), [newJoin('c'), newJoin('d')], at());
    expect(cell).toMatchObject({ state: 'CompletingRebalance', generation: 6, leader: 'c' });
    expect(idsOf(cell)).toEqual(['c', 'd']);
  });

  test('waits again for the delay with each new member, but never beyond the rebalance timeout', () => {
    const opened = decide(cellIn('Empty', []), [newJoin('c')], at(0, delayed)).cell;
    const later = decide(opened, [newJoin('d')], at(2_000, delayed)).cell;
    expect(later).toMatchObject({ state: 'PreparingRebalance', initial: true, deadlineMs: t0 + 5_000 });
    const slow = decide(
      { ...later, deadlineMs: t0 + rebalanceMs },
      [newJoin('e')],
      at(rebalanceMs - 1_000, delayed),
    );
    expect(slow.cell.deadlineMs).toBe(t0 + rebalanceMs);
  });

  test('is not complete just because all have joined', () => {
    const opened = decide(cellIn('Empty', []), [newJoin('c')], at(0, delayed)).cell;
    expect(decide(opened, [], at(2_999, delayed)).cell).toBe(opened);
    expect(decide(opened, [], at(3_000, delayed)).cell.state).toBe('CompletingRebalance');
  });
});

describe('the leader', () => {
  test('stays if it joined', () => {
    const members = [member('a', { joined: true }), member('b', { joined: true }), member('c')];
    const before = cellIn('PreparingRebalance', members, { leader: 'b' });
    expect(decide(before, [join('c')], at()).cell.leader).toBe('b');
  });

  test('is the first that joined if the old one did not', () => {
    const members = [member('a'), member('b', { joined: true }), member('c', { joined: true })];
    expect(decide(cellIn('PreparingRebalance', members), [], at(rebalanceMs)).cell.leader).toBe('b');
  });
});

describe('the vote', () => {
  const voted = (...protocolNames: string[][]): string => {
    const members = protocolNames.map((names, place) =>
      member(`m${place}`, { protocolNames: names, joined: true }),
    );
    return decide(cellIn('PreparingRebalance', members), [], at()).cell.protocolName;
  };

  test('counts for each member the first of its protocols that all support', () => {
    expect(voted(['x', 'range', 'sticky'], ['sticky', 'range'], ['sticky', 'range'])).toBe('sticky');
  });

  test('falls to what the leader prefers when it is even', () => {
    expect(voted(['sticky', 'range'], ['range', 'sticky'])).toBe('sticky');
  });

  test('knows nothing but what all support', () => {
    expect(voted(['sticky', 'range'], ['sticky', 'range'], ['range'])).toBe('range');
  });
});

describe('members that do not ask for their assignment', () => {
  const unsynced = (memberIds: string[], generationId = 5): ClassicEvent => ({
    kind: 'unsynced',
    generationId,
    memberIds,
  });

  test.each(['CompletingRebalance', 'Stable'] as const)('are removed at the sync deadline in %s', (state) => {
    const { cell } = decide(cellIn(state), [unsynced(['b'])], at(rebalanceMs));
    expect(cell.state).toBe('PreparingRebalance');
    expect(idsOf(cell)).toEqual(['a']);
  });

  test('have until the deadline', () => {
    const before = cellIn('Stable');
    expect(decide(before, [unsynced(['b'])], at(rebalanceMs - 1)).cell).toBe(before);
  });

  test('of another generation are left alone', () => {
    const before = cellIn('Stable');
    expect(decide(before, [unsynced(['b'], 4)], at(rebalanceMs)).cell).toBe(before);
  });

  test('are looked for once', () => {
    const { cell } = decide(cellIn('Stable'), [unsynced([])], at(rebalanceMs));
    expect(cell).toMatchObject({ state: 'Stable', syncDeadlineMs: 0 });
  });
});

describe('folding', () => {
  const events: [string, ClassicState, ClassicEvent][] = [
    ['a new join', 'Stable', newJoin('c')],
    ['a changed join', 'Stable', changedJoin('b')],
    ['a join again', 'Stable', join('b')],
    ["the leader's join", 'Stable', join('a')],
    ["the leader's join", 'CompletingRebalance', join('a')],
    ['a join', 'PreparingRebalance', join('b')],
    ['a sync', 'CompletingRebalance', sync('a')],
    ['a leave', 'Stable', { kind: 'leave', memberId: 'b' }],
    ['an expiry', 'PreparingRebalance', { kind: 'expire', memberId: 'b' }],
    ['the sync deadline', 'Stable', { kind: 'unsynced', generationId: 5, memberIds: ['b'] }],
  ];

  test.each(events)('%s in %s twice is folding it once', (_, state, event) => {
    const nowMs = event.kind === 'unsynced' ? rebalanceMs : 0;
    const once = decide(cellIn(state), [event], at(nowMs)).cell;
    expect(decide(once, [event], at(nowMs)).cell).toBe(once);
    expect(once).not.toEqual(cellIn(state));
  });

  test('a request that is older than the newest of its member changes nothing', () => {
    const members = [member('a'), member('b', { requestId: request(8) })];
    const before = cellIn('Stable', members);
    const { cell, answers } = decide(before, [changedJoin('b', { requestId: request(7) })], at());
    expect(answers).toEqual([{ is: 'superseded' }]);
    expect(cell).toBe(before);
  });

  test('a join that sleeps over the end of its round goes into the next one', () => {
    const members = [member('a', { requestId: request(2) }), member('b')];
    const { cell } = decide(cellIn('PreparingRebalance', members), [join('a')], at());
    expect(joinedOf(cell)).toEqual(['a']);
  });

  test('a storm of joins makes one generation', () => {
    const storm = Array.from({ length: 20 }, (_, number) => newJoin(`m${number}`));
    const { cell } = decide(cellIn('Stable'), [...storm, join('a'), join('b')], at());
    expect(cell).toMatchObject({ state: 'CompletingRebalance', generation: 6 });
    expect(cell.members).toHaveLength(22);
  });
});

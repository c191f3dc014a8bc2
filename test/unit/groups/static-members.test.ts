import { describe, expect, test } from 'vitest';
import { lookAtJoin } from '../../../shared/groups/classic-look.ts';
import {
  at,
  cellIn,
  decide,
  hashOf,
  idsOf,
  join,
  joinedOf,
  member,
  rebalanceMs,
  request,
  staticJoin,
  t0,
} from './classic-cells.ts';

/** Static members of classic groups (KIP-345). */

const members = [
  member('a', { groupInstanceId: 'first' }),
  member('b', { groupInstanceId: 'second', subscription: hashOf('b') }),
];
const replacement = staticJoin('b2', 'second', { subscription: hashOf('b') });

describe('a static member that starts again', () => {
  test('in PreparingRebalance takes its place and has joined', () => {
    const { cell, answers } = decide(cellIn('PreparingRebalance', members), [replacement], at());
    expect(answers).toEqual([{ is: 'joined', memberId: 'b2', replaced: 'b' }]);
    expect(idsOf(cell)).toEqual(['a', 'b2']);
    expect(joinedOf(cell)).toEqual(['b2']);
    expect(cell.fence).toBe(8n);
  });

  test('in CompletingRebalance opens a round: the leader may have seen the old id', () => {
    const { cell } = decide(cellIn('CompletingRebalance', members), [replacement], at());
    expect(cell).toMatchObject({ state: 'PreparingRebalance', generation: 5, fence: 8n });
    expect(joinedOf(cell)).toEqual(['b2']);
  });

  test('in Stable inherits without a round, and its predecessor may not commit any more', () => {
    const { cell } = decide(cellIn('Stable', members), [replacement], at());
    expect(cell).toMatchObject({ state: 'Stable', generation: 5, fence: 8n, leader: 'a' });
    expect(cell.assignments).not.toBeNull();
    expect(idsOf(cell)).toEqual(['a', 'b2']);
  });

  test('in Stable inherits the leadership', () => {
    const { cell } = decide(cellIn('Stable', members), [staticJoin('a2', 'first')], at());
    expect(cell).toMatchObject({ state: 'Stable', leader: 'a2' });
  });

  test('in Stable opens a round if the vote would choose another protocol', () => {
    const before = cellIn('Stable', [
      member('a', { groupInstanceId: 'first', protocolNames: ['range', 'sticky'] }),
      member('b', { groupInstanceId: 'second', protocolNames: ['range', 'sticky'] }),
    ]);
    const event = staticJoin('b2', 'second', { protocolNames: ['sticky'] });
    const { cell } = decide(before, [event], at());
    expect(cell).toMatchObject({ state: 'PreparingRebalance', fence: 8n });
  });

  test('folded twice is folded once', () => {
    const once = decide(cellIn('Stable', members), [replacement], at()).cell;
    expect(decide(once, [replacement], at()).cell).toBe(once);
  });

  test('gets as long as anybody to ask for its assignment', () => {
    const { cell } = decide(cellIn('Stable', members), [replacement], at(rebalanceMs - 1));
    expect(cell.syncDeadlineMs).toBe(t0 + 2 * rebalanceMs - 1);
  });

  test('in an older request than its successor changes nothing', () => {
    const before = cellIn('Stable', [
      member('a'),
      member('b2', { groupInstanceId: 'second', requestId: request(5) }),
    ]);
    const { cell, answers } = decide(before, [staticJoin('b1', 'second', { requestId: request(4) })], at());
    expect(answers).toEqual([{ is: 'superseded' }]);
    expect(cell).toBe(before);
  });
});

test('a static member is new where its instance id is', () => {
  const { cell } = decide(cellIn('Stable', members), [staticJoin('c', 'third')], at());
  expect(idsOf(cell)).toEqual(['a', 'b', 'c']);
  expect(cell.state).toBe('PreparingRebalance');
});

test('a member id that was replaced is fenced', () => {
  const before = cellIn('Stable', members);
  const event = join('b0', { groupInstanceId: 'second' });
  const { cell, answers } = decide(before, [event], at());
  expect(answers).toEqual([{ is: 'refused', error: 'FENCED_INSTANCE_ID' }]);
  expect(cell).toBe(before);
});

test('a join that waits is fenced when its instance was replaced', () => {
  const { cell } = decide(cellIn('PreparingRebalance', members), [replacement], at());
  const look = lookAtJoin(cell, { memberId: 'b', groupInstanceId: 'second', requestId: request(1) });
  expect(look).toEqual({ is: 'refused', error: 'FENCED_INSTANCE_ID' });
});

test('a full group takes a static member back', () => {
  const { answers } = decide(cellIn('Stable', members), [replacement], at(0, { groupSizeMax: 2 }));
  expect(answers).toEqual([{ is: 'joined', memberId: 'b2', replaced: 'b' }]);
});

test('a request that does not name the instance id does not take it away', () => {
  const { cell } = decide(cellIn('Stable', members), [join('b', { requestId: request(9) })], at());
  expect(cell.members[1]).toMatchObject({ memberId: 'b', groupInstanceId: 'second' });
});

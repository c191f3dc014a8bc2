import { describe, expect, test } from 'vitest';
import type { ClassicEvent } from '../../../shared/groups/classic-events.ts';
import type { ClassicState } from '../../../shared/storage/items/group-cell.ts';
import {
  at,
  cellIn,
  changedJoin,
  decide,
  join,
  joinedOf,
  member,
  newJoin,
  rebalanceMs,
  request,
  sync,
} from './classic-cells.ts';

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

describe('a join is refused', () => {
  const two = [member('a'), member('b')];
  test.each([
    ['without protocols', newJoin('c', { protocolNames: [] }), {}, 'INCONSISTENT_GROUP_PROTOCOL'],
    ['without a protocol type', newJoin('c', { protocolType: '' }), {}, 'INCONSISTENT_GROUP_PROTOCOL'],
    [
      'of another protocol type',
      newJoin('c', { protocolType: 'connect' }),
      {},
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
    [
      'with no protocol that all support',
      newJoin('c', { protocolNames: ['sticky'] }),
      {},
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
    ['into a full group', newJoin('c'), { groupSizeMax: 2 }, 'GROUP_MAX_SIZE_REACHED'],
    [
      'with metadata over 4 MB in all',
      newJoin('c', { metadataBytes: 5_000_000 }),
      {},
      'GROUP_MAX_SIZE_REACHED',
    ],
    ['of an id that nobody handed out', join('c'), {}, 'UNKNOWN_MEMBER_ID'],
    ['of an unknown instance with a member id', join('a', { groupInstanceId: 'i' }), {}, 'UNKNOWN_MEMBER_ID'],
  ] as const)('%s', (_, event, settings, error) => {
    const before = cellIn('Stable', two);
    const { cell, answers } = decide(before, [event], at(0, settings));
    expect(answers).toEqual([{ is: 'refused', error }]);
    expect(cell).toBe(before);
  });

  test('never for the protocols it brought before itself', () => {
    const { answers } = decide(
      cellIn('Stable', [member('a')]),
      [changedJoin('a', { protocolNames: ['sticky'] })],
      at(),
    );
    expect(answers).toEqual([{ is: 'joined', memberId: 'a', replaced: null }]);
  });
});

import { describe, expect, test } from 'vitest';
import { at, cellIn, changedJoin, decide, join, member, newJoin, sessionMs, t0 } from './classic-cells.ts';

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

test('dead members are looked for within a quarter of the shortest session, at least a second apart', () => {
  const { cell } = decide(cellIn('Empty', []), [newJoin('c')], at());
  expect(cell.sweepAtMs).toBe(t0 + sessionMs / 4);
  const shorter = decide(cell, [newJoin('d', { sessionTimeoutMs: 6_000 })], at());
  expect(shorter.cell.sweepAtMs).toBe(t0 + 1_500);
  const shortest = decide(shorter.cell, [newJoin('e', { sessionTimeoutMs: 1_000 })], at());
  expect(shortest.cell.sweepAtMs).toBe(t0 + 1_000);
});

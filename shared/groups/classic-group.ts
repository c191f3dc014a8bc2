import type { ClassicMember } from '../storage/items/classic-members.ts';
import type { ClassicCell } from '../storage/items/group-cell.ts';
import {
  type ClassicAnswer,
  type ClassicEvent,
  done,
  type Moment,
  refused,
  type SyncEvent,
  type UnsyncedEvent,
} from './classic-events.ts';
import { type ClassicFold, foldJoin } from './classic-join.ts';
import { checkSync } from './classic-look.ts';
import { endDueRound, openRound, withSweep } from './classic-round.ts';

export type ClassicDecision = { readonly cell: ClassicCell; readonly answers: readonly ClassicAnswer[] };

/**
 * What a classic group becomes when these things happen to it, in this order, and what each is answered. No
 * I/O, no clock: whoever holds a request decides alike. The same cell object is answered when nothing
 * changes.
 */
export function decideClassic(
  cell: ClassicCell,
  events: readonly ClassicEvent[],
  moment: Moment,
): ClassicDecision {
  let after = cell;
  const answers = events.map((event) => {
    const fold = foldEvent(after, event, moment);
    after = fold.cell;
    return fold.answer;
  });
  return { cell: withSweep(endDueRound(after, moment.nowMs), moment.nowMs), answers };
}

function foldEvent(cell: ClassicCell, event: ClassicEvent, moment: Moment): ClassicFold {
  if (event.kind === 'join') return foldJoin(cell, event, moment);
  if (event.kind === 'sync') return foldSync(cell, event);
  if (event.kind === 'unsynced') return { cell: foldUnsynced(cell, event, moment), answer: done };
  const isMember = cell.members.some(({ memberId }) => memberId === event.memberId);
  if (!isMember) return { cell, answer: refused('UNKNOWN_MEMBER_ID') };
  return { cell: withoutMember(cell, ({ memberId }) => memberId === event.memberId, moment), answer: done };
}

function withoutMember(
  cell: ClassicCell,
  goes: (member: ClassicMember) => boolean,
  { nowMs }: Moment,
): ClassicCell {
  return openRound({ ...cell, members: cell.members.filter((member) => !goes(member)) }, nowMs);
}

/** The first assignment of a generation stays; later ones are answered with what is stored. */
function foldSync(cell: ClassicCell, event: SyncEvent): ClassicFold {
  const verdict = checkSync(cell, event);
  if (verdict.is === 'refused') return { cell, answer: verdict };
  if (verdict.is !== 'store') return { cell, answer: done };
  return { cell: { ...cell, state: 'Stable', assignments: event.assignments }, answer: done };
}

function foldUnsynced(cell: ClassicCell, event: UnsyncedEvent, moment: Moment): ClassicCell {
  const isDue = cell.syncDeadlineMs !== 0 && moment.nowMs >= cell.syncDeadlineMs;
  if (!isDue || cell.generation !== event.generationId) return cell;
  const goes = ({ memberId }: ClassicMember): boolean => event.memberIds.includes(memberId);
  return cell.members.some(goes) ? withoutMember(cell, goes, moment) : { ...cell, syncDeadlineMs: 0 };
}

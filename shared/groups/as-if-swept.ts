import type { GroupCell } from '../storage/items/group-cell.ts';
import type { ConsumerMoment } from './consumer-events.ts';
import { decideGroup, nextDueMs } from './decide-group.ts';
import { expiredMembers, expiryOf } from './gather.ts';
import { send } from './group-context.ts';
import type { GroupRoom } from './group-room.ts';
import { readCell } from './stored-cell.ts';

/** The group as it will be when somebody folds what is due: for those who only look. Nothing is written. */
export async function asIfSwept(
  { context, leases }: Pick<GroupRoom, 'context' | 'leases'>,
  groupId: string,
  cell: GroupCell,
): Promise<GroupCell> {
  const nowMs = context.clock.nowMs();
  if (nextDueMs(cell) > nowMs) return cell;
  const found = await send(context, () => leases.all(groupId));
  const events = expiredMembers(cell, found, nowMs).map((memberId) => expiryOf(cell, memberId));
  const moment: ConsumerMoment = {
    nowMs,
    settings: context.settings,
    topics: new Map(),
    matches: new Map(),
  };
  return decideGroup(cell, events, moment).cell;
}

export const readAsIfSwept = async (room: GroupRoom, groupId: string): Promise<GroupCell> =>
  asIfSwept(room, groupId, await readCell(room.context, groupId));

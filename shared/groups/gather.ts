import type { GroupCell } from '../storage/items/group-cell.ts';
import type { MemberLease } from '../storage/items/member-lease.ts';
import type { GroupEvent } from './decide-group.ts';
import type { GroupContext } from './group-context.ts';
import { preparedJoins } from './subscriptions.ts';

export type MemberLeases = ReadonlyMap<string, MemberLease>;

/** The members without a lease that runs: dead, whatever the cell says. */
export const expiredMembers = (cell: GroupCell, leases: MemberLeases, nowMs: number): string[] =>
  cell.members
    .map(({ memberId }) => memberId)
    .filter((memberId) => (leases.get(memberId)?.untilMs ?? 0) <= nowMs);

export const expiryOf = (cell: GroupCell, memberId: string): GroupEvent => ({
  kind: cell.type === 'classic' ? 'expire' : 'consumerExpire',
  memberId,
});

/**
 * What the leases, read after the cell, say should happen to the group: members that died, members that did
 * not ask for their assignment in time, and joins that others have prepared. One write then carries a whole
 * storm; a join that its own process did not live to fold is folded as if it had lived one step longer.
 */
export async function gatherEvents(
  context: GroupContext,
  groupId: string,
  cell: GroupCell,
  leases: MemberLeases,
  own: readonly GroupEvent[],
): Promise<GroupEvent[]> {
  const nowMs = context.clock.nowMs();
  const expired = expiredMembers(cell, leases, nowMs);
  const events = expired.map((memberId) => expiryOf(cell, memberId));
  if (cell.type === 'consumer' && cell.members.length > 0) return events;
  const unsynced = unsyncedEvent(cell, leases, nowMs);
  if (unsynced !== undefined) events.push(unsynced);
  const joining = new Set(own.flatMap((event) => (event.kind === 'join' ? [event.memberId] : [])));
  const wants = [...leases].flatMap(([memberId, { untilMs, want }]) => {
    const isOpen = want !== undefined && want.generation === cell.generation && untilMs > nowMs;
    return isOpen && !joining.has(memberId) ? [{ memberId, ...want }] : [];
  });
  const unfolded = wants.filter(({ memberId, requestId }) => !isFolded(cell, memberId, requestId));
  return [...events, ...(await preparedJoins(context, groupId, unfolded))];
}

const isFolded = (cell: GroupCell, memberId: string, requestId: string): boolean =>
  cell.type === 'classic' &&
  cell.members.some((member) => member.memberId === memberId && member.requestId >= requestId);

function unsyncedEvent(cell: GroupCell, leases: MemberLeases, nowMs: number): GroupEvent | undefined {
  if (cell.type !== 'classic' || cell.syncDeadlineMs === 0 || nowMs < cell.syncDeadlineMs) return undefined;
  const memberIds = cell.members
    .map(({ memberId }) => memberId)
    .filter((memberId) => leases.get(memberId)?.synced !== cell.generation);
  return { kind: 'unsynced', generationId: cell.generation, memberIds };
}

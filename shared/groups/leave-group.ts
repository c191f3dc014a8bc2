import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { GroupCell } from '../storage/items/group-cell.ts';
import { equals } from '../storage/metadata-store.ts';
import { isStoreError } from '../storage/store-error.ts';
import type { LeaveGroupRequest, LeaveGroupResponse } from './api.ts';
import { checkMember } from './classic-look.ts';
import { checkGroupId, isMemberId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';

type Leaver = LeaveGroupRequest['members'][number];

/** Takes members out of a classic group, each answered for itself. Throws KafkaError and StoreError. */
export async function leaveGroup(room: GroupRoom, request: LeaveGroupRequest): Promise<LeaveGroupResponse> {
  const { groupId } = request;
  checkGroupId(groupId);
  const cell = await room.cells.read(groupId);
  const leaving = request.members.map((member) => ({ ...member, found: findLeaver(cell, member) }));
  const memberIds = new Set(leaving.flatMap(({ found }) => (found.is === 'member' ? [found.memberId] : [])));
  if (memberIds.size > 0) {
    // Lease first, cell second: if this process dies between the two, the sweep finishes its work.
    await Promise.all([...memberIds].map((memberId) => room.leases.remove(groupId, memberId)));
    // A member that the fold does not find any more has left: it was there before.
    await room.cells.fold(
      groupId,
      [...memberIds].map((memberId) => ({ kind: 'leave', memberId })),
    );
  }
  const members = leaving.map(async ({ memberId, groupInstanceId, found }) => {
    const error = found.is === 'member' ? 'NONE' : await leavePending(room, groupId, memberId, found.error);
    return { memberId, groupInstanceId, error };
  });
  return { error: 'NONE', members: await Promise.all(members) };
}

type Found = { is: 'member'; memberId: string } | { is: 'refused'; error: KafkaErrorName };

function findLeaver(cell: GroupCell, { memberId, groupInstanceId }: Leaver): Found {
  if (memberId === '' && groupInstanceId !== null && cell.type === 'classic') {
    const holder = cell.members.find((member) => member.groupInstanceId === groupInstanceId);
    if (holder !== undefined) return { is: 'member', memberId: holder.memberId };
  }
  const found = checkMember(cell, { memberId, groupInstanceId });
  return found.is === 'member' ? { is: 'member', memberId: found.member.memberId } : found;
}

/** An id that was handed out may be given back before it was used. */
async function leavePending(
  room: GroupRoom,
  groupId: string,
  memberId: string,
  error: KafkaErrorName,
): Promise<KafkaErrorName> {
  if (error !== 'UNKNOWN_MEMBER_ID' || !isMemberId(memberId)) return error;
  const lease = await room.leases.read(groupId, memberId);
  if (lease?.pending !== true) return error;
  try {
    await room.leases.remove(groupId, memberId, equals(['pending'], true));
    return 'NONE';
  } catch (failure) {
    if (isStoreError(failure, 'conditionFailed')) return error;
    throw failure;
  }
}

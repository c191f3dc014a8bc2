import { codeOf, type Handler } from '../handler.ts';

const firstWithMembers = 3; // KIP-345: several at once

/** LeaveGroup v0–5. Up to v2 the error of the one member is the error of the call. */
export const leaveGroup: Handler<'LeaveGroup'> = async (
  broker,
  { groupId, memberId, members },
  { version },
) => {
  const leaving = version >= firstWithMembers ? members : [{ memberId, groupInstanceId: null }];
  const left = await broker.groups.leaveGroup({ groupId, members: leaving });
  const single = version >= firstWithMembers ? undefined : left.members[0]?.error;
  return {
    errorCode: codeOf(left.error === 'NONE' ? (single ?? 'NONE') : left.error),
    members: left.members.map(({ error, ...member }) => ({ ...member, errorCode: codeOf(error) })),
  };
};

import { KafkaError, type KafkaErrorName } from '../kafka/error-codes.ts';
import type { HeartbeatRequest } from './api.ts';
import { checkHeartbeat } from './classic-look.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';

/** Says that a member of a classic group lives, and hears whether it has to join again. */
export async function heartbeat(room: GroupRoom, request: HeartbeatRequest): Promise<KafkaErrorName> {
  const { groupId } = request;
  checkGroupId(groupId);
  const found = checkHeartbeat(await room.cells.read(groupId), request);
  if (found.is === 'refused') throw new KafkaError(found.error);
  const { memberId, sessionTimeoutMs } = found.member;
  await room.leases.renewIfDue({ groupId, memberId, sessionTimeoutMs });
  return found.error;
}

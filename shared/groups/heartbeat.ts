import { KafkaError } from '../kafka/error-codes.ts';
import type { ClassicMember } from '../storage/items/classic-members.ts';
import type { HeartbeatRequest, HeartbeatResponse } from './api.ts';
import { checkHeartbeat } from './classic-look.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';

/** Says that a member of a classic group lives, and hears whether it has to join again. */
export async function heartbeat(room: GroupRoom, request: HeartbeatRequest): Promise<HeartbeatResponse> {
  const { groupId } = request;
  checkGroupId(groupId);
  const cell = await room.cells.read(groupId);
  const found = checkHeartbeat(cell, request);
  if (found.is === 'refused') throw new KafkaError(found.error);
  const { memberId, sessionTimeoutMs } = found.member;
  const notDueMs = await room.leases.renewIfDue({ groupId, memberId, sessionTimeoutMs });
  const isAtRest = cell.type === 'classic' && cell.state === 'Stable';
  return { error: found.error, mayStandMs: isAtRest ? mayStandMs(found.member, notDueMs) : 0 };
}

/** A held answer takes no more than this part of the time in which a member must come back to its group. */
const holdsPerTimeout = 6;

/**
 * How long NONE may be repeated without another look. Never past the moment when the lease is due: what is
 * held is what the store would have answered without a write, so whoever hears NONE has two thirds of its
 * session before it, held or not. The sixths leave it time to hear of a round and to join it.
 */
export const mayStandMs = (
  { sessionTimeoutMs, rebalanceTimeoutMs }: Pick<ClassicMember, 'sessionTimeoutMs' | 'rebalanceTimeoutMs'>,
  notDueMs: number,
): number => Math.floor(Math.min(notDueMs, Math.min(sessionTimeoutMs, rebalanceTimeoutMs) / holdsPerTimeout));

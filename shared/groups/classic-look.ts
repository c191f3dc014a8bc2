import type { Ulid } from '../base/ulid.ts';
import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { ClassicMember } from '../storage/items/classic-members.ts';
import type { ClassicCell, GroupCell, StoredAssignments } from '../storage/items/group-cell.ts';
import type { SyncEvent } from './classic-events.ts';

/** What those who wait, or only ask, see when they look at a cell. */

export type Refusal = { readonly is: 'refused'; readonly error: KafkaErrorName };
const refusal = (error: KafkaErrorName): Refusal => ({ is: 'refused', error });

type WhoAsks = { readonly memberId: string; readonly groupInstanceId: string | null };

/** The member that asks, or why it may not. */
export function checkMember(
  cell: GroupCell,
  { memberId, groupInstanceId }: WhoAsks,
): { is: 'member'; member: ClassicMember } | Refusal {
  if (cell.type !== 'classic') return refusal('UNKNOWN_MEMBER_ID');
  if (groupInstanceId !== null) {
    const holder = cell.members.find((member) => member.groupInstanceId === groupInstanceId);
    if (holder === undefined) return refusal('UNKNOWN_MEMBER_ID');
    return holder.memberId === memberId ? { is: 'member', member: holder } : refusal('FENCED_INSTANCE_ID');
  }
  const member = cell.members.find((candidate) => candidate.memberId === memberId);
  return member === undefined ? refusal('UNKNOWN_MEMBER_ID') : { is: 'member', member };
}

export type Waiting = { readonly is: 'wait' };
const wait: Waiting = { is: 'wait' };

export type JoinLook =
  | Waiting
  /** A round was completed and the next one opened while we slept: the join goes into that one. */
  | { readonly is: 'again' }
  | { readonly is: 'answer'; readonly cell: ClassicCell; readonly member: ClassicMember }
  | Refusal;

/** What a JoinGroup that was folded once, by whomever, finds in the cell. */
export function lookAtJoin(cell: GroupCell, who: WhoAsks & { readonly requestId: Ulid }): JoinLook {
  const found = checkMember(cell, who);
  if (found.is === 'refused') return found;
  if (found.member.requestId > who.requestId) return refusal('NOT_COORDINATOR');
  if (cell.type !== 'classic') return refusal('UNKNOWN_MEMBER_ID');
  if (cell.state !== 'PreparingRebalance') return { is: 'answer', cell, member: found.member };
  return found.member.joined ? wait : { is: 'again' };
}

export type SyncQuestion = Omit<SyncEvent, 'kind' | 'assignments'>;
export type SyncLook =
  | Waiting
  /** The leader's assignments are wanted. */
  | { readonly is: 'store' }
  | {
      readonly is: 'answer';
      readonly cell: ClassicCell;
      readonly member: ClassicMember;
      readonly assignments: StoredAssignments;
    }
  | Refusal;

/** What a SyncGroup finds when it comes. */
export function checkSync(cell: GroupCell, question: SyncQuestion): SyncLook {
  const found = checkMember(cell, question);
  if (found.is === 'refused') return found;
  if (cell.type !== 'classic') return refusal('UNKNOWN_MEMBER_ID');
  if (cell.generation !== question.generationId) return refusal('ILLEGAL_GENERATION');
  if (cell.state === 'PreparingRebalance') return refusal('REBALANCE_IN_PROGRESS');
  const { protocolType, protocolName } = question;
  const isOtherType = protocolType !== null && protocolType !== cell.protocolType;
  if (isOtherType || (protocolName !== null && protocolName !== cell.protocolName)) {
    return refusal('INCONSISTENT_GROUP_PROTOCOL');
  }
  if (cell.state === 'Stable' && cell.assignments !== null) {
    return { is: 'answer', cell, member: found.member, assignments: cell.assignments };
  }
  return cell.leader === question.memberId ? { is: 'store' } : wait;
}

/** What a SyncGroup that waits finds. A leader waits only while somebody else is folding its assignments. */
export function lookAtSync(cell: GroupCell, question: SyncQuestion): SyncLook {
  const look = checkSync(cell, question);
  return look.is === 'refused' && look.error === 'ILLEGAL_GENERATION'
    ? refusal('REBALANCE_IN_PROGRESS')
    : look;
}

/** What a Heartbeat is answered. */
export function checkHeartbeat(
  cell: GroupCell,
  question: WhoAsks & { readonly generationId: number },
): { is: 'member'; member: ClassicMember; error: KafkaErrorName } | Refusal {
  const found = checkMember(cell, question);
  if (found.is === 'refused') return found;
  if (cell.generation !== question.generationId) return refusal('ILLEGAL_GENERATION');
  const isPreparing = cell.type === 'classic' && cell.state === 'PreparingRebalance';
  return { ...found, error: isPreparing ? 'REBALANCE_IN_PROGRESS' : 'NONE' };
}

import type { ConsumerMember, TopicPartitions } from '../storage/items/consumer-members.ts';
import type { ConsumerCell } from '../storage/items/group-cell.ts';
import {
  areEqual,
  common,
  minus,
  noPartitions,
  plus,
  withEpochs,
  withoutEpochs,
} from './topic-partitions.ts';

/**
 * One step of a member towards its target. `owned`: what it says that it has; null says nothing, so it may
 * still have all. The cell is the only place where partitions change hands, and one write does it: two
 * members cannot take one partition (I11).
 */
export function reconcile(
  cell: ConsumerCell,
  memberId: string,
  owned: TopicPartitions | null,
  nowMs: number,
): ConsumerCell {
  const member = cell.members.find((candidate) => candidate.memberId === memberId);
  if (member === undefined) return cell;
  const assigned = withoutEpochs(member.assigned);
  const keeps = common(assigned, member.target);
  const leaves = plus(minus(assigned, member.target), member.pendingRevocation);
  const isOwned = leaves.size > 0 && (owned === null || common(leaves, owned).size > 0);
  const after = isOwned
    ? revoking(member, keeps, leaves, nowMs)
    : taking(member, keeps, minus(minus(member.target, keeps), heldByOthers(cell, member)), cell);
  if (isSameMember(after, member)) return cell;
  return {
    ...cell,
    // Whoever had these may not commit them any more, once their next owner has looked.
    fence: leaves.size > 0 && !isOwned ? cell.fence + 1n : cell.fence,
    members: cell.members.map((other) => (other === member ? after : other)),
  };
}

/** What other members have, or have not given back. */
const heldByOthers = (cell: ConsumerCell, member: ConsumerMember): TopicPartitions =>
  plus(
    ...cell.members
      .filter((other) => other !== member)
      .flatMap((other) => [withoutEpochs(other.assigned), other.pendingRevocation]),
  );

/** It has to give partitions back first; until then it stays in its epoch. */
const revoking = (
  member: ConsumerMember,
  keeps: TopicPartitions,
  leaves: TopicPartitions,
  nowMs: number,
): ConsumerMember => ({
  ...member,
  state: 'UNREVOKED',
  revokeByMs: member.revokeByMs === 0 ? nowMs + member.rebalanceTimeoutMs : member.revokeByMs,
  assigned: withEpochs(keeps, member.assigned, member.memberEpoch),
  pendingRevocation: leaves,
});

/** It takes what nobody has any more of its target, and the epoch of the target. */
function taking(
  member: ConsumerMember,
  keeps: TopicPartitions,
  takes: TopicPartitions,
  { assignmentEpoch }: ConsumerCell,
): ConsumerMember {
  const assigned = plus(keeps, takes);
  const isNewEpoch = member.memberEpoch !== assignmentEpoch;
  return {
    ...member,
    state: areEqual(assigned, member.target) ? 'STABLE' : 'UNRELEASED',
    revokeByMs: 0,
    memberEpoch: assignmentEpoch,
    previousMemberEpoch: isNewEpoch ? member.memberEpoch : member.previousMemberEpoch,
    assigned: withEpochs(assigned, member.assigned, assignmentEpoch),
    pendingRevocation: noPartitions,
  };
}

const isSameMember = (a: ConsumerMember, b: ConsumerMember): boolean =>
  a.state === b.state &&
  a.memberEpoch === b.memberEpoch &&
  a.revokeByMs === b.revokeByMs &&
  areEqual(withoutEpochs(a.assigned), withoutEpochs(b.assigned)) &&
  areEqual(a.pendingRevocation, b.pendingRevocation);

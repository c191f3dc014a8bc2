import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { ConsumerMember } from '../storage/items/consumer-members.ts';
import type { ConsumerCell } from '../storage/items/group-cell.ts';
import { nextSweepMs } from './classic-round.ts';
import { admit } from './consumer-admit.ts';
import type {
  ConsumerAnswer,
  ConsumerEvent,
  ConsumerLeaveEvent,
  ConsumerMoment,
  HeartbeatEvent,
} from './consumer-events.ts';
import { reconcile } from './consumer-reconcile.ts';
import { hashOfTopics, isTargetDue, withTargets } from './consumer-target.ts';
import { areEqual, isWithin, noPartitions, withoutEpochs } from './topic-partitions.ts';

export type ConsumerDecision = { readonly cell: ConsumerCell; readonly answers: readonly ConsumerAnswer[] };

type Change = { cell: ConsumerCell; isNews: boolean; answers: (ConsumerAnswer | undefined)[] };

/**
 * What a KIP-848 group becomes when these things happen to it, in this order: admit, bump the group epoch,
 * compute the target, then reconcile one member after another. No I/O, no clock; the same cell object is
 * answered when nothing changes.
 */
export function decideConsumer(
  cell: ConsumerCell,
  events: readonly ConsumerEvent[],
  moment: ConsumerMoment,
): ConsumerDecision {
  const late = cell.members.filter(({ revokeByMs }) => revokeByMs !== 0 && moment.nowMs >= revokeByMs);
  const change: Change = { cell, isNews: false, answers: [] };
  for (const { memberId } of late) removeMember(change, memberId);
  for (const event of events) change.answers.push(foldEvent(change, event, moment));
  change.cell = withEpoch(change.cell, change.isNews, events.some(isHeartbeat), moment);
  const answers = change.answers.map((answer, place) => {
    const event = events[place];
    if (answer !== undefined || event === undefined || !isHeartbeat(event)) return answer ?? done;
    return reconciled(change, cell, event, moment);
  });
  return { cell: withSweep(change.cell, moment), answers };
}

const done: ConsumerAnswer = { is: 'done' };
const isHeartbeat = (event: ConsumerEvent): event is HeartbeatEvent => event.kind === 'heartbeat';

/** Undefined: admitted, to be answered when the target is known. */
function foldEvent(change: Change, event: ConsumerEvent, moment: ConsumerMoment): ConsumerAnswer | undefined {
  if (event.kind === 'consumerExpire') {
    removeMember(change, event.memberId);
    return done;
  }
  if (event.kind === 'consumerLeave') return leave(change, event);
  const admitted = admit(change.cell, event, moment);
  if (admitted.is === 'refused') return admitted;
  change.cell = admitted.cell;
  change.isNews ||= admitted.isNewsToGroup;
  return undefined;
}

function removeMember(change: Change, memberId: string): void {
  const gone = change.cell.members.find((member) => member.memberId === memberId);
  if (gone === undefined) return;
  const hadPartitions = gone.assigned.size > 0 || gone.pendingRevocation.size > 0;
  change.isNews = true;
  change.cell = {
    ...change.cell,
    fence: change.cell.fence + (hadPartitions ? 1n : 0n),
    members: change.cell.members.filter((member) => member !== gone),
  };
}

/** The member that leaves, or why it may not. */
export function checkConsumerLeave(
  cell: ConsumerCell,
  { memberId, groupInstanceId }: Pick<ConsumerLeaveEvent, 'memberId' | 'groupInstanceId'>,
): ConsumerMember | KafkaErrorName {
  if (groupInstanceId !== null) {
    const holder = cell.members.find((member) => member.groupInstanceId === groupInstanceId);
    if (holder === undefined) return 'UNKNOWN_MEMBER_ID';
    return holder.memberId === memberId ? holder : 'FENCED_INSTANCE_ID';
  }
  return cell.members.find((member) => member.memberId === memberId) ?? 'UNKNOWN_MEMBER_ID';
}

function leave(change: Change, event: ConsumerLeaveEvent): ConsumerAnswer {
  const member = checkConsumerLeave(change.cell, event);
  if (typeof member === 'string') return { is: 'refused', error: member };
  if (!event.comesBack) {
    removeMember(change, event.memberId);
    return done;
  }
  if (member.hasLeft) return done;
  const waits: ConsumerMember = {
    ...member,
    hasLeft: true,
    memberEpoch: -2,
    previousMemberEpoch: member.memberEpoch,
    state: 'STABLE',
    revokeByMs: 0,
    pendingRevocation: noPartitions,
  };
  change.cell = {
    ...change.cell,
    fence: change.cell.fence + (member.pendingRevocation.size > 0 ? 1n : 0n),
    members: change.cell.members.map((other) => (other === member ? waits : other)),
  };
  return done;
}

/** The group epoch after what happened, with its target when that may be computed now. */
function withEpoch(
  cell: ConsumerCell,
  isNews: boolean,
  knowsTopics: boolean,
  moment: ConsumerMoment,
): ConsumerCell {
  const topicsHash = knowsTopics ? hashOfTopics(cell, moment) : cell.topicsHash;
  const isBumped = isNews || topicsHash !== cell.topicsHash;
  const after = isBumped
    ? { ...cell, generation: cell.generation + 1, topicsHash, topicsCheckedAtMs: moment.nowMs }
    : cell;
  if (after.members.length === 0) {
    const isJustEmpty = cell.emptySinceMs === 0 && isBumped;
    // Its zombies lose the right to commit, so that a tool may set offsets.
    return isJustEmpty
      ? { ...after, emptySinceMs: moment.nowMs, fence: after.fence + 1n, sweepAtMs: 0 }
      : after;
  }
  return knowsTopics && isTargetDue(after, moment.nowMs) ? withTargets(after, moment) : after;
}

function reconciled(
  change: Change,
  before: ConsumerCell,
  event: HeartbeatEvent,
  { nowMs }: ConsumerMoment,
): ConsumerAnswer {
  change.cell = reconcile(change.cell, event.memberId, event.owned, nowMs);
  const find = (cell: ConsumerCell): ConsumerMember | undefined =>
    cell.members.find(({ memberId }) => memberId === event.memberId);
  const member = find(change.cell);
  if (member === undefined) return { is: 'refused', error: 'UNKNOWN_MEMBER_ID' };
  const assignment = withoutEpochs(member.assigned);
  const old = find(before);
  const hasChanged = old === undefined || !areEqual(withoutEpochs(old.assigned), assignment);
  // It owns what it has to give back: perhaps it never heard that.
  const ownsMore = event.owned !== null && !isWithin(event.owned, assignment);
  const mustHear = event.isFull || event.mayBeFolded || ownsMore || event.memberEpoch !== old?.memberEpoch;
  return {
    is: 'heartbeat',
    memberId: event.memberId,
    memberEpoch: member.memberEpoch,
    assignment: event.memberEpoch === 0 || mustHear || hasChanged ? assignment : null,
    isSettled: member.state === 'STABLE' && change.cell.assignmentEpoch === change.cell.generation,
  };
}

function withSweep(cell: ConsumerCell, { nowMs, settings }: ConsumerMoment): ConsumerCell {
  if (cell.members.length === 0 || cell.sweepAtMs !== 0) return cell;
  return { ...cell, sweepAtMs: nextSweepMs([settings.consumerSessionTimeoutMs], nowMs) };
}

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

/** The state that tools are shown; it follows from the members. */
export function consumerGroupState(cell: ConsumerCell): ConsumerGroupState {
  if (cell.members.length === 0) return 'Empty';
  if (cell.assignmentEpoch < cell.generation) return 'Assigning';
  const isThere = ({ state, memberEpoch, hasLeft }: ConsumerMember): boolean =>
    hasLeft || (state === 'STABLE' && memberEpoch === cell.assignmentEpoch);
  return cell.members.every(isThere) ? 'Stable' : 'Reconciling';
}

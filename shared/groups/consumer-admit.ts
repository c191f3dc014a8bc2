import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { ConsumerMember } from '../storage/items/consumer-members.ts';
import type { ConsumerCell } from '../storage/items/group-cell.ts';
import type { ConsumerMoment, HeartbeatEvent } from './consumer-events.ts';
import { isWithin, noPartitions, withoutEpochs } from './topic-partitions.ts';

export type Admitted = {
  readonly is: 'admitted';
  readonly cell: ConsumerCell;
  /** Whether its subscription, or who is a member, changed. */
  readonly isNewsToGroup: boolean;
};
export type NotAdmitted = { readonly is: 'refused'; readonly error: KafkaErrorName };
const refusal = (error: KafkaErrorName): NotAdmitted => ({ is: 'refused', error });

/** Whether a heartbeat may speak for a member, and the group with what it says of the member. */
export function admit(
  cell: ConsumerCell,
  event: HeartbeatEvent,
  { settings }: ConsumerMoment,
): Admitted | NotAdmitted {
  const known = cell.members.find(({ memberId }) => memberId === event.memberId);
  const holder =
    event.groupInstanceId === null
      ? undefined
      : cell.members.find(({ groupInstanceId }) => groupInstanceId === event.groupInstanceId);
  if (event.memberEpoch !== 0) {
    const error = whyNotCurrent(known, holder, event);
    return known === undefined || error !== undefined
      ? refusal(error ?? 'UNKNOWN_MEMBER_ID')
      : withMember(cell, known, event);
  }
  if (holder !== undefined && holder.memberId !== event.memberId) {
    return holder.hasLeft ? takeOver(cell, holder, event) : refusal('UNRELEASED_INSTANCE_ID');
  }
  if (known !== undefined) return withMember(cell, known, event);
  if (cell.members.length >= settings.consumerGroupSizeMax) return refusal('GROUP_MAX_SIZE_REACHED');
  const member = saying(newMember(event), event);
  return {
    is: 'admitted',
    cell: { ...cell, members: [...cell.members, member], emptySinceMs: 0 },
    isNewsToGroup: true,
  };
}

/** Why a heartbeat with an epoch above 0 may not speak for the member. */
function whyNotCurrent(
  known: ConsumerMember | undefined,
  holder: ConsumerMember | undefined,
  event: HeartbeatEvent,
): KafkaErrorName | undefined {
  if (event.groupInstanceId !== null) {
    if (holder === undefined) return 'UNKNOWN_MEMBER_ID';
    if (holder.memberId !== event.memberId) return 'FENCED_INSTANCE_ID';
  }
  if (known === undefined) return 'UNKNOWN_MEMBER_ID';
  if (known.hasLeft || event.memberEpoch > known.memberEpoch) return 'FENCED_MEMBER_EPOCH';
  if (event.memberEpoch === known.memberEpoch) return undefined;
  if (event.memberEpoch !== known.previousMemberEpoch) return 'FENCED_MEMBER_EPOCH';
  // The answer that told it the new epoch was lost; what it owns shows that it has no other one.
  const isConsistent = event.owned !== null && isWithin(event.owned, withoutEpochs(known.assigned));
  return isConsistent || event.mayBeFolded ? undefined : 'FENCED_MEMBER_EPOCH';
}

const newMember = (event: HeartbeatEvent): ConsumerMember => ({
  memberId: event.memberId,
  groupInstanceId: event.groupInstanceId,
  rackId: null,
  clientId: event.clientId,
  clientHost: event.clientHost,
  memberEpoch: 0,
  previousMemberEpoch: 0,
  state: 'STABLE',
  rebalanceTimeoutMs: 0,
  revokeByMs: 0,
  subscribedTopicNames: [],
  subscribedTopicRegex: null,
  serverAssignor: null,
  assigned: new Map(),
  pendingRevocation: noPartitions,
  target: noPartitions,
  hasLeft: false,
});

/** A static member that had left comes back under a new id, to the same target. */
function takeOver(cell: ConsumerCell, old: ConsumerMember, event: HeartbeatEvent): Admitted {
  const heir = {
    ...newMember(event),
    subscribedTopicNames: old.subscribedTopicNames,
    subscribedTopicRegex: old.subscribedTopicRegex,
    serverAssignor: old.serverAssignor,
    assigned: old.assigned,
    target: old.target,
  };
  const members = cell.members.map((member) => (member === old ? heir : member));
  return withMember({ ...cell, members, fence: cell.fence + 1n }, heir, event);
}

function withMember(cell: ConsumerCell, known: ConsumerMember, event: HeartbeatEvent): Admitted {
  // Epoch 0 of a member that had left with -2 under the same id: it begins again.
  const begun = known.hasLeft ? { ...known, hasLeft: false, memberEpoch: 0, previousMemberEpoch: 0 } : known;
  const member = saying(begun, event);
  if (member === known) return { is: 'admitted', cell, isNewsToGroup: false };
  return {
    is: 'admitted',
    cell: { ...cell, members: cell.members.map((other) => (other === known ? member : other)) },
    isNewsToGroup:
      member.subscribedTopicRegex !== known.subscribedTopicRegex ||
      member.serverAssignor !== known.serverAssignor ||
      !areSameTexts(member.subscribedTopicNames, known.subscribedTopicNames),
  };
}

/** The member with what the heartbeat says about it; the same object when that is nothing new. */
function saying(member: ConsumerMember, event: HeartbeatEvent): ConsumerMember {
  const names = event.subscribedTopicNames;
  const sorted = names === null ? member.subscribedTopicNames : [...new Set(names)].sort();
  const regex = event.subscribedTopicRegex ?? member.subscribedTopicRegex;
  const after = {
    ...member,
    rackId: event.rackId ?? member.rackId,
    rebalanceTimeoutMs: event.rebalanceTimeoutMs < 0 ? member.rebalanceTimeoutMs : event.rebalanceTimeoutMs,
    subscribedTopicNames: areSameTexts(sorted, member.subscribedTopicNames)
      ? member.subscribedTopicNames
      : sorted,
    subscribedTopicRegex: regex === '' ? null : regex,
    serverAssignor: event.serverAssignor ?? member.serverAssignor,
  };
  const isSame = (Object.keys(after) as (keyof ConsumerMember)[]).every((key) => after[key] === member[key]);
  return isSame ? member : after;
}

const areSameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, place) => text === b[place]);

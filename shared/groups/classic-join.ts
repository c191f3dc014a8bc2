import type { ClassicMember } from '../storage/items/classic-members.ts';
import type { ClassicCell } from '../storage/items/group-cell.ts';
import { type ClassicAnswer, type JoinEvent, type Moment, refused } from './classic-events.ts';
import {
  chooseProtocol,
  extendInitialRound,
  openInitialRound,
  openRound,
  protocolsOfAll,
} from './classic-round.ts';
import { groupLimits } from './group-settings.ts';

export type ClassicFold = { readonly cell: ClassicCell; readonly answer: ClassicAnswer };

/** What a JoinGroup makes of a classic group. */
export function foldJoin(cell: ClassicCell, event: JoinEvent, moment: Moment): ClassicFold {
  const known = cell.members.find(({ memberId }) => memberId === event.memberId);
  const holder = holderOf(cell, event);
  const refuse = (error: Parameters<typeof refused>[0]): ClassicFold => ({ cell, answer: refused(error) });
  const replaced = known ?? (event.cameWithoutId ? holder : undefined);
  if (replaced === undefined && event.admits && cell.members.length >= moment.settings.groupSizeMax) {
    return refuse('GROUP_MAX_SIZE_REACHED');
  }
  if (!isConsistent(cell, event, replaced)) return refuse('INCONSISTENT_GROUP_PROTOCOL');
  if (event.groupInstanceId !== null && !event.cameWithoutId) {
    if (holder === undefined) return refuse('UNKNOWN_MEMBER_ID');
    if (holder.memberId !== event.memberId) return refuse('FENCED_INSTANCE_ID');
  }
  if (replaced === undefined && !event.admits) return refuse('UNKNOWN_MEMBER_ID');
  if (metadataBytesWith(cell, event, replaced) > groupLimits.groupMetadataBytesMax) {
    return refuse('GROUP_MAX_SIZE_REACHED');
  }
  if (replaced !== undefined && event.requestId < replaced.requestId) {
    return { cell, answer: { is: 'superseded' } };
  }
  const joined = (after: ClassicCell): ClassicFold => ({
    cell: after,
    answer: {
      is: 'joined',
      memberId: event.memberId,
      replaced: replaced === undefined || replaced === known ? null : replaced.memberId,
    },
  });
  if (known !== undefined) return joined(rejoin(cell, known, event, moment));
  if (replaced !== undefined) return joined(replaceStatic(cell, replaced, event, moment));
  return joined(addMember(cell, event, moment));
}

/** The member that has the event's instance id. */
const holderOf = (cell: ClassicCell, { groupInstanceId }: JoinEvent): ClassicMember | undefined =>
  groupInstanceId === null
    ? undefined
    : cell.members.find((member) => member.groupInstanceId === groupInstanceId);

/** It has protocols, of the group's type, and one of them is supported by all others. */
function isConsistent(cell: ClassicCell, event: JoinEvent, replaced: ClassicMember | undefined): boolean {
  if (event.protocolNames.length === 0 || event.protocolType === '') return false;
  if (cell.members.length === 0) return true;
  const others = cell.members.filter((member) => member !== replaced);
  return event.protocolType === cell.protocolType && protocolsOfAll([event, ...others]).length > 0;
}

const metadataBytesWith = (
  cell: ClassicCell,
  event: JoinEvent,
  replaced: ClassicMember | undefined,
): number =>
  cell.members.reduce((sum, { metadataBytes }) => sum + metadataBytes, event.metadataBytes) -
  (replaced?.metadataBytes ?? 0);

const memberOf = (event: JoinEvent, joined: boolean): ClassicMember => ({
  memberId: event.memberId,
  groupInstanceId: event.groupInstanceId,
  subscription: event.subscription,
  protocolNames: event.protocolNames,
  metadataBytes: event.metadataBytes,
  sessionTimeoutMs: event.sessionTimeoutMs,
  rebalanceTimeoutMs: event.rebalanceTimeoutMs,
  joined,
  requestId: event.requestId,
});

const replaceMember = (cell: ClassicCell, old: ClassicMember, by: ClassicMember): ClassicCell => ({
  ...cell,
  members: cell.members.map((member) => (member === old ? by : member)),
});

function addMember(cell: ClassicCell, event: JoinEvent, moment: Moment): ClassicCell {
  const added = { ...cell, members: [...cell.members, memberOf(event, true)] };
  if (cell.state === 'Empty' || cell.state === 'Dead') {
    return openInitialRound({ ...added, protocolType: event.protocolType }, moment);
  }
  if (cell.state !== 'PreparingRebalance') return openRound(added, moment.nowMs, event.memberId);
  return cell.initial ? extendInitialRound(added, moment) : added;
}

/** A member that is in the group joins again, or the same request is folded again. */
function rejoin(cell: ClassicCell, known: ClassicMember, event: JoinEvent, { nowMs }: Moment): ClassicCell {
  const isPreparing = cell.state === 'PreparingRebalance';
  if (event.requestId === known.requestId) {
    return isPreparing && !known.joined ? replaceMember(cell, known, { ...known, joined: true }) : cell;
  }
  // An instance id, once had, is not lost by a request that does not name it.
  const updated = {
    ...memberOf(event, isPreparing),
    groupInstanceId: event.groupInstanceId ?? known.groupInstanceId,
  };
  const after = replaceMember(cell, known, updated);
  if (isPreparing) return after;
  const hasChanged = event.subscription !== known.subscription;
  const leadsStable = cell.state === 'Stable' && cell.leader === event.memberId;
  return hasChanged || leadsStable ? openRound(after, nowMs, event.memberId) : after;
}

/**
 * A static member came back with a new member id (KIP-345): the old id is fenced. In a stable group it
 * inherits assignment and leadership without a round, as long as the vote would choose the same protocol.
 */
function replaceStatic(
  cell: ClassicCell,
  old: ClassicMember,
  event: JoinEvent,
  { nowMs }: Moment,
): ClassicCell {
  const isPreparing = cell.state === 'PreparingRebalance';
  const leader = cell.leader === old.memberId ? event.memberId : cell.leader;
  const after: ClassicCell = {
    ...replaceMember(cell, old, memberOf(event, isPreparing)),
    fence: cell.fence + 1n,
    leader,
  };
  if (isPreparing) return after;
  const keepsProtocol = chooseProtocol(after.members, leader) === cell.protocolName;
  if (cell.state !== 'Stable' || !keepsProtocol) return openRound(after, nowMs, event.memberId);
  // It has not asked for its assignment yet, and gets as long for it as anybody.
  const isWaitedFor = cell.syncDeadlineMs !== 0;
  const syncDeadlineMs = Math.max(cell.syncDeadlineMs, nowMs + event.rebalanceTimeoutMs);
  return isWaitedFor ? { ...after, syncDeadlineMs } : after;
}

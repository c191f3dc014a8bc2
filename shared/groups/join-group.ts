import { KafkaError, type KafkaErrorName } from '../kafka/error-codes.ts';
import type { ClassicMember } from '../storage/items/classic-members.ts';
import type { ClassicCell, GroupCell } from '../storage/items/group-cell.ts';
import type { MemberSubscription } from '../storage/items/member-subscription.ts';
import { equals } from '../storage/metadata-store.ts';
import {
  type Again,
  type JoinGroupRequest,
  type JoinGroupResponse,
  type WaitOptions,
  waitMsMaxDefault,
} from './api.ts';
import type { JoinEvent } from './classic-events.ts';
import { checkMember, type JoinLook, lookAtJoin } from './classic-look.ts';
import { bestEffort, pauseMs, send } from './group-context.ts';
import { checkGroupId, checkGroupInstanceId, isMemberId, newMemberId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import { groupLimits } from './group-settings.ts';
import type { Lessee } from './leases.ts';
import { joinEvent, putSubscription, readSubscriptions } from './subscriptions.ts';
import { comeAgain } from './sync-group.ts';

/** A JoinGroup on its way: as who it came, and as whom it is folded. */
type Joining = {
  readonly request: JoinGroupRequest;
  readonly lessee: Lessee;
  readonly event: JoinEvent;
  /** The member whose instance id it takes over, as seen before the fold. */
  readonly predecessor: string | null;
};

export const refuseJoin = (memberId: string, error: KafkaErrorName): JoinGroupResponse => ({
  error,
  generationId: -1,
  protocolType: null,
  protocolName: null,
  leader: '',
  skipAssignment: false,
  memberId,
  members: [],
});

/** Joins a classic group: answered when its round is complete. Throws KafkaError and StoreError. */
export async function joinGroup(
  room: GroupRoom,
  request: JoinGroupRequest,
  options: WaitOptions,
): Promise<JoinGroupResponse | Again> {
  checkJoin(room, request);
  const cell = await room.cells.read(request.groupId);
  if (cell.type === 'consumer' && cell.members.length > 0)
    throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL');
  if (options.isAgain)
    return waitForRound(room, joiningAs(request, cell, request.memberId, false), cell, options);
  if (request.memberId === '' && request.requiresKnownMemberId && request.groupInstanceId === null) {
    return handOutId(room, request, cell);
  }
  const joining = await prepare(room, request, cell);
  const after = await foldJoining(room, joining);
  return waitForRound(room, joining, after, options);
}

async function foldJoining(room: GroupRoom, joining: Joining): Promise<GroupCell> {
  const { cell, answers } = await room.cells.fold(joining.lessee.groupId, [joining.event]);
  const [answer] = answers;
  if (answer?.is === 'refused') {
    if (answer.error === 'UNKNOWN_MEMBER_ID') await removeStrayLease(room, joining);
    throw new KafkaError(answer.error);
  }
  if (answer?.is === 'superseded') throw new KafkaError('NOT_COORDINATOR');
  return cell;
}

/** Everything that the request alone can be refused for. */
function checkJoin({ context }: GroupRoom, request: JoinGroupRequest): void {
  checkGroupId(request.groupId);
  const { sessionTimeoutMsMin, sessionTimeoutMsMax } = context.settings;
  const { sessionTimeoutMs, protocols } = request;
  if (sessionTimeoutMs < sessionTimeoutMsMin || sessionTimeoutMs > sessionTimeoutMsMax) {
    const bounds = `${sessionTimeoutMsMin} to ${sessionTimeoutMsMax} ms`;
    throw new KafkaError('INVALID_SESSION_TIMEOUT', `A session lasts ${bounds}, not ${sessionTimeoutMs}.`);
  }
  checkGroupInstanceId(request.groupInstanceId);
  if (protocols.length === 0 || request.protocolType === '') {
    throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL', 'A member names a protocol type and a protocol.');
  }
  const bytes = protocols.reduce((sum, { metadata }) => sum + metadata.length, 0);
  if (bytes > groupLimits.memberBytesMax) {
    const most = groupLimits.memberBytesMax;
    throw new KafkaError('UNKNOWN_SERVER_ERROR', `The metadata of a member has ${bytes} bytes of ${most}.`);
  }
}

/** A new member is told its id and comes back with it; no round waits for those who do not (KIP-394). */
async function handOutId(
  room: GroupRoom,
  request: JoinGroupRequest,
  cell: GroupCell,
): Promise<JoinGroupResponse> {
  if (cell.members.length >= room.context.settings.groupSizeMax)
    throw new KafkaError('GROUP_MAX_SIZE_REACHED');
  const memberId = newMemberId(room.context.random, request.clientId, null);
  const { groupId, sessionTimeoutMs } = request;
  await room.leases.handOut({ groupId, memberId, sessionTimeoutMs });
  return refuseJoin(memberId, 'MEMBER_ID_REQUIRED');
}

/** Stages subscription and lease, in this order; then the join may be folded by anybody. */
async function prepare(room: GroupRoom, request: JoinGroupRequest, seen: GroupCell): Promise<Joining> {
  const { groupId, memberId } = request;
  const { cell, isPending } = await known(room, request, seen);
  const id =
    memberId === '' ? newMemberId(room.context.random, request.clientId, request.groupInstanceId) : memberId;
  const joining = joiningAs(request, cell, id, memberId === '' || isPending);
  await putSubscription(room.context, groupId, id, subscriptionOf(request));
  const want = {
    generation: cell.generation,
    subscription: joining.event.subscription,
    requestId: request.requestId,
  };
  if (!(await room.leases.want(joining.lessee, want, isPending))) throw new KafkaError('UNKNOWN_MEMBER_ID');
  return joining;
}

/**
 * The cell in which the member is known, or `isPending`: its id was handed out, and nobody has joined with it
 * but this very request, in another process. Throws UNKNOWN_MEMBER_ID and FENCED_INSTANCE_ID.
 */
async function known(
  room: GroupRoom,
  request: JoinGroupRequest,
  seen: GroupCell,
): Promise<{ cell: GroupCell; isPending: boolean }> {
  const { groupId, memberId } = request;
  const isIn = (cell: GroupCell): boolean => cell.members.some((member) => member.memberId === memberId);
  if (memberId === '' || isIn(seen)) return { cell: seen, isPending: false };
  const lease = isMemberId(memberId) ? await room.leases.read(groupId, memberId) : undefined;
  const isOurs = lease?.want?.requestId === request.requestId;
  if (lease?.pending || isOurs) return { cell: seen, isPending: true };
  // The same request may have been answered elsewhere since the cell was read: then it is in the cell now.
  const cell = lease === undefined ? seen : await room.cells.read(groupId);
  if (isIn(cell)) return { cell, isPending: false };
  throw new KafkaError(whyUnknown(cell, request));
}

function whyUnknown(cell: GroupCell, request: JoinGroupRequest): KafkaErrorName {
  const found = checkMember(cell, request);
  return found.is === 'refused' ? found.error : 'UNKNOWN_MEMBER_ID';
}

const subscriptionOf = (request: JoinGroupRequest): MemberSubscription => ({
  protocolType: request.protocolType,
  protocols: request.protocols,
  groupInstanceId: request.groupInstanceId,
  clientId: request.clientId,
  clientHost: request.clientHost,
  sessionTimeoutMs: request.sessionTimeoutMs,
  rebalanceTimeoutMs: request.rebalanceTimeoutMs > 0 ? request.rebalanceTimeoutMs : request.sessionTimeoutMs,
  requestId: request.requestId,
  cameWithoutId: request.memberId === '',
});

function joiningAs(request: JoinGroupRequest, cell: GroupCell, memberId: string, admits: boolean): Joining {
  const { groupId, groupInstanceId, sessionTimeoutMs } = request;
  const holder =
    groupInstanceId === null || cell.type !== 'classic'
      ? undefined
      : cell.members.find((member) => member.groupInstanceId === groupInstanceId);
  return {
    request,
    lessee: { groupId, memberId, sessionTimeoutMs },
    event: joinEvent(memberId, subscriptionOf(request), admits),
    predecessor: holder === undefined || holder.memberId === memberId ? null : holder.memberId,
  };
}

/** Nobody will fold this lease's join any more: it would bring in a member whose client is gone. */
function removeStrayLease(room: GroupRoom, { lessee, request }: Joining): Promise<void> {
  const remove = room.leases.remove(lessee.groupId, lessee.memberId, equals(['request'], request.requestId));
  return bestEffort(room.context, 'removing the lease of a refused member', remove);
}

/** Looks, and waits, until the round that the join is in is complete. */
async function waitForRound(
  room: GroupRoom,
  joining: Joining,
  first: GroupCell,
  options: WaitOptions,
): Promise<JoinGroupResponse | Again> {
  const { context, watches, cells } = room;
  const { lessee, request } = joining;
  const who = {
    memberId: lessee.memberId,
    groupInstanceId: request.groupInstanceId,
    requestId: request.requestId,
  };
  const untilMs = context.clock.nowMs() + (options.waitMsMax ?? waitMsMaxDefault);
  let cell = first;
  let look: JoinLook = lookAtJoin(cell, who);
  for (let tries = 0; ; ) {
    if (look.is === 'refused') throw new KafkaError(look.error);
    if (look.is === 'answer') {
      const answer = await answerOf(room, joining, look.cell, look.member);
      if (answer !== undefined) return answer;
      // A subscription that the cell names was gone: the cell has moved.
      if (tries > 0) await context.clock.sleep(pauseMs(context, tries));
      if (tries++ > 5) throw new KafkaError('NOT_COORDINATOR');
      cell = await cells.read(lessee.groupId);
      look = lookAtJoin(cell, who);
    } else if (look.is === 'again') {
      cell = await foldJoining(room, joining);
      look = lookAtJoin(cell, who);
    } else {
      const waitMsMax = untilMs - context.clock.nowMs();
      const looked = await watches.wait({
        lessee,
        seen: cell.version,
        look: (seen) => notWaiting(lookAtJoin(seen, who)),
        waitMsMax,
        signal: options.signal,
      });
      if (looked === 'over') return comeAgain(options, lessee.memberId, 'NOT_COORDINATOR');
      if (looked === 'aborted') throw new KafkaError('NOT_COORDINATOR');
      look = looked;
    }
  }
}

const notWaiting = (look: JoinLook): JoinLook | undefined => (look.is === 'wait' ? undefined : look);

/** Undefined: what the cell names is not there any more. */
async function answerOf(
  room: GroupRoom,
  joining: Joining,
  cell: ClassicCell,
  member: ClassicMember,
): Promise<JoinGroupResponse | undefined> {
  const { lessee, request } = joining;
  const isLeader = cell.leader === member.memberId;
  // Only a static member that came back is answered as the leader of a group that has its assignments.
  const inherits = isLeader && cell.state === 'Stable' && member.groupInstanceId !== null;
  const isTold = isLeader && (!inherits || request.supportsSkippingAssignment);
  const subscriptions = await send(room.context, () =>
    readSubscriptions(room.context, lessee.groupId, isTold ? cell.members : []),
  );
  if (subscriptions === undefined) return undefined;
  await room.leases.answered(lessee, request.requestId);
  const metadataOf = (memberId: string): Uint8Array =>
    subscriptions.get(memberId)?.protocols.find(({ name }) => name === cell.protocolName)?.metadata ??
    new Uint8Array();
  return {
    error: 'NONE',
    generationId: cell.generation,
    protocolType: cell.protocolType,
    protocolName: cell.protocolName,
    // Before version 9 an heir hears of its predecessor, or else it would assign once more.
    leader: isTold || !isLeader ? cell.leader : (joining.predecessor ?? request.groupInstanceId ?? ''),
    skipAssignment: inherits && isTold,
    memberId: member.memberId,
    members: isTold
      ? cell.members.map(({ memberId, groupInstanceId }) => ({
          memberId,
          groupInstanceId,
          metadata: metadataOf(memberId),
        }))
      : [],
  };
}

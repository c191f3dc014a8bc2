import { KafkaError, type KafkaErrorName } from '../kafka/error-codes.ts';
import type { ClassicCell, GroupCell } from '../storage/items/group-cell.ts';
import {
  type Again,
  type SyncGroupRequest,
  type SyncGroupResponse,
  type WaitOptions,
  waitMsMaxDefault,
} from './api.ts';
import { readAssignment, removeAssignments, storeAssignments } from './assignments.ts';
import { checkSync, lookAtSync, type SyncLook } from './classic-look.ts';
import { bestEffort, pauseMs } from './group-context.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import { groupLimits } from './group-settings.ts';

export const refuseSync = (error: KafkaErrorName): SyncGroupResponse => ({
  error,
  protocolType: null,
  protocolName: null,
  assignment: new Uint8Array(),
});

/** A caller that can, comes again; the client of another one does, on hearing this code. */
export function comeAgain(options: WaitOptions, memberId: string, error: KafkaErrorName): Again {
  if (options.canComeAgain) return { again: { afterMs: 200, memberId } };
  throw new KafkaError(error);
}

/** Gives the leader's assignments to the group and each member its own. Throws KafkaError and StoreError. */
export async function syncGroup(
  room: GroupRoom,
  request: SyncGroupRequest,
  options: WaitOptions,
): Promise<SyncGroupResponse | Again> {
  checkGroupId(request.groupId);
  const cell = await room.cells.read(request.groupId);
  const look = options.isAgain ? lookAtSync(cell, request) : checkSync(cell, request);
  if (look.is === 'refused') throw new KafkaError(look.error);
  const { sessionTimeoutMs } = memberOf(cell, request.memberId);
  const lessee = { groupId: request.groupId, memberId: request.memberId, sessionTimeoutMs };
  const marked = room.leases.synced(lessee, request.generationId);
  const [after] = await Promise.all([look.is === 'store' ? store(room, request, cell) : cell, marked]);
  return waitForAssignment(room, request, after, sessionTimeoutMs, options);
}

const memberOf = (cell: GroupCell, memberId: string): { sessionTimeoutMs: number } =>
  (cell.type === 'classic' ? cell.members : []).find((member) => member.memberId === memberId) ?? {
    sessionTimeoutMs: 0,
  };

/** Stores what the leader assigned, then lets the cell name it, unless others were named meanwhile. */
async function store(room: GroupRoom, request: SyncGroupRequest, cell: GroupCell): Promise<GroupCell> {
  checkAssignments(request);
  const assignments = await storeAssignments(room.context, request, cell as ClassicCell);
  const { memberId, groupInstanceId, generationId, protocolType, protocolName } = request;
  const event = { memberId, groupInstanceId, generationId, protocolType, protocolName, assignments };
  const { cell: after, answers } = await room.cells.fold(request.groupId, [{ kind: 'sync', ...event }]);
  if (after.type !== 'classic' || after.assignments?.nonce !== assignments.nonce) {
    const remove = removeAssignments(room.context, request.groupId, generationId, assignments);
    await bestEffort(room.context, 'removing assignments that nobody names', remove);
  }
  const [answer] = answers;
  if (answer?.is === 'refused') {
    // It was right when it came: what it finds now is the next round.
    const isLate = answer.error === 'ILLEGAL_GENERATION';
    throw new KafkaError(isLate ? 'REBALANCE_IN_PROGRESS' : answer.error);
  }
  return after;
}

function checkAssignments({ assignments }: SyncGroupRequest): void {
  const most = groupLimits.memberBytesMax;
  const large = assignments.find(({ assignment }) => assignment.length > most);
  if (large === undefined) return;
  const message = `The assignment of ${large.memberId} has ${large.assignment.length} bytes of ${most}.`;
  throw new KafkaError('UNKNOWN_SERVER_ERROR', message);
}

async function waitForAssignment(
  room: GroupRoom,
  request: SyncGroupRequest,
  first: GroupCell,
  sessionTimeoutMs: number,
  options: WaitOptions,
): Promise<SyncGroupResponse | Again> {
  const { context, watches, cells } = room;
  const { groupId, memberId } = request;
  const untilMs = context.clock.nowMs() + (options.waitMsMax ?? waitMsMaxDefault);
  let cell = first;
  let look = lookAtSync(cell, request);
  for (let tries = 0; ; ) {
    if (look.is === 'refused') throw new KafkaError(look.error);
    if (look.is === 'answer') {
      const assignment = await readAssignment(context, groupId, look.cell, look.member, look.assignments);
      if (assignment !== undefined) return assigned(look.cell, assignment);
      if (tries > 0) await context.clock.sleep(pauseMs(context, tries));
      if (tries++ > 5) throw new KafkaError('REBALANCE_IN_PROGRESS');
      cell = await cells.read(groupId);
      look = lookAtSync(cell, request);
    } else {
      const looked = await watches.wait<SyncLook>({
        lessee: { groupId, memberId, sessionTimeoutMs },
        seen: cell.version,
        look: (seen) => ended(lookAtSync(seen, request)),
        waitMsMax: untilMs - context.clock.nowMs(),
        signal: options.signal,
      });
      if (looked === 'over') return comeAgain(options, memberId, 'REBALANCE_IN_PROGRESS');
      if (looked === 'aborted') throw new KafkaError('REBALANCE_IN_PROGRESS');
      look = looked;
    }
  }
}

const ended = (look: SyncLook): SyncLook | undefined =>
  look.is === 'answer' || look.is === 'refused' ? look : undefined;

const assigned = (
  { protocolType, protocolName }: ClassicCell,
  assignment: Uint8Array,
): SyncGroupResponse => ({
  error: 'NONE',
  protocolType,
  protocolName,
  assignment,
});

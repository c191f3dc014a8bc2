import { createHash } from 'node:crypto';
import type { JoinEvent, Moment, SyncEvent } from '../../../shared/groups/classic-events.ts';
import { decideClassic } from '../../../shared/groups/classic-group.ts';
import { defaultGroupSettings, type GroupSettings } from '../../../shared/groups/group-settings.ts';
import type { ClassicMember } from '../../../shared/storage/items/classic-members.ts';
import { absentCell, type ClassicCell, type ClassicState } from '../../../shared/storage/items/group-cell.ts';

/** Cells and events of classic groups, as short as tests like them. */

export const t0 = 1_700_000_000_000;
export const sessionMs = 10_000;
export const rebalanceMs = 60_000;

/** Ids of requests that sort by their number. */
export const request = (number: number): string => `01HF0000000000000000${String(number).padStart(6, '0')}`;

export const at = (afterMs = 0, settings: Partial<GroupSettings> = {}): Moment => ({
  nowMs: t0 + afterMs,
  settings: { ...defaultGroupSettings, ...settings },
});

export const hashOf = (metadata: string): string =>
  createHash('sha256').update(metadata).digest('base64url').slice(0, 21).concat('A');

export const member = (memberId: string, changes: Partial<ClassicMember> = {}): ClassicMember => ({
  memberId,
  groupInstanceId: null,
  subscription: hashOf(`of ${memberId}`),
  protocolNames: ['range'],
  metadataBytes: 10,
  sessionTimeoutMs: sessionMs,
  rebalanceTimeoutMs: rebalanceMs,
  joined: false,
  requestId: request(1),
  ...changes,
});

const assignments = { nonce: 'first', chunks: 1 };

/** A cell in `state` with members `a` (its leader), `b`, …, in generation 5. */
export function cellIn(
  state: ClassicState,
  members: readonly ClassicMember[] = [member('a'), member('b')],
  changes: Partial<ClassicCell> = {},
): ClassicCell {
  const isAlive = members.length > 0;
  return {
    ...absentCell,
    version: 9n,
    generation: 5,
    fence: 7n,
    state,
    protocolType: 'consumer',
    protocolName: isAlive ? 'range' : '',
    leader: isAlive ? (members[0]?.memberId ?? '') : '',
    sweepAtMs: isAlive ? t0 + 1_000 : 0,
    emptySinceMs: isAlive ? 0 : t0,
    openedAtMs: state === 'PreparingRebalance' ? t0 : 0,
    deadlineMs: state === 'PreparingRebalance' ? t0 + rebalanceMs : 0,
    syncDeadlineMs: state === 'CompletingRebalance' || state === 'Stable' ? t0 + rebalanceMs : 0,
    assignments: state === 'Stable' ? assignments : null,
    members,
    ...changes,
  };
}

export const join = (memberId: string, changes: Partial<JoinEvent> = {}): JoinEvent => ({
  kind: 'join',
  memberId,
  admits: false,
  cameWithoutId: false,
  groupInstanceId: null,
  protocolType: 'consumer',
  protocolNames: ['range'],
  subscription: hashOf(`of ${memberId}`),
  metadataBytes: 10,
  sessionTimeoutMs: sessionMs,
  rebalanceTimeoutMs: rebalanceMs,
  requestId: request(2),
  ...changes,
});

export const newJoin = (memberId: string, changes: Partial<JoinEvent> = {}): JoinEvent =>
  join(memberId, { admits: true, ...changes });

export const changedJoin = (memberId: string, changes: Partial<JoinEvent> = {}): JoinEvent =>
  join(memberId, { subscription: hashOf('something new'), ...changes });

/** A static member that starts: it knows its instance id and no member id. */
export const staticJoin = (memberId: string, instance: string, changes: Partial<JoinEvent> = {}): JoinEvent =>
  newJoin(memberId, { cameWithoutId: true, groupInstanceId: instance, ...changes });

export const sync = (memberId: string, changes: Partial<SyncEvent> = {}): SyncEvent => ({
  kind: 'sync',
  memberId,
  groupInstanceId: null,
  generationId: 5,
  protocolType: null,
  protocolName: null,
  assignments: { nonce: 'second', chunks: 2 },
  ...changes,
});

export const joinedOf = (cell: ClassicCell): string[] =>
  cell.members.filter(({ joined }) => joined).map(({ memberId }) => memberId);
export const idsOf = (cell: ClassicCell): string[] => cell.members.map(({ memberId }) => memberId);

export const decide = decideClassic;

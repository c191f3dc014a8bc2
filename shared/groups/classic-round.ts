import { present } from '../base/assert.ts';
import type { ClassicMember } from '../storage/items/classic-members.ts';
import type { ClassicCell } from '../storage/items/group-cell.ts';
import type { Moment } from './classic-events.ts';
import { groupLimits } from './group-settings.ts';

/** The rounds of a classic group: how one opens, and how it ends in a new generation. */

/** The longest that any member may take to come back. */
const longestRebalanceMs = (members: readonly ClassicMember[]): number =>
  Math.max(0, ...members.map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs));

/** Everybody has to join again; only `askerId` has. A round that is open stays as it is. */
export function openRound(cell: ClassicCell, nowMs: number, askerId?: string): ClassicCell {
  if (cell.state === 'PreparingRebalance') return cell;
  const members = cell.members.map((member) => ({ ...member, joined: member.memberId === askerId }));
  return {
    ...cell,
    state: 'PreparingRebalance',
    initial: false,
    openedAtMs: nowMs,
    deadlineMs: nowMs + longestRebalanceMs(members),
    syncDeadlineMs: 0,
    assignments: null,
    members,
  };
}

/** The first round of an empty group, which waits a little for more members. */
export function openInitialRound(cell: ClassicCell, { nowMs, settings }: Moment): ClassicCell {
  const opened = openRound(cell, nowMs, cell.members[0]?.memberId);
  return extendInitialRound({ ...opened, initial: true, emptySinceMs: 0 }, { nowMs, settings });
}

/** Each new member makes the first round wait again, but never longer than a rebalance may last. */
export const extendInitialRound = (cell: ClassicCell, { nowMs, settings }: Moment): ClassicCell => ({
  ...cell,
  deadlineMs: Math.min(
    nowMs + settings.initialRebalanceDelayMs,
    cell.openedAtMs + longestRebalanceMs(cell.members),
  ),
});

/** Ends what is due: the open round, or the group's life without members. */
export function endDueRound(cell: ClassicCell, nowMs: number): ClassicCell {
  if (cell.state === 'Empty' || cell.state === 'Dead') return cell;
  if (cell.members.length === 0) return withoutMembers(cell, nowMs);
  if (cell.state !== 'PreparingRebalance') return cell;
  const isOver = nowMs >= cell.deadlineMs;
  const haveAllJoined = !cell.initial && cell.members.every(({ joined }) => joined);
  return isOver || haveAllJoined ? completeRound(cell, nowMs) : cell;
}

/**
 * A group whose last member is gone. Its zombies lose the right to commit, so that a tool may set offsets.
 */
const withoutMembers = (cell: ClassicCell, nowMs: number): ClassicCell => ({
  ...cell,
  state: 'Empty',
  generation: cell.generation + 1,
  fence: cell.fence + 1n,
  protocolName: '',
  leader: '',
  openedAtMs: 0,
  deadlineMs: 0,
  initial: false,
  syncDeadlineMs: 0,
  assignments: null,
  members: [],
  sweepAtMs: 0,
  emptySinceMs: nowMs,
});

/** Static members that did not join stay until their lease ends; others are dropped. */
function completeRound(cell: ClassicCell, nowMs: number): ClassicCell {
  const staying = cell.members.filter(({ joined, groupInstanceId }) => joined || groupInstanceId !== null);
  if (staying.length === 0) return withoutMembers(cell, nowMs);
  const longestMs = longestRebalanceMs(staying);
  const joined = staying.filter((member) => member.joined);
  const [first] = joined;
  if (first === undefined)
    return { ...cell, initial: false, members: staying, deadlineMs: nowMs + longestMs };
  const leader = joined.some(({ memberId }) => memberId === cell.leader) ? cell.leader : first.memberId;
  return {
    ...cell,
    state: 'CompletingRebalance',
    generation: cell.generation + 1,
    fence: cell.fence + 1n,
    protocolName: chooseProtocol(staying, leader),
    leader,
    openedAtMs: 0,
    deadlineMs: 0,
    initial: false,
    syncDeadlineMs: nowMs + longestMs,
    assignments: null,
    members: staying.map((member) => ({ ...member, joined: false })),
  };
}

/** The protocols that every member supports. */
export function protocolsOfAll(members: readonly Pick<ClassicMember, 'protocolNames'>[]): string[] {
  const [first, ...others] = members;
  return (first?.protocolNames ?? []).filter((name) =>
    others.every(({ protocolNames }) => protocolNames.includes(name)),
  );
}

/**
 * By vote: each member for the first of its protocols that all support. Of equals the leader's preferred one.
 */
export function chooseProtocol(members: readonly ClassicMember[], leaderId: string): string {
  const candidates = protocolsOfAll(members);
  const votes = new Map<string, number>(candidates.map((name) => [name, 0]));
  for (const { protocolNames } of members) {
    const choice = protocolNames.find((name) => votes.has(name));
    if (choice !== undefined) votes.set(choice, (votes.get(choice) ?? 0) + 1);
  }
  const most = Math.max(...votes.values());
  const leader = members.find(({ memberId }) => memberId === leaderId) ?? members[0];
  const chosen = leader?.protocolNames.find((name) => votes.get(name) === most);
  return present(chosen, 'members that share no protocol are refused when they join');
}

/** When somebody has to look for dead members next, as seen from now. */
export const nextSweepMs = (sessionsMs: readonly number[], nowMs: number): number =>
  nowMs + Math.max(groupLimits.sweepIntervalMsMin, Math.floor(Math.min(...sessionsMs) / 4));

/** The sweep comes in time for the shortest session. */
export function withSweep(cell: ClassicCell, nowMs: number): ClassicCell {
  if (cell.members.length === 0) return cell;
  const sessionsMs = cell.members.map(({ sessionTimeoutMs }) => sessionTimeoutMs);
  const latestMs = nextSweepMs(sessionsMs, nowMs);
  if (cell.sweepAtMs !== 0 && cell.sweepAtMs <= latestMs) return cell;
  return { ...cell, sweepAtMs: latestMs };
}

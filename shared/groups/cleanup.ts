import { groupAssignmentKey } from '../storage/items/group-assignment.ts';
import type { GroupCell } from '../storage/items/group-cell.ts';
import { rosterKey } from '../storage/items/group-roster.ts';
import { memberSubscriptionKey } from '../storage/items/member-subscription.ts';
import { equals } from '../storage/metadata-store.ts';
import type { MemberLeases } from './gather.ts';
import { bestEffort, type GroupContext } from './group-context.ts';
import type { Leases } from './leases.ts';
import type { StoredCell } from './stored-cell.ts';

/**
 * Removes what a cell named and its successor does not. It comes after the write, so whatever is left behind
 * when the process dies costs space only.
 */
export async function removeUnnamed(
  context: GroupContext,
  leases: Leases,
  groupId: string,
  before: StoredCell,
  after: GroupCell,
): Promise<void> {
  const work: Promise<void>[] = [];
  if (before.roster !== undefined) {
    work.push(context.metadata.remove(rosterKey(groupId, before.roster)));
  }
  work.push(...oldMembers(context, leases, groupId, before.cell, after));
  work.push(...oldAssignments(context, groupId, before.cell, after));
  await Promise.all(work.map((one) => bestEffort(context, 'removing what a group left', one)));
}

function oldMembers(
  { metadata }: GroupContext,
  leases: Leases,
  groupId: string,
  before: GroupCell,
  after: GroupCell,
): Promise<void>[] {
  const work: Promise<void>[] = [];
  const named = new Map(after.members.map((member) => [member.memberId, member]));
  for (const { memberId } of before.members) {
    if (!named.has(memberId)) work.push(leases.remove(groupId, memberId));
  }
  if (before.type !== 'classic') return work;
  for (const { memberId, subscription, requestId } of before.members) {
    const now = named.get(memberId);
    if (now !== undefined && (!('subscription' in now) || now.subscription === subscription)) continue;
    const key = memberSubscriptionKey(groupId, memberId, subscription);
    // A member that is about to come back to its old subscription has put it again, by a newer request.
    work.push(metadata.remove(key, now === undefined ? undefined : equals(['request'], requestId)));
  }
  return work;
}

function oldAssignments(
  { metadata }: GroupContext,
  groupId: string,
  before: GroupCell,
  after: GroupCell,
): Promise<void>[] {
  const stored = before.type === 'classic' ? before.assignments : null;
  if (stored === null) return [];
  const isNamed =
    after.type === 'classic' &&
    after.generation === before.generation &&
    after.assignments?.nonce === stored.nonce;
  if (isNamed) return [];
  return Array.from({ length: stored.chunks }, (_, chunk) =>
    metadata.remove(
      groupAssignmentKey(groupId, { generation: before.generation, nonce: stored.nonce, chunk }),
    ),
  );
}

/** Removes leases that ran out and that no member has, unless somebody has just renewed them. */
export async function removeDeadLeases(
  context: GroupContext,
  leases: Leases,
  groupId: string,
  found: MemberLeases,
  after: GroupCell,
): Promise<void> {
  const nowMs = context.clock.nowMs();
  const members = new Set(after.members.map(({ memberId }) => memberId));
  const dead = [...found].filter(([memberId, { untilMs }]) => untilMs <= nowMs && !members.has(memberId));
  await Promise.all(
    dead.map(([memberId, { untilMs }]) => {
      const remove = leases.remove(groupId, memberId, equals(['until'], BigInt(untilMs)));
      return bestEffort(context, 'removing a lease', remove);
    }),
  );
}

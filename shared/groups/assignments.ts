import type { ClassicMember } from '../storage/items/classic-members.ts';
import {
  type AssignmentChunk,
  groupAssignmentKey,
  readGroupAssignment,
  writeGroupAssignment,
} from '../storage/items/group-assignment.ts';
import type { ClassicCell, StoredAssignments } from '../storage/items/group-cell.ts';
import type { SyncGroupRequest } from './api.ts';
import { type GroupContext, send, sendAgain } from './group-context.ts';
import { freshName } from './group-names.ts';
import { groupLimits } from './group-settings.ts';

/**
 * What the leader of a classic group assigned: put in chunks under a fresh name, before the cell names it.
 */

/** FNV-1a: which chunk a member's assignment is in. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < name.length; place++) {
    hash = Math.imul(hash ^ name.charCodeAt(place), 0x01000193) >>> 0;
  }
  return hash;
}

/** A static member keeps its assignment when it comes back under another member id. */
const assignmentName = ({ memberId, groupInstanceId }: ClassicMember): string =>
  groupInstanceId === null ? `m ${memberId}` : `i ${groupInstanceId}`;

/** Chunks of about 32 KB, or as many as there are members where single assignments are larger. */
export function chunksOf(assignments: ReadonlyMap<string, Uint8Array>): AssignmentChunk[] {
  const sizeOf = (chunk: AssignmentChunk): number =>
    [...chunk].reduce((sum, [name, { length }]) => sum + name.length * 3 + length, 0);
  const largest = groupLimits.assignmentChunkBytes;
  for (let count = Math.max(1, Math.ceil(sizeOf(assignments) / largest)); ; count *= 2) {
    const chunks = Array.from({ length: count }, () => new Map<string, Uint8Array>());
    for (const [name, assignment] of assignments) chunks[hashOf(name) % count]?.set(name, assignment);
    const isFine = chunks.every((chunk) => chunk.size <= 1 || sizeOf(chunk) <= largest);
    if (isFine || count > assignments.size * 4) return chunks;
  }
}

export async function storeAssignments(
  context: GroupContext,
  { groupId, generationId, assignments }: SyncGroupRequest,
  cell: ClassicCell,
): Promise<StoredAssignments> {
  const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
  const named = cell.members.flatMap((member): [string, Uint8Array][] => {
    const assignment = byMember.get(member.memberId);
    return assignment === undefined ? [] : [[assignmentName(member), assignment]];
  });
  const chunks = chunksOf(new Map(named));
  const nonce = freshName(context.random);
  await Promise.all(
    chunks.map((chunk, place) => {
      const key = groupAssignmentKey(groupId, { generation: generationId, nonce, chunk: place });
      return sendAgain(context, () => context.metadata.put(key, writeGroupAssignment(chunk)));
    }),
  );
  return { nonce, chunks: chunks.length };
}

export async function removeAssignments(
  context: GroupContext,
  groupId: string,
  generation: number,
  { nonce, chunks }: StoredAssignments,
): Promise<void> {
  for (let chunk = 0; chunk < chunks; chunk++) {
    await context.metadata.remove(groupAssignmentKey(groupId, { generation, nonce, chunk }));
  }
}

/** The member's assignment: empty if it has none. Undefined: the cell has moved. */
export async function readAssignment(
  context: GroupContext,
  groupId: string,
  { generation }: ClassicCell,
  member: ClassicMember,
  { nonce, chunks }: StoredAssignments,
): Promise<Uint8Array | undefined> {
  const name = assignmentName(member);
  const key = groupAssignmentKey(groupId, { generation, nonce, chunk: hashOf(name) % chunks });
  const item = await send(context, () => context.metadata.get(key));
  if (item === undefined) return undefined;
  return readGroupAssignment(item).get(name) ?? new Uint8Array();
}

/** Everybody's assignment, for tools; members without one are left out. Undefined: the cell has moved. */
export async function readAllAssignments(
  context: GroupContext,
  groupId: string,
  { generation, members }: ClassicCell,
  { nonce, chunks }: StoredAssignments,
): Promise<Map<string, Uint8Array> | undefined> {
  const keys = Array.from({ length: chunks }, (_, chunk) =>
    groupAssignmentKey(groupId, { generation, nonce, chunk }),
  );
  const items = await send(context, () => context.metadata.getMany(keys));
  const all = new Map<string, Uint8Array>();
  for (const item of items) {
    if (item === undefined) return undefined;
    for (const [name, assignment] of readGroupAssignment(item)) all.set(name, assignment);
  }
  return new Map(
    members.flatMap((member): [string, Uint8Array][] => {
      const assignment = all.get(assignmentName(member));
      return assignment === undefined ? [] : [[member.memberId, assignment]];
    }),
  );
}

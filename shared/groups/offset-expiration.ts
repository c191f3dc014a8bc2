import { ulidTimeMs } from '../base/ulid.ts';
import type { GroupCell } from '../storage/items/group-cell.ts';
import { type GroupIndex, groupIndexRange, readGroupIndex } from '../storage/items/group-index.ts';
import type { CommittedOffset } from '../storage/items/offset-block.ts';
import { queryAll } from '../storage/metadata-store.ts';
import { isDead } from './decide-group.ts';
import { deleteGroup, finishDeletion, forgetDeletedGroup } from './delete-group.ts';
import { send } from './group-context.ts';
import type { GroupRoom } from './group-room.ts';
import { forgetOffsets, hasOffsets, type OffsetBlockId, removeIfEmptied } from './offset-updates.ts';
import { putIndex, readStoredCell } from './stored-cell.ts';
import { type IsSubscribed, subscriptionsOf } from './subscribed.ts';
import { blocksOf, tidyGroup } from './tidy-group.ts';

/** Nobody is still at work on a deletion, or on a first join, this long after. */
const halfDoneMs = 3_600_000;

export type Expired = {
  readonly offsets: number;
  /** Groups that had nothing left, or were deleted long ago. */
  readonly groups: readonly string[];
  readonly failed: readonly string[];
};

/**
 * The daily job of `offsets.retention.minutes`, through the index of groups. A failure with one group
 * does not keep it from the others. If it never runs, nothing is lost but space (I10).
 */
export async function expireOffsets(room: GroupRoom): Promise<Expired> {
  const { context } = room;
  const groups: string[] = [];
  const failed: string[] = [];
  let offsets = 0;
  for (const index of await send(context, () => allIndexes(room))) {
    try {
      const expired = await expireGroup(room, index);
      offsets += expired.offsets;
      if (expired.isGone) groups.push(index.groupId);
    } catch (error) {
      context.log.warn('the offsets of a group could not be expired', { groupId: index.groupId, error });
      failed.push(index.groupId);
    }
  }
  return { offsets, groups, failed };
}

async function allIndexes({ context }: GroupRoom): Promise<GroupIndex[]> {
  const indexes: GroupIndex[] = [];
  for await (const { item } of queryAll(context.metadata, groupIndexRange))
    indexes.push(readGroupIndex(item));
  return indexes;
}

type GroupExpired = { offsets: number; isGone: boolean };

async function expireGroup(room: GroupRoom, index: GroupIndex): Promise<GroupExpired> {
  const { context, cells } = room;
  const { groupId, deletedMs } = index;
  const keptFromMs = context.clock.nowMs() - context.settings.offsetsRetentionMs;
  const cell = await cells.read(groupId);
  if (isDead(cell)) return { offsets: 0, isGone: await forgetDead(room, index, keptFromMs) };
  // Made again by a process that slept between the name and the cell.
  if (deletedMs > 0) await putIndex(context, groupId);
  const offsets = await expireBlocks(room, groupId, cell, keptFromMs);
  await tidyGroup(room, groupId, await readStoredCell(context, groupId));
  const isOver = cell.members.length === 0 && !(await hasAnyOffsets(room, groupId));
  if (isOver) await deleteGroup(room, groupId);
  return { offsets, isGone: isOver };
}

async function forgetDead(room: GroupRoom, index: GroupIndex, keptFromMs: number): Promise<boolean> {
  const { deletedMs, nonce } = index;
  if (deletedMs > 0) return deletedMs <= keptFromMs && (await forgetDeletedGroup(room, index));
  // Whoever deleted it, or began to make it, did not come to the end.
  const isOld = room.context.clock.nowMs() - ulidTimeMs(nonce) > halfDoneMs;
  if (isOld) await finishDeletion(room, index.groupId, index);
  return false;
}

async function expireBlocks(
  room: GroupRoom,
  groupId: string,
  cell: GroupCell,
  keptFromMs: number,
): Promise<number> {
  const { context } = room;
  const isSubscribed = await subscriptionsOf(room, groupId, cell);
  let expired = 0;
  for (const block of await send(context, () => blocksOf(context, groupId))) {
    const topic = await context.topics.findById(block.topicId);
    if (topic === undefined) {
      await removeIfEmptied(context, block, true);
      continue;
    }
    const chooses = ruleFor(cell, topic.name, isSubscribed, keptFromMs);
    if (chooses !== undefined) {
      expired += (await forgetOffsets(context, block, (_, offset) => chooses(offset), cell.fence)).length;
    }
    await removeIfEmptied(context, block);
  }
  return expired;
}

type Rule = (offset: CommittedOffset) => boolean;

/** Which offsets of a topic may go; undefined: none. */
export function ruleFor(
  cell: GroupCell,
  topic: string,
  isSubscribed: IsSubscribed,
  keptFromMs: number,
): Rule | undefined {
  const byCommitTime: Rule = ({ committedAtMs }) => committedAtMs <= keptFromMs;
  if (cell.members.length === 0) {
    if (cell.type === 'classic' && cell.protocolType === '') return byCommitTime;
    return cell.emptySinceMs <= keptFromMs ? () => true : undefined;
  }
  const isSettled = cell.type === 'consumer' || (cell.state === 'Stable' && cell.protocolType === 'consumer');
  return isSettled && !isSubscribed(topic) ? byCommitTime : undefined;
}

async function hasAnyOffsets({ context }: GroupRoom, groupId: string): Promise<boolean> {
  const blocks: OffsetBlockId[] = await send(context, () => blocksOf(context, groupId));
  for (const block of blocks) if (await hasOffsets(context, block)) return true;
  return false;
}

import { forEachAtMost } from '../base/concurrency.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import { groupCellKey } from '../storage/items/group-cell.ts';
import {
  type GroupIndex,
  groupIndexKey,
  readGroupIndex,
  writeGroupIndex,
} from '../storage/items/group-index.ts';
import { equals } from '../storage/metadata-store.ts';
import { tryWrite } from '../storage/store-error.ts';
import { isDead } from './decide-group.ts';
import { type GroupContext, send, sendAgain } from './group-context.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import { forgetOffsets, removeIfEmptied } from './offset-updates.ts';
import { readStoredCell } from './stored-cell.ts';
import { blocksOf, tidyGroup } from './tidy-group.ts';

const blocksAtOnce = 16;

/**
 * Deletes a group without living members. Its numbers go on for `offsets.retention.minutes`, so that no late
 * commit fits into a new group of the name. A deletion that did not come to its end is finished by the same
 * call. Throws NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND; StoreError.
 */
export async function deleteGroup(room: GroupRoom, groupId: string): Promise<void> {
  checkGroupId(groupId, { mayBeEmpty: true });
  const { context, cells } = room;
  const index = await readIndex(context, groupId);
  const before = await cells.read(groupId);
  if (isDead(before) && (before.version === 0n || index === undefined || index.deletedMs > 0)) {
    throw new KafkaError('GROUP_ID_NOT_FOUND');
  }
  const { answers } = await cells.fold(groupId, [{ kind: 'delete' }]);
  const [answer] = answers;
  // It was there before: a fold that does not find it any more finds it deleted.
  if (answer?.is === 'refused' && answer.error !== 'GROUP_ID_NOT_FOUND') throw new KafkaError(answer.error);
  await finishDeletion(room, groupId, index);
}

/** What follows from a cell that is Dead: forgets the offsets, then lets the name out of the lists. */
export async function finishDeletion(
  room: GroupRoom,
  groupId: string,
  index: GroupIndex | undefined,
): Promise<void> {
  const { context } = room;
  const stored = await readStoredCell(context, groupId);
  if (!isDead(stored.cell)) return; // made again meanwhile
  const { fence } = stored.cell;
  const blocks = await send(context, () => blocksOf(context, groupId));
  await forEachAtMost(blocksAtOnce, blocks, async (block) => {
    await forgetOffsets(context, block, () => true, fence, true);
  });
  await tidyGroup(room, groupId, stored);
  if (index !== undefined) await hideIndex(context, index);
}

async function readIndex(context: GroupContext, groupId: string): Promise<GroupIndex | undefined> {
  const item = await send(context, () => context.metadata.get(groupIndexKey(groupId)));
  return item === undefined ? undefined : readGroupIndex(item);
}

/** Lets the name out of the lists; a group that was made meanwhile has put its own. */
async function hideIndex(context: GroupContext, index: GroupIndex): Promise<void> {
  const hidden = writeGroupIndex({ ...index, deletedMs: context.clock.nowMs() });
  const isSame = equals(['nonce'], index.nonce);
  const key = groupIndexKey(index.groupId);
  await sendAgain(context, () => tryWrite(context.metadata.put(key, hidden, isSame)));
}

/**
 * Lets the last traces of a group go that was deleted long ago: blocks, then the cell, then the name. A group
 * that was made meanwhile has written its cell, and keeps everything.
 */
export async function forgetDeletedGroup(room: GroupRoom, { groupId, nonce }: GroupIndex): Promise<boolean> {
  const { context } = room;
  const stored = await readStoredCell(context, groupId);
  if (!isDead(stored.cell)) return false;
  const blocks = await send(context, () => blocksOf(context, groupId));
  await forEachAtMost(blocksAtOnce, blocks, async (block) => {
    await removeIfEmptied(context, block);
  });
  await tidyGroup(room, groupId, stored);
  if (stored.cell.version > 0n) {
    const isSame = equals(['v'], stored.cell.version);
    const key = groupCellKey(groupId);
    if (!(await sendAgain(context, () => tryWrite(context.metadata.remove(key, isSame))))) return false;
  }
  const isSame = equals(['nonce'], nonce);
  return sendAgain(context, () => tryWrite(context.metadata.remove(groupIndexKey(groupId), isSame)));
}

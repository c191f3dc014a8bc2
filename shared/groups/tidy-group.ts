import { forEachAtMost } from '../base/concurrency.ts';
import { ulidTimeMs } from '../base/ulid.ts';
import type { Key } from '../storage/item.ts';
import { groupAssignmentRange, partOfAssignment } from '../storage/items/group-assignment.ts';
import { rosterRange, rosterVersion } from '../storage/items/group-roster.ts';
import {
  memberOfSubscription,
  memberSubscriptionRange,
  readMemberSubscription,
} from '../storage/items/member-subscription.ts';
import { offsetBlockRange, readOffsetBlock } from '../storage/items/offset-block.ts';
import { type Condition, equals, queryAll } from '../storage/metadata-store.ts';
import { tryWrite } from '../storage/store-error.ts';
import { removeDeadLeases } from './cleanup.ts';
import { type GroupContext, sendAgain } from './group-context.ts';
import type { GroupRoom } from './group-room.ts';
import type { OffsetBlockId } from './offset-updates.ts';
import type { StoredCell } from './stored-cell.ts';

const removalsAtOnce = 16;
/** Nobody is still about to name what was staged this long ago. */
const stagedMs = 86_400_000;

type Unnamed = { readonly key: Key; readonly condition?: Condition };

/**
 * Removes what no cell of the group names and none will: what processes left behind that died between staging
 * and naming, or between naming something else and removing.
 */
export async function tidyGroup(room: GroupRoom, groupId: string, stored: StoredCell): Promise<void> {
  const { context, leases } = room;
  const unnamed = [
    ...(await unnamedRosters(context, groupId, stored)),
    ...(await unnamedAssignments(context, groupId, stored)),
    ...(await unnamedSubscriptions(context, groupId, stored)),
  ];
  await forEachAtMost(removalsAtOnce, unnamed, async ({ key, condition }) => {
    await sendAgain(context, () => tryWrite(context.metadata.remove(key, condition)));
  });
  await removeDeadLeases(context, leases, groupId, await leases.all(groupId), stored.cell);
}

/** A cell of an older version can be written no more, so nobody will name its roster. */
async function unnamedRosters(
  { metadata }: GroupContext,
  groupId: string,
  { cell, roster }: StoredCell,
): Promise<Unnamed[]> {
  const found: Unnamed[] = [];
  for await (const { key } of queryAll(metadata, rosterRange(groupId))) {
    if (key.sk !== roster && rosterVersion(key.sk) <= cell.version) found.push({ key });
  }
  return found;
}

/** Assignments are for one generation; of the current one only those that the cell names are safe to keep. */
async function unnamedAssignments(
  { metadata }: GroupContext,
  groupId: string,
  { cell }: StoredCell,
): Promise<Unnamed[]> {
  const named = cell.type === 'classic' ? cell.assignments?.nonce : undefined;
  const found: Unnamed[] = [];
  for await (const { key } of queryAll(metadata, groupAssignmentRange(groupId))) {
    const { generation, nonce } = partOfAssignment(key);
    const isDecided = generation < cell.generation || (generation === cell.generation && named !== undefined);
    if (isDecided && nonce !== named) found.push({ key });
  }
  return found;
}

async function unnamedSubscriptions(
  { metadata, clock }: GroupContext,
  groupId: string,
  { cell }: StoredCell,
): Promise<Unnamed[]> {
  const members = cell.type === 'classic' ? cell.members : [];
  const named = new Map(members.map(({ memberId, subscription }) => [memberId, subscription]));
  const found: Unnamed[] = [];
  for await (const { key, item } of queryAll(metadata, memberSubscriptionRange(groupId))) {
    const { memberId, hash } = memberOfSubscription(key);
    const { requestId } = readMemberSubscription(item);
    const isOld = clock.nowMs() - ulidTimeMs(requestId) > stagedMs;
    if (isOld && named.get(memberId) !== hash) {
      found.push({ key, condition: equals(['request'], requestId) });
    }
  }
  return found;
}

/** The blocks of committed offsets of a group. */
export async function blocksOf({ metadata }: GroupContext, groupId: string): Promise<OffsetBlockId[]> {
  const blocks: OffsetBlockId[] = [];
  for await (const { item } of queryAll(metadata, offsetBlockRange(groupId))) {
    const { topicId, block } = readOffsetBlock(item);
    blocks.push({ groupId, topicId, block });
  }
  return blocks;
}

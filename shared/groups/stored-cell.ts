import { ulid } from '../base/ulid.ts';
import {
  absentCell,
  type GroupCell,
  groupCellKey,
  packMembers,
  readGroupCell,
  rosterOf,
  writeGroupCell,
} from '../storage/items/group-cell.ts';
import { groupIndexKey, writeGroupIndex } from '../storage/items/group-index.ts';
import { readRoster, rosterKey, rosterSortKey, writeRoster } from '../storage/items/group-roster.ts';
import { absent, equals, set } from '../storage/metadata-store.ts';
import { isStoreError, StoreError } from '../storage/store-error.ts';
import { bestEffort, type GroupContext, pauseMs, send, sendAgain } from './group-context.ts';
import { freshName } from './group-names.ts';
import { groupLimits } from './group-settings.ts';

/** A cell as it is stored, and the sort key of the roster that holds its members, if one does. */
export type StoredCell = { readonly cell: GroupCell; readonly roster: string | undefined };

const readsMax = 20;

/** The cell as it is now. A roster that is gone was replaced: then the cell has moved. */
export async function readStoredCell(context: GroupContext, groupId: string): Promise<StoredCell> {
  const { metadata, clock } = context;
  for (let tries = 0; tries < readsMax; tries++) {
    const item = await send(context, () => metadata.get(groupCellKey(groupId)));
    if (item === undefined) return { cell: absentCell, roster: undefined };
    const roster = rosterOf(item);
    if (roster === undefined) return { cell: readGroupCell(item), roster };
    const members = await send(context, () => metadata.get(rosterKey(groupId, roster)));
    if (members !== undefined) return { cell: readGroupCell(item, readRoster(members)), roster };
    if (tries > 2) await clock.sleep(pauseMs(context, tries));
  }
  context.log.error('the roster that a group names is missing', { groupId });
  throw new StoreError('unavailable', `the roster of group ${groupId} is missing`);
}

export const readCell = async (context: GroupContext, groupId: string): Promise<GroupCell> =>
  (await readStoredCell(context, groupId)).cell;

/** The cells of many groups, in the order of their names: one read unit each, and few calls. */
export async function readCells(context: GroupContext, groupIds: readonly string[]): Promise<GroupCell[]> {
  const keys = groupIds.map(groupCellKey);
  const items = await send(context, () => context.metadata.getMany(keys));
  const cells = items.map(async (item, place) => {
    if (item === undefined) return absentCell;
    const hasRoster = rosterOf(item) !== undefined;
    return hasRoster ? readCell(context, groupIds[place] ?? '') : readGroupCell(item);
  });
  return Promise.all(cells);
}

/**
 * Writes the next version of a cell if nobody else has; throws the StoreError otherwise. Its roster is there
 * before the cell names it.
 */
export async function replaceCell(
  context: GroupContext,
  groupId: string,
  seen: bigint,
  next: GroupCell,
): Promise<void> {
  const { metadata, random } = context;
  const members = packMembers(next);
  const isLarge = members.length > groupLimits.membersInCellBytesMax;
  const roster = isLarge ? rosterSortKey(next.version, freshName(random)) : undefined;
  if (roster !== undefined) {
    await sendAgain(context, () => metadata.put(rosterKey(groupId, roster), writeRoster(members)));
  }
  const condition = seen === 0n ? absent(['v']) : equals(['v'], seen);
  try {
    await metadata.put(groupCellKey(groupId), writeGroupCell(next, roster ?? members), condition);
  } catch (error) {
    // Only what surely nobody will ever name may go.
    if (roster !== undefined && isStoreError(error) && error.kind !== 'unknown') {
      await bestEffort(context, 'removing a roster', metadata.remove(rosterKey(groupId, roster)));
    }
    throw error;
  }
}

/** Makes the group known by name, before its first cell. */
export async function putIndex(context: GroupContext, groupId: string): Promise<void> {
  const { metadata, clock, random } = context;
  const index = writeGroupIndex({ groupId, nonce: ulid(clock, random), deletedMs: 0 });
  await sendAgain(context, () => metadata.put(groupIndexKey(groupId), index));
}

/** Whether this process is the one to look for dead members now: the one write of a cell that keeps `v`. */
export async function takeSweep(
  { metadata }: GroupContext,
  groupId: string,
  fromMs: number,
  toMs: number,
): Promise<boolean> {
  const changes = [set(['sweepAt'], BigInt(toMs))];
  try {
    const condition = equals(['sweepAt'], BigInt(fromMs));
    await metadata.update(groupCellKey(groupId), { changes, condition });
    return true;
  } catch (error) {
    if (isStoreError(error)) return false; // somebody else looks, or the next one that comes by
    throw error;
  }
}

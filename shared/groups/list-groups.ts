import { forEachAtMost } from '../base/concurrency.ts';
import { absentCell, type GroupCell } from '../storage/items/group-cell.ts';
import { groupIndexRange, readGroupIndex } from '../storage/items/group-index.ts';
import { queryAll } from '../storage/metadata-store.ts';
import type { ListedGroup, ListGroupsRequest } from './api.ts';
import { asIfSwept } from './as-if-swept.ts';
import { consumerGroupState } from './consumer-group.ts';
import { isDead } from './decide-group.ts';
import { send } from './group-context.ts';
import type { GroupRoom } from './group-room.ts';
import { readCells } from './stored-cell.ts';

const readsAtOnce = 16;

/** The state that tools are shown. */
export const stateOf = (cell: GroupCell): string =>
  cell.type === 'classic' ? cell.state : consumerGroupState(cell);

/** The names of all groups, in their order; those that were deleted only if asked for. */
export async function groupIds(room: Pick<GroupRoom, 'context'>): Promise<string[]> {
  return send(room.context, async () => {
    const names: string[] = [];
    for await (const { item } of queryAll(room.context.metadata, groupIndexRange)) {
      const { groupId, deletedMs } = readGroupIndex(item);
      if (deletedMs === 0) names.push(groupId);
    }
    return names;
  });
}

/** All groups of these states and types. Index first, cell second: no group is without an index. */
export async function listGroups(
  room: GroupRoom,
  { statesFilter, typesFilter }: ListGroupsRequest,
): Promise<ListedGroup[]> {
  const states = new Set(statesFilter.map((state) => state.toLowerCase()));
  const types = new Set(typesFilter.map((type) => type.toLowerCase()));
  const names = await groupIds(room);
  const cells = await readCells(room.context, names);
  const listed = new Map<string, ListedGroup>();
  await forEachAtMost(readsAtOnce, names.entries(), async ([place, groupId]) => {
    const cell = await asIfSwept(room, groupId, cells[place] ?? absentCell);
    if (isDead(cell)) return;
    const groupState = stateOf(cell);
    if (states.size > 0 && !states.has(groupState.toLowerCase())) return;
    if (types.size > 0 && !types.has(cell.type)) return;
    const protocolType = cell.type === 'classic' ? cell.protocolType : 'consumer';
    listed.set(groupId, { groupId, protocolType, groupState, groupType: cell.type });
  });
  return names.flatMap((groupId) => listed.get(groupId) ?? []);
}

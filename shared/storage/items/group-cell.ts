import type { Item, Key } from '../item.ts';
import { type ClassicMember, packClassicMembers, unpackClassicMembers } from './classic-members.ts';
import { type ConsumerMember, packConsumerMembers, unpackConsumerMembers } from './consumer-members.ts';
import { groupItemsKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** What every group has, of whatever type. */
type AnyCell = {
  /** Grows by one with every write; 0: there is no item yet. */
  readonly version: bigint;
  /** The generation id, or the group epoch. Never goes back, not even after a delete. */
  readonly generation: number;
  /** Grows whenever somebody loses the right to commit. */
  readonly fence: bigint;
  /** When somebody has to look for members that died; 0: there are none. */
  readonly sweepAtMs: number;
  /** Since when there are no members; 0 while there are. */
  readonly emptySinceMs: number;
};

export const classicStates = [
  'Empty',
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Dead',
] as const;
export type ClassicState = (typeof classicStates)[number];

/** Which items hold the assignments of the generation. */
export type StoredAssignments = { readonly nonce: string; readonly chunks: number };

export type ClassicCell = AnyCell & {
  readonly type: 'classic';
  readonly state: ClassicState;
  /** '' for a group that only ever committed offsets. */
  readonly protocolType: string;
  readonly protocolName: string;
  /** A member id; '' when there is none. */
  readonly leader: string;
  readonly openedAtMs: number;
  /** When the open round ends, whoever is missing. */
  readonly deadlineMs: number;
  /** The first round of an empty group: it ends at its deadline, not when all have joined. */
  readonly initial: boolean;
  /** When members that have not asked for their assignment are expelled; 0: all have. */
  readonly syncDeadlineMs: number;
  readonly assignments: StoredAssignments | null;
  readonly members: readonly ClassicMember[];
};

export type ConsumerCell = AnyCell & {
  readonly type: 'consumer';
  /** The group epoch that the targets of the members are for. */
  readonly assignmentEpoch: number;
  readonly assignedAtMs: number;
  /** Of the ids and partition counts of all subscribed topics, as the newest group epoch knows them. */
  readonly topicsHash: string;
  readonly topicsCheckedAtMs: number;
  readonly members: readonly ConsumerMember[];
};

/** The small versioned item that a group is. */
export type GroupCell = ClassicCell | ConsumerCell;

/** A group that nobody has written yet. */
export const absentCell: ClassicCell = {
  type: 'classic',
  version: 0n,
  generation: 0,
  fence: 0n,
  sweepAtMs: 0,
  emptySinceMs: 0,
  state: 'Dead',
  protocolType: '',
  protocolName: '',
  leader: '',
  openedAtMs: 0,
  deadlineMs: 0,
  initial: false,
  syncDeadlineMs: 0,
  assignments: null,
  members: [],
};

export const groupCellType = 'g';
const format = 1n;

export const groupCellKey = (groupId: string): Key => ({ pk: groupItemsKey(groupId), sk: 'group' });

export const packMembers = (cell: GroupCell): Uint8Array =>
  cell.type === 'classic' ? packClassicMembers(cell.members) : packConsumerMembers(cell.members);

/** `members` are packed, or the sort key of the roster that holds them. */
export const writeGroupCell = (cell: GroupCell, members: Uint8Array | string): Item => ({
  ...stamp(groupCellType, format),
  v: cell.version,
  type: cell.type,
  gen: BigInt(cell.generation),
  fence: cell.fence,
  sweepAt: BigInt(cell.sweepAtMs),
  emptySince: BigInt(cell.emptySinceMs),
  ...(cell.type === 'classic' ? writeClassic(cell) : writeConsumer(cell)),
  ...(typeof members === 'string' ? { roster: members } : { members }),
});

const writeClassic = (cell: ClassicCell): Item => ({
  state: cell.state,
  protocolType: cell.protocolType,
  protocolName: cell.protocolName,
  leader: cell.leader,
  openedAt: BigInt(cell.openedAtMs),
  deadline: BigInt(cell.deadlineMs),
  initial: cell.initial,
  syncDeadline: BigInt(cell.syncDeadlineMs),
  asgNonce: cell.assignments?.nonce ?? '',
  asgChunks: BigInt(cell.assignments?.chunks ?? 0),
});

const writeConsumer = (cell: ConsumerCell): Item => ({
  asgEpoch: BigInt(cell.assignmentEpoch),
  asgAt: BigInt(cell.assignedAtMs),
  topicsHash: cell.topicsHash,
  topicsAt: BigInt(cell.topicsCheckedAtMs),
});

/** The sort key of the roster that holds the members, or undefined when the cell holds them itself. */
export const rosterOf = (item: Item): string | undefined =>
  typeof item.roster === 'string' ? item.roster : undefined;

/** `roster`: the packed members, where they are not in the cell itself. */
export function readGroupCell(item: Item, roster?: Uint8Array): GroupCell {
  const read = readerOf(item, groupCellType, format);
  const members = roster ?? read.bytes('members');
  const any = {
    version: read.number('v'),
    generation: read.int('gen'),
    fence: read.number('fence'),
    sweepAtMs: read.int('sweepAt'),
    emptySinceMs: read.int('emptySince'),
  };
  if (read.text('type') === 'consumer') {
    return {
      ...any,
      type: 'consumer',
      assignmentEpoch: read.int('asgEpoch'),
      assignedAtMs: read.int('asgAt'),
      topicsHash: read.text('topicsHash'),
      topicsCheckedAtMs: read.int('topicsAt'),
      members: unpackConsumerMembers(members),
    };
  }
  const state = read.text('state');
  const nonce = read.text('asgNonce');
  return {
    ...any,
    type: 'classic',
    state: classicStates.find((name) => name === state) ?? 'Dead',
    protocolType: read.text('protocolType'),
    protocolName: read.text('protocolName'),
    leader: read.text('leader'),
    openedAtMs: read.int('openedAt'),
    deadlineMs: read.int('deadline'),
    initial: read.flag('initial'),
    syncDeadlineMs: read.int('syncDeadline'),
    assignments: nonce === '' ? null : { nonce, chunks: read.int('asgChunks') },
    members: unpackClassicMembers(members),
  };
}

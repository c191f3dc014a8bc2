import type { Item, Key } from '../item.ts';
import { groupItemsKey, offsetDigits, rangeOfPrefix } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

export const groupRosterType = 'm';
const format = 1n;
const prefix = 'roster#';

/** The member list of a cell that would be too large: put under a fresh name before the cell names it. */
export const rosterSortKey = (version: bigint, nonce: string): string =>
  `${prefix}${offsetDigits(version)}#${nonce}`;

export const rosterKey = (groupId: string, sk: string): Key => ({ pk: groupItemsKey(groupId), sk });

export const rosterRange = (groupId: string) => rangeOfPrefix(groupItemsKey(groupId), prefix);

/** The version of the cell that the roster was made for. */
export const rosterVersion = (sk: string): bigint => BigInt(sk.slice(prefix.length, prefix.length + 20));

export const writeRoster = (members: Uint8Array): Item => ({ ...stamp(groupRosterType, format), members });

export const readRoster = (item: Item): Uint8Array =>
  readerOf(item, groupRosterType, format).bytes('members');

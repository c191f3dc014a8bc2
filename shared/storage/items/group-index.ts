import type { Ulid } from '../../base/ulid.ts';
import type { Item, Key } from '../item.ts';
import { catalogKey, rangeOfPrefix } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** That there is a group of this name: put before a group's first cell, removed last. */
export type GroupIndex = {
  readonly groupId: string;
  /** Fresh with every put, so that whoever removes it removes what it has read; it tells the time too. */
  readonly nonce: Ulid;
  /** When the group was deleted; 0: it was not. Its cell still counts on for `offsets.retention.minutes`. */
  readonly deletedMs: number;
};

export const groupIndexType = 'i';
const format = 1n;
const prefix = 'group#';

export const groupIndexKey = (groupId: string): Key => ({ pk: catalogKey, sk: `${prefix}${groupId}` });

export const groupIndexRange = rangeOfPrefix(catalogKey, prefix);

export const writeGroupIndex = ({ groupId, nonce, deletedMs }: GroupIndex): Item => ({
  ...stamp(groupIndexType, format),
  name: groupId,
  nonce,
  deleted: BigInt(deletedMs),
});

export function readGroupIndex(item: Item): GroupIndex {
  const read = readerOf(item, groupIndexType, format);
  return { groupId: read.text('name'), nonce: read.text('nonce'), deletedMs: read.int('deleted') };
}

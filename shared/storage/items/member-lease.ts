import type { Ulid } from '../../base/ulid.ts';
import type { Item, Key } from '../item.ts';
import { groupItemsKey, rangeOfPrefix } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** Until when a member counts as living, and what it wants of the group. */
export type MemberLease = {
  readonly untilMs: number;
  /** The id was handed out; its owner has not joined yet (KIP-394). */
  readonly pending: boolean;
  /** It asks to join again, from this generation on, with this subscription and by this request. */
  readonly want?: WantToJoin;
  /** The generation in which it last asked for its assignment. */
  readonly synced?: number;
};

export type WantToJoin = {
  readonly generation: number;
  readonly subscription: string;
  readonly requestId: Ulid;
};

export const memberLeaseType = 'l';
const format = 1n;
const prefix = 'lease#';

export const memberLeaseKey = (groupId: string, memberId: string): Key => ({
  pk: groupItemsKey(groupId),
  sk: `${prefix}${memberId}`,
});

export const memberLeaseRange = (groupId: string) => rangeOfPrefix(groupItemsKey(groupId), prefix);

export const memberOfLease = ({ sk }: Key): string => sk.slice(prefix.length);

/** What every lease has: an update that sets these may also create one. */
export const leaseStamp = stamp(memberLeaseType, format);

/** Where the store honours expiry, a lease that nobody swept goes a day after it ran out. */
export const leaseTtl = (untilMs: number): bigint => BigInt(Math.ceil(untilMs / 1000) + 86_400);

export const writePendingLease = (untilMs: number): Item => ({
  ...leaseStamp,
  until: BigInt(untilMs),
  ttl: leaseTtl(untilMs),
  pending: true,
});

export function readMemberLease(item: Item): MemberLease {
  const read = readerOf(item, memberLeaseType, format);
  const wants = item.want !== undefined;
  return {
    untilMs: read.int('until'),
    pending: item.pending === true,
    ...(wants
      ? {
          want: {
            generation: read.int('want'),
            subscription: read.text('sub'),
            requestId: read.text('request'),
          },
        }
      : {}),
    ...(item.synced === undefined ? {} : { synced: read.int('synced') }),
  };
}

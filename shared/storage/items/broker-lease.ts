import type { Item, Key } from '../item.ts';
import { catalogKey, rangeOfPrefix } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** One gateway of a cluster: the broker that its clients see, and until when it counts as living. */
export type BrokerLease = {
  readonly brokerId: number;
  /** Names the process that holds the id: ids are handed on, owners never come back. */
  readonly owner: string;
  /** Where clients reach it. */
  readonly host: string;
  readonly port: number;
  readonly untilMs: number;
};

export const brokerLeaseType = 'v';
const format = 1n;
const prefix = 'broker#';

export const brokerLeaseKey = (brokerId: number): Key => ({ pk: catalogKey, sk: `${prefix}${brokerId}` });

/** All of them, in no useful order: 10 comes before 2. */
export const brokerLeaseRange = rangeOfPrefix(catalogKey, prefix);

/** Where the store honours expiry, a lease goes a day after it ran out. */
export const brokerLeaseTtl = (untilMs: number): bigint => BigInt(Math.ceil(untilMs / 1000) + 86_400);

export const writeBrokerLease = ({ brokerId, owner, host, port, untilMs }: BrokerLease): Item => ({
  ...stamp(brokerLeaseType, format),
  id: BigInt(brokerId),
  owner,
  host,
  port: BigInt(port),
  until: BigInt(untilMs),
  ttl: brokerLeaseTtl(untilMs),
});

export function readBrokerLease(item: Item): BrokerLease {
  const read = readerOf(item, brokerLeaseType, format);
  return {
    brokerId: read.int('id'),
    owner: read.text('owner'),
    host: read.text('host'),
    port: read.int('port'),
    untilMs: read.int('until'),
  };
}

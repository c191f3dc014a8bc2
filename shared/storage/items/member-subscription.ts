import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import type { Ulid } from '../../base/ulid.ts';
import type { Item, Key } from '../item.ts';
import { groupItemsKey, rangeOfPrefix } from './keys.ts';
import { packList, packText, unpackList, unpackText } from './packed-text.ts';
import { readerOf, stamp } from './stored-format.ts';

export type MemberProtocol = { readonly name: string; readonly metadata: Uint8Array };

/**
 * What a member of a classic group brought with a JoinGroup: too large for the cell, which names its hash.
 */
export type MemberSubscription = {
  readonly protocolType: string;
  /** The preferred one first. */
  readonly protocols: readonly MemberProtocol[];
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly requestId: Ulid;
  /** It came without a member id: a static one then takes the place of the member of its instance id. */
  readonly cameWithoutId: boolean;
};

export const memberSubscriptionType = 'u';
const format = 1n;
const prefix = 'sub#';

export const memberSubscriptionKey = (groupId: string, memberId: string, hash: string): Key => ({
  pk: groupItemsKey(groupId),
  sk: `${prefix}${memberId}#${hash}`,
});

export const memberSubscriptionRange = (groupId: string) => rangeOfPrefix(groupItemsKey(groupId), prefix);

/** Member id and hash; a hash has no `#`. */
export function memberOfSubscription({ sk }: Key): { memberId: string; hash: string } {
  const at = sk.lastIndexOf('#');
  return { memberId: sk.slice(prefix.length, at), hash: sk.slice(at + 1) };
}

export const writeMemberSubscription = (subscription: MemberSubscription): Item => ({
  ...stamp(memberSubscriptionType, format),
  protocolType: subscription.protocolType,
  protocols: packProtocols(subscription.protocols),
  instance: subscription.groupInstanceId ?? '',
  clientId: subscription.clientId,
  host: subscription.clientHost,
  session: BigInt(subscription.sessionTimeoutMs),
  rebalance: BigInt(subscription.rebalanceTimeoutMs),
  request: subscription.requestId,
  withoutId: subscription.cameWithoutId,
});

export function readMemberSubscription(item: Item): MemberSubscription {
  const read = readerOf(item, memberSubscriptionType, format);
  const instance = read.text('instance');
  return {
    protocolType: read.text('protocolType'),
    protocols: unpackProtocols(read.bytes('protocols')),
    groupInstanceId: instance === '' ? null : instance,
    clientId: read.text('clientId'),
    clientHost: read.text('host'),
    sessionTimeoutMs: read.int('session'),
    rebalanceTimeoutMs: read.int('rebalance'),
    requestId: read.text('request'),
    cameWithoutId: read.flag('withoutId'),
  };
}

/** Also what the hash of a subscription is made of. */
export function packProtocols(protocols: readonly MemberProtocol[]): Uint8Array {
  const writer = new ByteWriter(256);
  packList(writer, protocols, ({ name, metadata }) => {
    packText(writer, name);
    writer.uvarint(metadata.length).raw(metadata);
  });
  return writer.finish();
}

function unpackProtocols(bytes: Uint8Array): MemberProtocol[] {
  const reader = new ByteReader(bytes);
  return unpackList(reader, () => ({
    name: unpackText(reader),
    metadata: reader.raw(reader.uvarint()),
  }));
}

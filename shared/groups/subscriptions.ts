import { createHash } from 'node:crypto';
import type { ClassicMember } from '../storage/items/classic-members.ts';
import {
  type MemberSubscription,
  memberOfSubscription,
  memberSubscriptionKey,
  memberSubscriptionRange,
  packProtocols,
  readMemberSubscription,
  writeMemberSubscription,
} from '../storage/items/member-subscription.ts';
import { queryAll } from '../storage/metadata-store.ts';
import type { JoinEvent } from './classic-events.ts';
import { type GroupContext, send, sendAgain } from './group-context.ts';

/** What members bring with their JoinGroups: staged before the cell names its hash. */

/** 22 characters that stand for the protocols and their metadata; 128 bits of SHA-256. */
export const hashOfSubscription = ({ protocolType, protocols }: MemberSubscription): string => {
  const hash = createHash('sha256').update(protocolType).update('\0').update(packProtocols(protocols));
  return hash.digest().subarray(0, 16).toString('base64url');
};

export function putSubscription(
  context: GroupContext,
  groupId: string,
  memberId: string,
  subscription: MemberSubscription,
): Promise<void> {
  const key = memberSubscriptionKey(groupId, memberId, hashOfSubscription(subscription));
  const item = writeMemberSubscription(subscription);
  return sendAgain(context, () => context.metadata.put(key, item));
}

/** The events of the joins that others have prepared; those whose subscription is gone are left out. */
export async function preparedJoins(
  context: GroupContext,
  groupId: string,
  wants: readonly { memberId: string; subscription: string; requestId: string }[],
): Promise<JoinEvent[]> {
  if (wants.length === 0) return [];
  const keys = wants.map((want) => memberSubscriptionKey(groupId, want.memberId, want.subscription));
  const items = await send(context, () => context.metadata.getMany(keys));
  return wants.flatMap(({ memberId, requestId }, place) => {
    const item = items[place];
    if (item === undefined) return [];
    const subscription = { ...readMemberSubscription(item), requestId };
    return [joinEvent(memberId, subscription, isNewId(subscription))];
  });
}

/** A static member that named its member id is in the group already, or has no business there. */
const isNewId = ({ groupInstanceId, cameWithoutId }: MemberSubscription): boolean =>
  groupInstanceId === null || cameWithoutId;

export const joinEvent = (
  memberId: string,
  subscription: MemberSubscription,
  admits: boolean,
): JoinEvent => ({
  kind: 'join',
  memberId,
  admits,
  cameWithoutId: subscription.cameWithoutId,
  groupInstanceId: subscription.groupInstanceId,
  protocolType: subscription.protocolType,
  protocolNames: subscription.protocols.map(({ name }) => name),
  subscription: hashOfSubscription(subscription),
  metadataBytes: subscription.protocols.reduce((sum, { metadata }) => sum + metadata.length, 0),
  sessionTimeoutMs: subscription.sessionTimeoutMs,
  rebalanceTimeoutMs: subscription.rebalanceTimeoutMs,
  requestId: subscription.requestId,
});

/**
 * The subscriptions that the members' cell names, by member id; undefined when one is missing: the cell has
 * moved.
 */
export async function readSubscriptions(
  context: GroupContext,
  groupId: string,
  members: readonly ClassicMember[],
): Promise<Map<string, MemberSubscription> | undefined> {
  const named = new Map(members.map(({ memberId, subscription }) => [memberId, subscription]));
  const found = new Map<string, MemberSubscription>();
  if (members.length === 0) return found;
  for await (const { key, item } of queryAll(context.metadata, memberSubscriptionRange(groupId))) {
    const { memberId, hash } = memberOfSubscription(key);
    if (named.get(memberId) === hash) found.set(memberId, readMemberSubscription(item));
  }
  return found.size === named.size ? found : undefined;
}

import { ulid } from '../../base/ulid.ts';
import type { JoinGroupRequest, JoinGroupResponse } from '../../groups/api.ts';
import {
  assignedPartitions,
  encodeAssignment,
  encodeSubscription,
  subscribedTopics,
} from '../../groups/consumer-protocol.ts';
import { KafkaError, type KafkaErrorName } from '../../kafka/error-codes.ts';
import {
  type ConsumerInstance,
  type HeldPartition,
  type Membership,
  noMembership,
} from '../../storage/items/consumer-instance.ts';
import type { RestDeps } from '../deps.ts';
import { assignors, type PartitionCounts, type Subscriber } from './assign-partitions.ts';
import { readInstance, replaceInstance } from './instance-store.ts';
import { leaveIfPossible } from './leave.ts';
import { partitionCounts, selectedTopics } from './topic-selection.ts';

/**
 * What a fetch finds its instance to be in the group. Nobody keeps a member alive between two calls: each
 * fetch takes the steps that are due, and what it learns lies in the instance's item. So any process may take
 * the next step, and two that take the same one do no harm: a JoinGroup has its request id from the item, and
 * the same request folded twice is one.
 */
export type Standing =
  | { readonly is: 'member'; readonly instance: ConsumerInstance }
  /** The group is between two generations. */
  | { readonly is: 'waiting' }
  /** Read the instance again: another call, or this one, has moved it. */
  | { readonly is: 'moved' };

const waiting: Standing = { is: 'waiting' };
const moved: Standing = { is: 'moved' };

const clientId = 'rest-consumer';
const protocolType = 'consumer';
/** The range of `group.max.session.timeout.ms` and its lower bound, as every door has them. */
const sessionMs = { min: 6_000, max: 1_800_000 };

/** Joins, or joins again, as far as it takes; waits at most `waitMsMax` for the others of the group. */
export async function takeStanding(
  deps: RestDeps,
  instance: ConsumerInstance,
  waitMsMax: number,
): Promise<Standing> {
  const topics = await selectedTopics(deps, instance.selection);
  const { membership } = instance;
  const isSame = JSON.stringify(membership.topics) === JSON.stringify(topics);
  if (membership.requestId !== '' && isSame) return joinAsInstance(deps, instance, waitMsMax);
  if (membership.generation < 0) return begin(deps, instance, topics, membership.memberId);
  const error = await heartbeat(deps, instance);
  if (error === 'UNKNOWN_MEMBER_ID') return begin(deps, instance, topics, '');
  if (error === 'NONE' && isSame && (await countsHold(deps, membership))) return { is: 'member', instance };
  if (error !== 'NONE' && !rejoins.has(error)) throw new KafkaError(error);
  return begin(deps, instance, topics, membership.memberId);
}

const rejoins: ReadonlySet<KafkaErrorName> = new Set(['NONE', 'REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION']);

async function heartbeat(
  { groups }: RestDeps,
  { groupId, membership: { generation, memberId } }: ConsumerInstance,
): Promise<KafkaErrorName> {
  const request = { groupId, memberId, generationId: generation, groupInstanceId: null };
  return (await groups.coordinator.heartbeat(request)).error;
}

/** A leader sees to it that topics that came, went or grew are assigned anew. */
async function countsHold(deps: RestDeps, { counts }: Membership): Promise<boolean> {
  if (counts.size === 0) return true;
  const now = await partitionCounts(deps, [...counts.keys()]);
  return [...counts].every(([topic, count]) => (now.get(topic) ?? 0) === count);
}

/**
 * Puts down that the instance joins, and gives up what it holds, before the group hears of it: whoever calls
 * next goes on with the same request. A member id that was handed out in vain runs out.
 */
async function begin(
  deps: RestDeps,
  instance: ConsumerInstance,
  topics: readonly string[],
  knownMemberId: string,
): Promise<Standing> {
  const requestId = ulid(deps.clock, deps.random);
  const memberId =
    knownMemberId === '' ? await newMemberId(deps, instance, topics, requestId) : knownMemberId;
  await replaceInstance(deps, instance, {
    membership: { memberId, generation: -1, requestId, topics, counts: new Map() },
    partitions: [],
  });
  return moved;
}

async function newMemberId(
  deps: RestDeps,
  instance: ConsumerInstance,
  topics: readonly string[],
  requestId: string,
): Promise<string> {
  const request = joinRequest(deps, instance.groupId, { ...noMembership, requestId, topics });
  const response = await deps.groups.coordinator.joinGroup(request);
  if ('again' in response) return response.again.memberId;
  if (response.error === 'MEMBER_ID_REQUIRED') return response.memberId;
  throw new KafkaError(response.error);
}

/** The member lives as long as its instance does, so both of its timeouts are the instance's. */
function joinRequest(
  { settings }: RestDeps,
  groupId: string,
  { memberId, requestId, topics }: Membership,
): JoinGroupRequest {
  const metadata = encodeSubscription(topics);
  const livesMs = Math.min(
    Math.max(Math.ceil(settings.consumerInstanceTimeoutMs * 1.5), sessionMs.min),
    sessionMs.max,
  );
  return {
    groupId,
    memberId,
    groupInstanceId: null,
    protocolType,
    protocols: Object.keys(assignors).map((name) => ({ name, metadata })),
    sessionTimeoutMs: livesMs,
    rebalanceTimeoutMs: livesMs,
    clientId,
    clientHost: '/rest',
    requestId,
    requiresKnownMemberId: true,
    supportsSkippingAssignment: true,
  };
}

/**
 * Another call may have given up this member while this one joined with it: an id whose join is half written
 * elsewhere looks unknown. Then nobody comes back as this member, and the group must not wait for it.
 */
async function joinAsInstance(
  deps: RestDeps,
  instance: ConsumerInstance,
  waitMsMax: number,
): Promise<Standing> {
  try {
    const standing = await join(deps, instance, waitMsMax);
    if (standing.is !== 'member') await leaveIfGivenUp(deps, instance, instance.membership.memberId);
    return standing;
  } catch (error) {
    await leaveIfGivenUp(deps, instance, instance.membership.memberId);
    throw error;
  }
}

async function leaveIfGivenUp(deps: RestDeps, instance: ConsumerInstance, memberId: string): Promise<void> {
  const now = await readInstance(deps, instance);
  if (now?.membership.memberId !== memberId) await leaveIfPossible(deps, instance.groupId, memberId);
}

async function join(deps: RestDeps, instance: ConsumerInstance, waitMsMax: number): Promise<Standing> {
  const startedMs = deps.clock.nowMs();
  const request = joinRequest(deps, instance.groupId, instance.membership);
  const joined = await deps.groups.coordinator.joinGroup(request, { waitMsMax, canComeAgain: true });
  if ('again' in joined) return waiting;
  if (joined.error !== 'NONE') return afterRefusal(deps, instance, joined.error);
  const leftMs = Math.max(0, startedMs + waitMsMax - deps.clock.nowMs());
  return sync(deps, instance, joined, leftMs);
}

/** What makes a member begin again, without an id or with the one it has; everything else is thrown. */
async function afterRefusal(
  deps: RestDeps,
  instance: ConsumerInstance,
  error: KafkaErrorName,
): Promise<Standing> {
  if (error === 'UNKNOWN_MEMBER_ID') {
    await replaceInstance(deps, instance, { membership: noMembership, partitions: [] });
    return moved;
  }
  // Of a newer request of the same instance, or of a generation that is over already.
  if (rejoins.has(error)) return waiting;
  if (error === 'NOT_COORDINATOR') {
    const now = await readInstance(deps, instance);
    if (now === undefined || now.version !== instance.version) return moved;
  }
  throw new KafkaError(error);
}

async function sync(
  deps: RestDeps,
  instance: ConsumerInstance,
  joined: JoinGroupResponse,
  waitMsMax: number,
): Promise<Standing> {
  const { groupId } = instance;
  const { generationId, memberId, protocolName } = joined;
  const subscribers = joined.members.map((member) => ({
    memberId: member.memberId,
    topics: subscribedTopics(member.metadata) ?? [],
  }));
  const counts = await partitionCounts(
    deps,
    subscribers.flatMap(({ topics }) => topics),
  );
  const assignments = assign(protocolName, subscribers, counts);
  const synced = await deps.groups.coordinator.syncGroup(
    { groupId, generationId, memberId, groupInstanceId: null, protocolType, protocolName, assignments },
    { waitMsMax, canComeAgain: true },
  );
  if ('again' in synced) return waiting;
  if (synced.error !== 'NONE') return afterRefusal(deps, instance, synced.error);
  return settle(deps, instance, joined, synced.assignment, watched(subscribers, counts));
}

/** Topics that are missing count too: they may come. */
const watched = (subscribers: readonly Subscriber[], counts: PartitionCounts): Map<string, number> =>
  new Map(
    subscribers.flatMap(({ topics }) =>
      topics.map((topic): [string, number] => [topic, counts.get(topic) ?? 0]),
    ),
  );

function assign(
  protocolName: string | null,
  subscribers: readonly Subscriber[],
  counts: PartitionCounts,
): { memberId: string; assignment: Uint8Array }[] {
  const assignor = assignors[protocolName ?? ''];
  if (subscribers.length === 0 || assignor === undefined) return [];
  return [...assignor(subscribers, counts)].map(([memberId, partitions]) => ({
    memberId,
    assignment: encodeAssignment(partitions),
  }));
}

/** Puts down what the group gave. */
async function settle(
  deps: RestDeps,
  instance: ConsumerInstance,
  { memberId, generationId }: JoinGroupResponse,
  assignment: Uint8Array,
  counts: ReadonlyMap<string, number>,
): Promise<Standing> {
  const partitions = (assignedPartitions(assignment) ?? []).map(
    ({ topic, partition }): HeldPartition => ({ topic, partition, position: -1n, committed: -1n }),
  );
  const membership = { ...instance.membership, memberId, generation: generationId, requestId: '', counts };
  const settled = await replaceInstance(deps, instance, { membership, partitions });
  return settled === undefined ? moved : { is: 'member', instance: settled };
}

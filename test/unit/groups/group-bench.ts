import { utf8Decode, utf8Encode } from '../../../shared/base/bytes.ts';
import { ManualClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { type Random, seededRandom } from '../../../shared/base/random.ts';
import { ulid } from '../../../shared/base/ulid.ts';
import type {
  Again,
  ConsumerGroupHeartbeatRequest,
  JoinGroupRequest,
  JoinGroupResponse,
  SyncGroupResponse,
  WaitOptions,
} from '../../../shared/groups/api.ts';
import type { GroupTopic } from '../../../shared/groups/group-context.ts';
import { openGroupRoom } from '../../../shared/groups/group-room.ts';
import type { GroupSettings } from '../../../shared/groups/group-settings.ts';
import { type Groups, openGroups } from '../../../shared/groups/groups.ts';
import { readCell } from '../../../shared/groups/stored-cell.ts';
import type { GroupCell } from '../../../shared/storage/items/group-cell.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import type { Stores } from '../../../shared/storage/stores.ts';

/** Stores, time, chance and topics for tests of groups; processes are opened on them. */
export type Ground = {
  readonly stores: Stores;
  readonly clock: ManualClock;
  readonly random: Random;
  readonly topics: GroupTopic[];
  readonly settings: Partial<GroupSettings>;
};

export const newGround = (settings: Partial<GroupSettings> = {}, seed = 1): Ground => {
  const clock = new ManualClock();
  const random = seededRandom(seed);
  const topics = [{ name: 'orders', topicId: 'id-of-orders', partitions: 6 }];
  return { stores: openMemoryStores({ clock, random }), clock, random, topics, settings };
};

const optionsOf = ({ stores, clock, random, topics, settings }: Ground) => ({
  stores,
  clock,
  random,
  log: silentLog,
  settings,
  topics: {
    find: async (name: string) => topics.find((topic) => topic.name === name),
    findById: async (topicId: string) => topics.find((topic) => topic.topicId === topicId),
    list: async () => topics,
  },
});

/** A process of its own: it shares nothing with others but the store. */
export const openProcess = (ground: Ground, stores: Stores = ground.stores): Groups =>
  openGroups(optionsOf({ ...ground, stores }));

export const openRoom = (ground: Ground, stores: Stores = ground.stores) =>
  openGroupRoom(optionsOf({ ...ground, stores }));

export const cellOf = (ground: Ground, groupId = 'g'): Promise<GroupCell> =>
  readCell(openRoom(ground).context, groupId);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets time pass until `work` has ended, at most `limitMs` of it. */
export async function until<T>(
  { clock }: Pick<Ground, 'clock'>,
  work: Promise<T>,
  { stepMs = 20, limitMs = 600_000 } = {},
): Promise<T> {
  let hasEnded = false;
  const end = (): void => {
    hasEnded = true;
  };
  work.then(end, end);
  for (let passedMs = 0; passedMs <= limitMs; passedMs += stepMs) {
    await turn();
    if (hasEnded) return work;
    clock.advance(stepMs);
  }
  throw new Error(`nothing was answered within ${limitMs} ms`);
}

/** Lets this much time pass, in steps in which everything that can go on does. */
export async function pass({ clock }: Pick<Ground, 'clock'>, durationMs: number, stepMs = 20): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
    await turn();
    clock.advance(Math.min(stepMs, durationMs - passedMs));
  }
  await turn();
}

export const joinRequest = (ground: Ground, changes: Partial<JoinGroupRequest> = {}): JoinGroupRequest => ({
  groupId: 'g',
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: utf8Encode('range') }],
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 30_000,
  clientId: 'client',
  clientHost: '/127.0.0.1',
  requestId: ulid(ground.clock, ground.random),
  requiresKnownMemberId: true,
  supportsSkippingAssignment: true,
  ...changes,
});

/** A client that waits as long as it takes. */
export const patient: WaitOptions = { waitMsMax: 600_000 };

/** One consumer of a classic group, as far as its protocol goes. */
export class TestMember {
  memberId = '';
  generationId = -1;
  protocols = [{ name: 'range', metadata: utf8Encode('range') }];
  sessionTimeoutMs = 10_000;
  rebalanceTimeoutMs = 30_000;
  groupInstanceId: string | null = null;
  requiresKnownMemberId = true;
  readonly ground: Ground;
  private readonly groups: Groups;

  constructor(ground: Ground, groups: Groups, changes: Partial<TestMember> = {}) {
    this.ground = ground;
    this.groups = groups;
    Object.assign(this, changes);
  }

  request(changes: Partial<JoinGroupRequest> = {}): JoinGroupRequest {
    const { memberId, protocols, groupInstanceId, requiresKnownMemberId } = this;
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this;
    return joinRequest(this.ground, {
      memberId,
      protocols,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      groupInstanceId,
      requiresKnownMemberId,
      ...changes,
    });
  }

  async join(options: WaitOptions = patient): Promise<JoinGroupResponse> {
    for (;;) {
      const response = answered(await this.groups.coordinator.joinGroup(this.request(), options));
      if (response.error === 'MEMBER_ID_REQUIRED') {
        this.memberId = response.memberId;
        continue;
      }
      if (response.error === 'NONE') {
        this.memberId = response.memberId;
        this.generationId = response.generationId;
      }
      return response;
    }
  }

  /** As the leader, gives each member of the answer its id as its assignment. */
  async sync(joined?: JoinGroupResponse, options: WaitOptions = patient): Promise<SyncGroupResponse> {
    const assignments = (joined?.members ?? []).map(({ memberId }) => ({
      memberId,
      assignment: utf8Encode(`for ${memberId}`),
    }));
    const { memberId, generationId, groupInstanceId } = this;
    const request = {
      groupId: 'g',
      generationId,
      memberId,
      groupInstanceId,
      protocolType: null,
      protocolName: null,
      assignments,
    };
    return answered(await this.groups.coordinator.syncGroup(request, options));
  }

  async joinAndSync(): Promise<{ joined: JoinGroupResponse; assignment: string; error: string }> {
    const joined = await this.join();
    if (joined.error !== 'NONE') return { joined, assignment: '', error: joined.error };
    const { error, assignment } = await this.sync(joined);
    return { joined, error, assignment: utf8Decode(assignment) };
  }

  async heartbeat(): Promise<string> {
    const { memberId, generationId, groupInstanceId } = this;
    const request = { groupId: 'g', generationId, memberId, groupInstanceId };
    return (await this.groups.coordinator.heartbeat(request)).error;
  }

  async leave(): Promise<string> {
    const { memberId, groupInstanceId } = this;
    const { error, members } = await this.groups.coordinator.leaveGroup({
      groupId: 'g',
      members: [{ memberId, groupInstanceId }],
    });
    return members[0]?.error ?? error;
  }

  async commit(partition: number, offset: bigint): Promise<string> {
    const { memberId, generationId, groupInstanceId } = this;
    const [answer] = await this.groups.offsets.commit({
      groupId: 'g',
      generationId,
      memberId,
      groupInstanceId,
      knowsMemberEpochs: true,
      offsets: [{ topic: 'orders', partition, offset, leaderEpoch: -1, metadata: null }],
    });
    return answer?.error ?? 'NONE';
  }

  async fetch(partition: number): Promise<bigint> {
    return fetchOne(this.groups, partition);
  }
}

export function answered<T extends object>(response: T | Again): T {
  if ('again' in response) throw new Error('the call should have been answered');
  return response;
}

export async function fetchOne(groups: Groups, partition: number, groupId = 'g'): Promise<bigint> {
  const { offsets } = await groups.offsets.fetch({
    groupId,
    partitions: [{ topic: 'orders', partition }],
    memberId: '',
    memberEpoch: -1,
    requireStable: false,
  });
  return offsets[0]?.offset ?? -1n;
}

/** A commit of a tool, without a member. */
export async function setOffset(
  groups: Groups,
  partition: number,
  offset: bigint,
  groupId = 'g',
): Promise<string> {
  const [answer] = await groups.offsets.commit({
    groupId,
    generationId: -1,
    memberId: '',
    groupInstanceId: null,
    knowsMemberEpochs: true,
    offsets: [{ topic: 'orders', partition, offset, leaderEpoch: -1, metadata: null }],
  });
  return answer?.error ?? 'NONE';
}

/** Members that joined and have their assignments, all of one generation. */
export async function stableGroup(ground: Ground, members: readonly TestMember[]): Promise<void> {
  const synced = new Map<TestMember, number>();
  const isStable = (): boolean => synced.size === members.length && new Set(synced.values()).size === 1;
  const live = async (member: TestMember): Promise<void> => {
    while (!isStable()) {
      const { error } = await member.joinAndSync();
      if (error === 'UNKNOWN_MEMBER_ID') member.memberId = '';
      if (error !== 'NONE') continue;
      synced.set(member, member.generationId);
      while (!isStable() && (await member.heartbeat()) === 'NONE') await ground.clock.sleep(100);
    }
  };
  await until(ground, Promise.all(members.map(live)));
}

export const beatRequest = (
  changes: Partial<ConsumerGroupHeartbeatRequest> = {},
): ConsumerGroupHeartbeatRequest => ({
  groupId: 'g',
  memberId: '',
  memberEpoch: 0,
  groupInstanceId: null,
  rackId: null,
  rebalanceTimeoutMs: 30_000,
  subscribedTopicNames: ['orders'],
  subscribedTopicRegex: null,
  serverAssignor: null,
  topicPartitions: new Map(),
  clientId: 'client',
  clientHost: '/127.0.0.1',
  requiresMemberId: false,
  ...changes,
});

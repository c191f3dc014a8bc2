import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { utf8Decode, utf8Encode } from '../../shared/base/bytes.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { ulid } from '../../shared/base/ulid.ts';
import type { JoinGroupResponse } from '../../shared/groups/api.ts';
import { type Groups, openGroups } from '../../shared/groups/groups.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import { failCallOf, faultyStores } from '../support/faulty-stores.ts';
import type { StoreCall } from '../support/store-calls.ts';
import { type Engine, useStores } from './engine.ts';

const topics = [{ name: 'orders', topicId: 'f81d4fae-7dec-4d0a-a765-00a0c91e6bf6', partitions: 40 }];

const open = (stores: Stores): Groups =>
  openGroups({
    stores,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    topics: {
      find: async (name) => topics.find((topic) => topic.name === name),
      findById: async (topicId) => topics.find((topic) => topic.topicId === topicId),
      list: async () => topics,
    },
  });

async function join(groups: Groups, groupId: string, memberId = ''): Promise<JoinGroupResponse> {
  const response = await groups.coordinator.joinGroup({
    groupId,
    memberId,
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: utf8Encode('range') }],
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    clientId: 'client',
    clientHost: '/127.0.0.1',
    requestId: ulid(systemClock, systemRandom),
    requiresKnownMemberId: true,
    supportsSkippingAssignment: true,
  });
  if ('again' in response) throw new Error('the call should have been answered');
  return response.error === 'MEMBER_ID_REQUIRED' ? join(groups, groupId, response.memberId) : response;
}

async function sync(groups: Groups, groupId: string, joined: JoinGroupResponse): Promise<string> {
  const response = await groups.coordinator.syncGroup({
    groupId,
    generationId: joined.generationId,
    memberId: joined.memberId,
    groupInstanceId: null,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: joined.members.map(({ memberId }) => ({ memberId, assignment: utf8Encode(memberId) })),
  });
  if ('again' in response) throw new Error('the call should have been answered');
  return response.error === 'NONE' ? utf8Decode(response.assignment) : response.error;
}

type Member = { generationId: number; memberId: string };
const tool: Member = { generationId: -1, memberId: '' };

async function commit(
  groups: Groups,
  groupId: string,
  { generationId, memberId }: Member,
  offsets: readonly (readonly [number, bigint])[],
): Promise<string[]> {
  const answers = await groups.offsets.commit({
    groupId,
    generationId,
    memberId,
    groupInstanceId: null,
    knowsMemberEpochs: true,
    offsets: offsets.map(([partition, offset]) => ({
      topic: 'orders',
      partition,
      offset,
      leaderEpoch: 0,
      metadata: `at ${offset}`,
    })),
  });
  return answers.map(({ error }) => error);
}

async function fetch(groups: Groups, groupId: string, partitions: readonly number[]): Promise<bigint[]> {
  const { error, offsets } = await groups.offsets.fetch({
    groupId,
    partitions: partitions.map((partition) => ({ topic: 'orders', partition })),
    memberId: '',
    memberEpoch: -1,
    requireStable: true,
  });
  expect(error).toBe('NONE');
  return offsets.map(({ offset }) => offset);
}

/** Groups on an engine: one behaviour on all of them (I13). */
export function groupsSuite(engine: Engine): void {
  describe(`groups on ${engine.name}`, () => {
    const stores = useStores(engine);
    const processes = (): [Groups, Groups] => [open(stores()), open(stores())];
    classicTests(processes);
    offsetTests(processes);
    lostCommitTest(stores);
    consumerTests(processes);
  });
}

type Processes = () => [Groups, Groups];

function classicTests(processes: Processes): void {
  test('two members in two processes meet in one generation, and one goes on alone', async () => {
    const [one, two] = processes();
    const groupId = randomUUID();
    const first = await join(one, groupId);
    expect(await sync(one, groupId, first)).toBe(first.memberId);
    const joining = join(two, groupId);
    const heartbeat = { groupId, ...first, groupInstanceId: null };
    await expect
      .poll(() => one.coordinator.heartbeat(heartbeat), { timeout: 10_000 })
      .toMatchObject({ error: 'REBALANCE_IN_PROGRESS' });
    const [again, second] = await Promise.all([join(one, groupId, first.memberId), joining]);
    expect([again.generationId, second.generationId]).toEqual([2, 2]);
    const [ofFirst, ofSecond] = await Promise.all([sync(one, groupId, again), sync(two, groupId, second)]);
    expect([ofFirst, ofSecond]).toEqual([again.memberId, second.memberId]);
    const [described] = await two.coordinator.describeGroups([groupId]);
    expect(described).toMatchObject({ groupState: 'Stable', protocolData: 'range' });
    const members = [{ memberId: second.memberId, groupInstanceId: null }];
    expect(await two.coordinator.leaveGroup({ groupId, members })).toMatchObject({
      members: [{ error: 'NONE' }],
    });
    const alone = await join(one, groupId, first.memberId);
    expect(alone.members.map(({ memberId }) => memberId)).toEqual([first.memberId]);
  });
}

function offsetTests(processes: Processes): void {
  test('offsets of many blocks are committed, found, deleted and gone with their group', async () => {
    const [one, two] = processes();
    const groupId = randomUUID();
    const offsets = Array.from({ length: 40 }, (_, partition) => [partition, BigInt(partition)] as const);
    expect(new Set(await commit(one, groupId, tool, offsets))).toEqual(new Set(['NONE']));
    const partitions = offsets.map(([partition]) => partition);
    expect(await fetch(two, groupId, partitions)).toEqual(partitions.map(BigInt));
    const deleted = await one.offsets.delete(groupId, [{ topic: 'orders', partition: 3 }]);
    expect(deleted).toMatchObject({ error: 'NONE', partitions: [{ error: 'NONE' }] });
    expect(await fetch(two, groupId, [2, 3, 4])).toEqual([2n, -1n, 4n]);
    const { groups } = await two.coordinator.listGroups();
    expect(groups.filter((group) => group.groupId === groupId)).toHaveLength(1);
    expect(await two.coordinator.deleteGroups([groupId])).toEqual([{ groupId, error: 'NONE' }]);
    expect(await fetch(one, groupId, [2, 4])).toEqual([-1n, -1n]);
    expect(await one.coordinator.deleteGroups([groupId])).toEqual([{ groupId, error: 'GROUP_ID_NOT_FOUND' }]);
    expect(await commit(one, groupId, tool, [[2, 9n]])).toEqual(['NONE']);
    expect(await fetch(one, groupId, [2, 4])).toEqual([9n, -1n]);
  });

  test('a member of an old generation may not commit, whether it knows or not', async () => {
    const [one, two] = processes();
    const groupId = randomUUID();
    const first = await join(one, groupId);
    await sync(one, groupId, first);
    expect(await commit(one, groupId, first, [[0, 5n]])).toEqual(['NONE']);
    const members = [{ memberId: first.memberId, groupInstanceId: null }];
    await two.coordinator.leaveGroup({ groupId, members });
    const next = await join(two, groupId);
    await sync(two, groupId, next);
    expect(await fetch(two, groupId, [0, 1])).toEqual([5n, -1n]);
    expect(await commit(one, groupId, first, [[0, 9n]])).toEqual(['UNKNOWN_MEMBER_ID']);
    const old = { ...next, generationId: first.generationId };
    expect(await commit(one, groupId, old, [[0, 9n]])).toEqual(['ILLEGAL_GENERATION']);
    expect(await commit(one, groupId, next, [[1, 7n]])).toEqual(['NONE']);
    expect(await fetch(two, groupId, [0, 1])).toEqual([5n, 7n]);
  });
}

function lostCommitTest(stores: () => Stores): void {
  test('a commit that was written again for a lost answer does not come back behind a later one', async () => {
    const groupId = randomUUID();
    const updatesBlock = ({ operation, target }: StoreCall): boolean =>
      operation === 'update' && target.includes('offset#');
    const plan = failCallOf(updatesBlock, 2, { late: 'held' });
    const faulty = faultyStores(stores(), plan, systemClock);
    const [one, two] = [open(faulty), open(stores())];
    const member = await join(two, groupId);
    await sync(two, groupId, member);
    expect(await commit(one, groupId, member, [[0, 5n]])).toEqual(['NONE']);
    expect(await commit(one, groupId, member, [[0, 7n]])).toEqual(['NONE']);
    expect(await commit(two, groupId, member, [[0, 8n]])).toEqual(['NONE']);
    await faulty.releaseHeld();
    expect(await fetch(two, groupId, [0])).toEqual([8n]);
  });
}

function consumerTests(processes: Processes): void {
  test('a KIP-848 member joins, commits and leaves', async () => {
    const [one, two] = processes();
    const groupId = randomUUID();
    const request = {
      groupId,
      memberId: randomUUID(),
      memberEpoch: 0,
      groupInstanceId: null,
      rackId: null,
      rebalanceTimeoutMs: 10_000,
      subscribedTopicNames: ['orders'],
      subscribedTopicRegex: null,
      serverAssignor: 'uniform',
      topicPartitions: new Map(),
      clientId: 'client',
      clientHost: '/127.0.0.1',
      requiresMemberId: true,
    };
    const joined = await one.coordinator.consumerGroupHeartbeat(request);
    expect(joined).toMatchObject({ error: 'NONE', memberEpoch: 1 });
    expect([...(joined.assignment?.values() ?? [])][0]).toHaveLength(40);
    const member = { generationId: 1, memberId: request.memberId };
    expect(await commit(two, groupId, member, [[0, 5n]])).toEqual(['NONE']);
    const [described] = await two.coordinator.consumerGroupDescribe([groupId]);
    expect(described).toMatchObject({ groupState: 'Stable', members: [{ memberId: request.memberId }] });
    const left = await two.coordinator.consumerGroupHeartbeat({ ...request, memberEpoch: -1 });
    expect(left).toMatchObject({ error: 'NONE', memberEpoch: -1 });
    expect(await fetch(one, groupId, [0])).toEqual([5n]);
  });
}

import { describe, expect, test } from 'vitest';
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../shared/groups/api.ts';
import { subscribedTopics } from '../../../shared/groups/consumer-protocol.ts';
import type { Groups } from '../../../shared/groups/groups.ts';
import type { TopicPartitions } from '../../../shared/storage/items/consumer-members.ts';
import { countingStores } from '../../support/counting-stores.ts';
import {
  beatRequest,
  cellOf,
  fetchOne,
  type Ground,
  joinRequest,
  newGround,
  openProcess,
  pass,
  setOffset,
  TestMember,
  until,
} from './group-bench.ts';

/** One consumer of a KIP-848 group, as far as its protocol goes. */
class TestConsumer {
  memberId: string;
  memberEpoch = 0;
  owned: TopicPartitions = new Map();
  private readonly ground: Ground;
  private readonly groups: Groups;

  constructor(ground: Ground, groups: Groups, memberId: string) {
    this.memberId = memberId;
    this.ground = ground;
    this.groups = groups;
  }

  async beat(changes: Partial<ConsumerGroupHeartbeatRequest> = {}): Promise<ConsumerGroupHeartbeatResponse> {
    const { memberId, memberEpoch } = this;
    const first = memberEpoch === 0 ? {} : { subscribedTopicNames: null, rebalanceTimeoutMs: -1 };
    const topicPartitions = memberEpoch === 0 ? new Map() : this.owned;
    const request = beatRequest({ memberId, memberEpoch, topicPartitions, ...first, ...changes });
    const response = await until(this.ground, this.groups.coordinator.consumerGroupHeartbeat(request));
    if (response.error !== 'NONE') return response;
    this.memberEpoch = response.memberEpoch;
    if (response.assignment !== null) this.owned = response.assignment;
    return response;
  }

  get partitions(): readonly number[] {
    return this.owned.get('id-of-orders') ?? [];
  }
}

/** Lets the consumers beat until nothing changes any more. */
async function settle(ground: Ground, consumers: readonly TestConsumer[]): Promise<void> {
  for (let round = 0; round < 6; round++) {
    for (const consumer of consumers) expect((await consumer.beat()).error).toBe('NONE');
    await pass(ground, 1_000, 500);
  }
}

test('members in two processes share the partitions, and hand them over one by one', async () => {
  const ground = newGround();
  const a = new TestConsumer(ground, openProcess(ground), 'a');
  const b = new TestConsumer(ground, openProcess(ground), 'b');
  expect(await a.beat()).toMatchObject({ error: 'NONE', memberEpoch: 1, heartbeatIntervalMs: 5_000 });
  expect(a.partitions).toEqual([0, 1, 2, 3, 4, 5]);
  await pass(ground, 1_000, 500);
  expect(await b.beat()).toMatchObject({ memberEpoch: 2, heartbeatIntervalMs: 1_000 });
  expect(b.partitions).toEqual([]);
  await settle(ground, [a, b]);
  expect([...a.partitions, ...b.partitions].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(a.partitions).toHaveLength(3);
  const [described] = await openProcess(ground).coordinator.consumerGroupDescribe(['g']);
  expect(described).toMatchObject({
    error: 'NONE',
    groupState: 'Stable',
    groupEpoch: 2,
    assignmentEpoch: 2,
    assignorName: 'uniform',
  });
  expect(described?.members[0]).toMatchObject({
    memberId: 'a',
    memberEpoch: 2,
    subscribedTopicNames: ['orders'],
    assignment: [{ topicId: 'id-of-orders', topicName: 'orders', partitions: a.partitions }],
  });
});

test('a heartbeat that changes nothing reads the cell, and writes at most its lease', async () => {
  const ground = newGround();
  const stores = countingStores(ground.stores);
  const a = new TestConsumer(ground, openProcess(ground, stores), 'a');
  await a.beat();
  expect((await stores.costOf(() => a.beat())).calls).toEqual({ get: 1 });
  ground.clock.advance(10_000);
  await a.beat();
  ground.clock.advance(10_000);
  const cost = await stores.costOf(() => a.beat());
  expect(cost.calls.put ?? 0).toBe(0);
});

test('a member that dies is expelled, and its partitions go to the others', async () => {
  const ground = newGround();
  const a = new TestConsumer(ground, openProcess(ground), 'a');
  const b = new TestConsumer(ground, openProcess(ground), 'b');
  await a.beat();
  await pass(ground, 1_000, 500);
  await b.beat();
  await settle(ground, [a, b]);
  for (let passedMs = 0; passedMs < 60_000; passedMs += 5_000) {
    await pass(ground, 5_000, 500);
    await a.beat();
  }
  expect(a.partitions).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await b.beat()).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
});

test('new partitions of a subscribed topic are noticed within five seconds', async () => {
  const ground = newGround();
  const a = new TestConsumer(ground, openProcess(ground), 'a');
  await a.beat();
  ground.topics.splice(0, 1, { name: 'orders', topicId: 'id-of-orders', partitions: 8 });
  await pass(ground, 5_000, 500);
  await a.beat();
  expect(a.partitions).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a regex is RE2, matches whole names, and finds new topics within ten seconds', async () => {
  const ground = newGround();
  const a = new TestConsumer(ground, openProcess(ground), 'a');
  await a.beat({ subscribedTopicNames: null, subscribedTopicRegex: 'ord.*|refund' });
  expect([...a.owned.keys()]).toEqual(['id-of-orders']);
  ground.topics.push({ name: 'refunds', topicId: 'id-of-refunds', partitions: 1 });
  ground.topics.push({ name: 'ordinary', topicId: 'id-of-ordinary', partitions: 1 });
  await pass(ground, 10_000, 500);
  await a.beat();
  expect([...a.owned.keys()].sort()).toEqual(['id-of-orders', 'id-of-ordinary']);
});

describe('requests that are refused', () => {
  const rows: [string, Partial<ConsumerGroupHeartbeatRequest>, string][] = [
    ['an empty group id', { groupId: '' }, 'INVALID_GROUP_ID'],
    ['no rebalance timeout at epoch 0', { rebalanceTimeoutMs: -1 }, 'INVALID_REQUEST'],
    ['no subscription at epoch 0', { subscribedTopicNames: null }, 'INVALID_REQUEST'],
    ['partitions at epoch 0', { topicPartitions: new Map([['id-of-orders', [0]]]) }, 'INVALID_REQUEST'],
    ['not saying that it has none', { topicPartitions: null }, 'INVALID_REQUEST'],
    ['an epoch below -2', { memberId: 'a', memberEpoch: -3 }, 'INVALID_REQUEST'],
    ['leaving for a while without an instance id', { memberId: 'a', memberEpoch: -2 }, 'INVALID_REQUEST'],
    ['an empty member id from version 1 on', { requiresMemberId: true }, 'INVALID_REQUEST'],
    ['an empty member id after the first', { memberEpoch: 1 }, 'INVALID_REQUEST'],
    ['an unknown group after the first', { memberId: 'a', memberEpoch: 1 }, 'GROUP_ID_NOT_FOUND'],
    ['leaving an unknown group', { memberId: 'a', memberEpoch: -1 }, 'GROUP_ID_NOT_FOUND'],
    ['an unknown assignor', { serverAssignor: 'sticky' }, 'UNSUPPORTED_ASSIGNOR'],
    ['an assignor that objects have', { serverAssignor: 'constructor' }, 'UNSUPPORTED_ASSIGNOR'],
    ['a bad regex', { subscribedTopicRegex: '(' }, 'INVALID_REGULAR_EXPRESSION'],
    ['a regex of another language', { subscribedTopicRegex: '(a)\\1' }, 'INVALID_REGULAR_EXPRESSION'],
  ];
  test.each(rows)('%s', async (_, changes, error) => {
    const ground = newGround();
    const request = beatRequest(changes);
    const beat = openProcess(ground).coordinator.consumerGroupHeartbeat(request);
    expect(await until(ground, beat)).toMatchObject({ error });
    expect((await ground.stores.metadata.query({ pk: 'g#g' })).items).toEqual([]);
  });

  test('one more than the group may have, and no lease stays', async () => {
    const ground = newGround({ consumerGroupSizeMax: 1 });
    const groups = openProcess(ground);
    await new TestConsumer(ground, groups, 'a').beat();
    expect(await new TestConsumer(ground, groups, 'b').beat()).toMatchObject({
      error: 'GROUP_MAX_SIZE_REACHED',
    });
    const { items } = await ground.stores.metadata.query({ pk: 'g#g' });
    expect(items.map(({ key }) => key.sk)).toEqual(['group', 'lease#a']);
  });
});

describe('leaving', () => {
  test('with -1 makes the group empty', async () => {
    const ground = newGround();
    const a = new TestConsumer(ground, openProcess(ground), 'a');
    await a.beat();
    expect(await a.beat({ memberEpoch: -1 })).toMatchObject({ error: 'NONE', memberEpoch: -1 });
    expect((await cellOf(ground)).members).toEqual([]);
    a.memberEpoch = 1;
    expect(await a.beat()).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
  });

  test('with -2 keeps the place of a static member until its session ends', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const a = new TestConsumer(ground, groups, 'a');
    await a.beat({ groupInstanceId: 'i' });
    expect(await a.beat({ memberEpoch: -2, groupInstanceId: 'i' })).toMatchObject({ memberEpoch: -2 });
    const b = new TestConsumer(ground, groups, 'b');
    await b.beat({ groupInstanceId: 'i' });
    expect(b.partitions).toEqual([0, 1, 2, 3, 4, 5]);
    const c = new TestConsumer(ground, groups, 'c');
    expect(await c.beat({ groupInstanceId: 'i' })).toMatchObject({ error: 'UNRELEASED_INSTANCE_ID' });
  });
});

describe('commits', () => {
  test('of an epoch that the partition has been in are taken, others are stale', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const a = new TestConsumer(ground, groups, 'a');
    await a.beat();
    ground.topics.splice(0, 1, { name: 'orders', topicId: 'id-of-orders', partitions: 7 });
    await pass(ground, 5_000, 500);
    await a.beat();
    expect(a.memberEpoch).toBe(2);
    const commit = async (generationId: number, partition: number, knowsMemberEpochs = true) => {
      const offsets = [{ topic: 'orders', partition, offset: 5n, leaderEpoch: -1, metadata: null }];
      const request = { groupId: 'g', generationId, memberId: 'a', groupInstanceId: null };
      const [answer] = await until(ground, groups.offsets.commit({ ...request, knowsMemberEpochs, offsets }));
      return answer?.error;
    };
    expect(await commit(2, 0)).toBe('NONE');
    expect(await commit(1, 0)).toBe('NONE');
    expect(await commit(1, 6)).toBe('STALE_MEMBER_EPOCH');
    expect(await commit(3, 0)).toBe('STALE_MEMBER_EPOCH');
    expect(await commit(2, 0, false)).toBe('UNSUPPORTED_VERSION');
    expect(await until(ground, setOffset(groups, 0, 9n))).toBe('UNKNOWN_MEMBER_ID');
  });

  test('a fetch of a member is checked too', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await new TestConsumer(ground, groups, 'a').beat();
    const partitions = [{ topic: 'orders', partition: 0 }];
    const fetch = async (memberId: string, memberEpoch: number) => {
      const request = { groupId: 'g', partitions, memberId, memberEpoch, requireStable: false };
      return (await until(ground, groups.offsets.fetch(request))).error;
    };
    expect(await fetch('a', 1)).toBe('NONE');
    expect(await fetch('a', 2)).toBe('STALE_MEMBER_EPOCH');
    expect(await fetch('x', 1)).toBe('UNKNOWN_MEMBER_ID');
    expect(await until(ground, fetchOne(groups, 0))).toBe(-1n);
  });
});

describe('a group changes its type', () => {
  test('only while it is empty, and its numbers go on', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const classic = new TestMember(ground, groups);
    await until(ground, classic.joinAndSync());
    const a = new TestConsumer(ground, groups, 'a');
    expect(await a.beat()).toMatchObject({ error: 'GROUP_ID_NOT_FOUND' });
    await until(ground, classic.leave());
    const before = await cellOf(ground);
    expect(await a.beat()).toMatchObject({ error: 'NONE', memberEpoch: before.generation + 1 });
    const join = groups.coordinator.joinGroup(joinRequest(ground));
    expect(await until(ground, join)).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
    expect(await until(ground, classic.heartbeat())).toBe('UNKNOWN_MEMBER_ID');
    expect((await until(ground, classic.sync())).error).toBe('UNKNOWN_MEMBER_ID');
    expect(await until(ground, classic.leave())).toBe('UNKNOWN_MEMBER_ID');
    await a.beat({ memberEpoch: -1 });
    const between = await cellOf(ground);
    classic.memberId = '';
    const { joined } = await until(ground, classic.joinAndSync());
    expect(joined.generationId).toBe(between.generation + 1);
    expect((await cellOf(ground)).fence).toBeGreaterThan(between.fence);
  });
});

describe('what a consumer of the classic protocol says that it subscribes to', () => {
  test.each([
    ['two topics', [0, 1, 0, 0, 0, 2, 0, 1, 97, 0, 1, 98, 255, 255, 255, 255], ['a', 'b']],
    ['nothing', [0, 0, 0, 0, 0, 0], []],
    ['no bytes at all', [], undefined],
    ['a count that lies', [0, 0, 127, 255, 255, 255], undefined],
    ['a length that lies', [0, 0, 0, 0, 0, 1, 0, 9, 97], undefined],
    ['no text', [0, 0, 0, 0, 0, 1, 0, 1, 255], undefined],
  ])('%s', (_, bytes, topics) => {
    expect(subscribedTopics(Uint8Array.from(bytes))).toEqual(topics);
  });
});

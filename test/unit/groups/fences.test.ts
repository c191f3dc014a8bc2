import { describe, expect, test } from 'vitest';
import type { Groups } from '../../../shared/groups/groups.ts';
import { noPartitions } from '../../../shared/groups/topic-partitions.ts';
import { type Fate, failCallOf, faultyStores } from '../../support/faulty-stores.ts';
import { gateAt, putsCell, touches } from './gates.ts';
import {
  beatRequest,
  cellOf,
  fetchOne,
  newGround,
  openProcess,
  pass,
  setOffset,
  stableGroup,
  TestMember,
  until,
} from './group-bench.ts';

/** The rows of the race table of the design that are about committed offsets (I5) and KIP-848. */

const commitsBlock = touches('update', 'offset#');

/** The same member, served by another process. */
const as = ({ ground, memberId, generationId, groupInstanceId }: TestMember, groups: Groups): TestMember =>
  new TestMember(ground, groups, { memberId, generationId, groupInstanceId });

const memberWithCommit = async (groupInstanceId: string | null = null) => {
  const ground = newGround();
  const member = new TestMember(ground, openProcess(ground), { groupInstanceId });
  await until(ground, member.joinAndSync());
  expect(await until(ground, member.commit(0, 5n))).toBe('NONE');
  return { ground, member };
};

describe('a commit that was checked before', () => {
  test('a rebalance, and lands after the new owner has fetched, is refused', async () => {
    const { ground, member } = await memberWithCommit();
    const gate = gateAt(ground, commitsBlock);
    const late = as(member, openProcess(ground, gate.stores)).commit(0, 9n);
    await gate.reached();
    const next = new TestMember(ground, openProcess(ground));
    await until(ground, member.leave());
    await until(ground, next.joinAndSync());
    expect(await until(ground, next.fetch(0))).toBe(5n);
    gate.open();
    expect(await until(ground, late)).toBe('UNKNOWN_MEMBER_ID');
    expect(await until(ground, next.fetch(0))).toBe(5n);
  });

  test('a rebalance, and lands before the new owner fetches, is seen by it', async () => {
    const { ground, member } = await memberWithCommit();
    const gate = gateAt(ground, commitsBlock);
    const late = as(member, openProcess(ground, gate.stores)).commit(0, 9n);
    await gate.reached();
    const next = new TestMember(ground, openProcess(ground));
    await until(ground, member.leave());
    await until(ground, next.joinAndSync());
    gate.open();
    expect(await until(ground, late)).toBe('NONE');
    expect(await until(ground, next.fetch(0))).toBe(9n);
  });

  test('its group had a commit at all is refused once the new owner has looked for one', async () => {
    const ground = newGround();
    const member = new TestMember(ground, openProcess(ground));
    await until(ground, member.joinAndSync());
    const gate = gateAt(ground, commitsBlock);
    const late = as(member, openProcess(ground, gate.stores)).commit(0, 9n);
    await gate.reached();
    const next = new TestMember(ground, openProcess(ground));
    await until(ground, member.leave());
    await until(ground, next.joinAndSync());
    expect(await until(ground, next.fetch(0))).toBe(-1n);
    gate.open();
    expect(await until(ground, late)).toBe('UNKNOWN_MEMBER_ID');
    expect(await until(ground, next.fetch(0))).toBe(-1n);
  });

  test('its static member was replaced in the same generation is refused', async () => {
    const { ground, member } = await memberWithCommit('i');
    const gate = gateAt(ground, commitsBlock);
    const late = as(member, openProcess(ground, gate.stores)).commit(0, 9n);
    await gate.reached();
    const successor = new TestMember(ground, openProcess(ground), { groupInstanceId: 'i' });
    const { joined } = await until(ground, successor.joinAndSync());
    expect(joined.generationId).toBe(member.generationId);
    expect(await until(ground, successor.fetch(0))).toBe(5n);
    gate.open();
    expect(await until(ground, late)).toBe('FENCED_INSTANCE_ID');
    expect(await until(ground, successor.fetch(0))).toBe(5n);
  });

  test('the group was deleted and made again is refused', async () => {
    const { ground, member } = await memberWithCommit();
    const gate = gateAt(ground, commitsBlock);
    const late = as(member, openProcess(ground, gate.stores)).commit(0, 9n);
    await gate.reached();
    const groups = openProcess(ground);
    await until(ground, member.leave());
    await until(ground, groups.coordinator.deleteGroups(['g']));
    const again = new TestMember(ground, groups);
    await until(ground, again.joinAndSync());
    gate.open();
    expect(await until(ground, late)).toBe('UNKNOWN_MEMBER_ID');
    expect(await until(ground, again.fetch(0))).toBe(-1n);
  });
});

test('a tool that sets offsets of an empty group while a consumer joins is refused or seen', async () => {
  for (const lands of ['before', 'after'] as const) {
    const { ground, member } = await memberWithCommit();
    await until(ground, member.leave());
    const gate = gateAt(ground, commitsBlock);
    const tool = setOffset(openProcess(ground, gate.stores), 0, 2n);
    await gate.reached();
    const next = new TestMember(ground, openProcess(ground));
    await until(ground, next.joinAndSync());
    if (lands === 'after') expect(await until(ground, next.fetch(0))).toBe(5n);
    gate.open();
    expect(await until(ground, tool)).toBe(lands === 'after' ? 'UNKNOWN_MEMBER_ID' : 'NONE');
    expect(await until(ground, next.fetch(0))).toBe(lands === 'after' ? 5n : 2n);
  }
});

test('a tool that fetches in the middle of anything does no harm to rightful commits', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const [a, b] = [new TestMember(ground, groups), new TestMember(ground, groups)];
  await stableGroup(ground, [a, b]);
  const joining = new TestMember(ground, groups).join();
  await pass(ground, 100);
  expect(await cellOf(ground)).toMatchObject({ state: 'PreparingRebalance' });
  await until(ground, fetchOne(groups, 0));
  expect(await until(ground, a.commit(0, 5n))).toBe('NONE');
  await until(ground, Promise.all([joining, a.join(), b.join()]));
  await until(ground, fetchOne(groups, 0));
  expect(await until(ground, a.commit(0, 6n))).toBe('REBALANCE_IN_PROGRESS');
});

describe.each([
  ['lost', 'lost'],
  ['never', 'never'],
  ['late', { late: 50 }],
  ['throttled', 'throttled'],
  // A block in a store transaction: surely not applied, again with jitter.
  ['conflict', 'conflict'],
] as [string, Fate][])('a write of a block that is %s', (_, fate) => {
  test('is sent again: a commit', async () => {
    const { ground, member } = await memberWithCommit();
    const stores = faultyStores(ground.stores, failCallOf(commitsBlock, 1, fate), ground.clock);
    expect(await until(ground, as(member, openProcess(ground, stores)).commit(0, 7n))).toBe('NONE');
    expect(await until(ground, member.fetch(0))).toBe(7n);
  });

  test('is sent again: a fence', async () => {
    const { ground, member } = await memberWithCommit();
    const stores = faultyStores(ground.stores, failCallOf(commitsBlock, 1, fate), ground.clock);
    expect(await until(ground, fetchOne(openProcess(ground, stores), 1))).toBe(-1n);
    expect(await until(ground, member.commit(1, 7n))).toBe('NONE');
  });
});

test('when the store does not answer, calls say what every client takes silently', async () => {
  const { ground, member } = await memberWithCommit();
  const dead = openProcess(
    ground,
    faultyStores(ground.stores, () => 'unavailable', ground.clock),
  );
  const there = as(member, dead);
  expect((await until(ground, there.join())).error).toBe('NOT_COORDINATOR');
  expect((await until(ground, there.sync())).error).toBe('REBALANCE_IN_PROGRESS');
  expect(await until(ground, there.heartbeat())).toBe('NOT_COORDINATOR');
  expect(await until(ground, there.leave())).toBe('NOT_COORDINATOR');
  expect(await until(ground, there.commit(0, 9n))).toBe('NOT_COORDINATOR');
  const fetch = { groupId: 'g', partitions: null, memberId: '', memberEpoch: -1, requireStable: false };
  expect((await until(ground, dead.offsets.fetch(fetch))).error).toBe('NOT_COORDINATOR');
  const beat = dead.coordinator.consumerGroupHeartbeat(beatRequest());
  expect((await until(ground, beat)).error).toBe('NOT_COORDINATOR');
});

/** KIP-848 heartbeats of one member through one process. */
const beater =
  (groups: Groups, memberId: string) =>
  (memberEpoch: number, changes: Parameters<typeof beatRequest>[0] = {}) => {
    const again = memberEpoch === 0 ? {} : { subscribedTopicNames: null, rebalanceTimeoutMs: -1 };
    const topicPartitions = memberEpoch === 0 ? noPartitions : null;
    const request = beatRequest({ memberId, memberEpoch, topicPartitions, ...again, ...changes });
    return groups.coordinator.consumerGroupHeartbeat(request);
  };

describe('two KIP-848 members', () => {
  test('that reach for the same partitions at once get each one of them once', async () => {
    const ground = newGround();
    const gate = gateAt(ground, putsCell);
    const a = beater(openProcess(ground, gate.stores), 'a');
    const b = beater(openProcess(ground), 'b');
    const slow = a(0);
    await gate.reached();
    const fast = await until(ground, b(0));
    expect(fast.assignment?.get('id-of-orders')).toEqual([0, 1, 2, 3, 4, 5]);
    gate.open();
    const other = await until(ground, slow);
    expect(other.error).toBe('NONE');
    expect(other.assignment).toEqual(noPartitions);
  });

  test('one of which hands over a partition: its late commit there is stale, its others are taken', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const [a, b] = [beater(groups, 'a'), beater(groups, 'b')];
    await until(ground, a(0));
    const gate = gateAt(ground, commitsBlock);
    const offset = { topic: 'orders', leaderEpoch: -1, metadata: null };
    const late = openProcess(ground, gate.stores).offsets.commit({
      groupId: 'g',
      generationId: 1,
      memberId: 'a',
      groupInstanceId: null,
      knowsMemberEpochs: true,
      offsets: [0, 1, 2, 3, 4, 5].map((partition) => ({ ...offset, partition, offset: 9n })),
    });
    await gate.reached();
    await pass(ground, 1_000);
    await until(ground, b(0));
    const keeps = (await until(ground, a(1))).assignment ?? noPartitions;
    await until(ground, a(1, { topicPartitions: keeps }));
    const taken = (await until(ground, b(2))).assignment?.get('id-of-orders') ?? [];
    expect(taken).toHaveLength(3);
    for (const partition of taken) expect(await until(ground, fetchOne(groups, partition))).toBe(-1n);
    gate.open();
    const errors = (await until(ground, late)).map(({ partition, error }) => [partition, error]);
    expect(errors).toEqual(
      [0, 1, 2, 3, 4, 5].map((partition) => [
        partition,
        taken.includes(partition) ? 'STALE_MEMBER_EPOCH' : 'NONE',
      ]),
    );
    for (const partition of taken) expect(await until(ground, fetchOne(groups, partition))).toBe(-1n);
    const kept = keeps.get('id-of-orders') ?? [];
    for (const partition of kept) expect(await until(ground, fetchOne(groups, partition))).toBe(9n);
  });
});

describe('a KIP-848 heartbeat', () => {
  test('whose answer was lost is repeated with the old epoch and what the member owns', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const a = beater(groups, 'a');
    const { assignment } = await until(ground, a(0));
    ground.topics.splice(0, 1, { name: 'orders', topicId: 'id-of-orders', partitions: 8 });
    await pass(ground, 5_000, 500);
    const lost = await until(ground, a(1));
    expect(lost.memberEpoch).toBe(2);
    const again = await until(ground, a(1, { topicPartitions: assignment }));
    expect(again).toMatchObject({ error: 'NONE', memberEpoch: 2, assignment: lost.assignment });
    expect((await until(ground, a(0))).memberEpoch).toBe(2);
  });

  test.each([
    ['lost', 'lost'],
    ['never', 'never'],
    ['late', { late: 40 }],
  ] as [string, Fate][])('whose cell write is %s is folded again, and hears everything', async (_, fate) => {
    const ground = newGround();
    const stores = faultyStores(ground.stores, failCallOf(putsCell, 2, fate), ground.clock);
    const a = beater(openProcess(ground, stores), 'a');
    await until(ground, a(0));
    ground.topics.splice(0, 1, { name: 'orders', topicId: 'id-of-orders', partitions: 8 });
    await pass(ground, 5_000, 500);
    const answer = await until(ground, a(1));
    expect(answer).toMatchObject({ error: 'NONE', memberEpoch: 2 });
    expect(answer.assignment?.get('id-of-orders')).toHaveLength(8);
  });

  test('that is refused in a fold of unknown outcome stays refused', async () => {
    const ground = newGround();
    const [a, b] = [beater(openProcess(ground), 'a'), beater(openProcess(ground), 'b')];
    const all = (await until(ground, a(0))).assignment ?? noPartitions;
    await until(ground, b(0));
    await pass(ground, 1_100, 100);
    await until(ground, b(1));
    const kept = (await until(ground, a(1, { topicPartitions: all }))).assignment ?? noPartitions;
    const { memberEpoch } = await until(ground, a(1, { topicPartitions: kept }));
    expect(memberEpoch).toBeGreaterThan(1);
    const stores = faultyStores(ground.stores, failCallOf(putsCell, 1, 'lost'), ground.clock);
    const broken = openProcess(ground, stores);
    const [again, other] = [beater(broken, 'a'), beater(broken, 'b')];
    // The first occupies the cell; the two others are folded together, and one of them is an old one.
    const beats = [again(memberEpoch), again(1, { topicPartitions: all }), other(memberEpoch)];
    const [, old, taken] = await until(ground, Promise.all(beats));
    expect(taken?.assignment?.size).toBe(1);
    expect(old?.error).toBe('FENCED_MEMBER_EPOCH');
  });
});

test('a commit that was written again for a lost answer does not come back behind a later one', async () => {
  const { ground, member } = await memberWithCommit();
  const plan = failCallOf(commitsBlock, 1, { late: 'held' });
  const stores = faultyStores(ground.stores, plan, ground.clock);
  expect(await until(ground, as(member, openProcess(ground, stores)).commit(0, 7n))).toBe('NONE');
  expect(await until(ground, member.commit(0, 8n))).toBe('NONE');
  await stores.releaseHeld();
  expect(await until(ground, member.fetch(0))).toBe(8n);
});

import { describe, expect, test } from 'vitest';
import type { OffsetCommitRequest } from '../../../shared/groups/offsets-api.ts';
import { newPartitionHead, partitionHeadKey } from '../../../shared/storage/items/partition-head.ts';
import { set } from '../../../shared/storage/metadata-store.ts';
import { countingStores } from '../../support/counting-stores.ts';
import {
  cellOf,
  fetchOne,
  type Ground,
  newGround,
  openProcess,
  setOffset,
  stableGroup,
  TestMember,
  until,
} from './group-bench.ts';

const commitRequest = (changes: Partial<OffsetCommitRequest> = {}): OffsetCommitRequest => ({
  groupId: 'g',
  generationId: -1,
  memberId: '',
  groupInstanceId: null,
  knowsMemberEpochs: true,
  offsets: [{ topic: 'orders', partition: 0, offset: 5n, leaderEpoch: 3, metadata: 'here' }],
  ...changes,
});

const oneMember = async (): Promise<{ ground: Ground; member: TestMember }> => {
  const ground = newGround();
  const member = new TestMember(ground, openProcess(ground));
  await until(ground, member.joinAndSync());
  return { ground, member };
};

describe('a group that only stores offsets', () => {
  test('commits without a member, and everything comes back', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const [answer] = await until(ground, groups.offsets.commit(commitRequest()));
    expect(answer).toEqual({ topic: 'orders', partition: 0, error: 'NONE' });
    expect(await cellOf(ground)).toMatchObject({ state: 'Empty', protocolType: '', generation: 0 });
    const request = { groupId: 'g', partitions: null, memberId: '', memberEpoch: -1, requireStable: false };
    expect(await until(ground, groups.offsets.fetch(request))).toEqual({
      error: 'NONE',
      offsets: [
        { topic: 'orders', partition: 0, error: 'NONE', offset: 5n, leaderEpoch: 3, metadata: 'here' },
      ],
    });
    const listed = await until(ground, groups.coordinator.listGroups());
    expect(listed.groups).toEqual([
      { groupId: 'g', protocolType: '', groupState: 'Empty', groupType: 'classic' },
    ]);
  });

  test('may have the empty id', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    expect(await until(ground, setOffset(groups, 0, 7n, ''))).toBe('NONE');
    expect(await until(ground, fetchOne(groups, 0, ''))).toBe(7n);
  });

  test('of a partition named twice keeps the last', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const [offset] = commitRequest().offsets;
    if (offset === undefined) throw new Error('there is one');
    const offsets = [offset, { ...offset, offset: 9n }];
    expect(await until(ground, groups.offsets.commit(commitRequest({ offsets })))).toHaveLength(2);
    expect(await until(ground, fetchOne(groups, 0))).toBe(9n);
  });
});

describe('who may not commit', () => {
  const rows: [string, Partial<OffsetCommitRequest>, string][] = [
    ['a tool while members exist', {}, 'UNKNOWN_MEMBER_ID'],
    ['nobody that is no member', { generationId: 1, memberId: 'nobody' }, 'UNKNOWN_MEMBER_ID'],
    ['an unknown instance', { generationId: 1, groupInstanceId: 'i' }, 'UNKNOWN_MEMBER_ID'],
    ['another generation', { generationId: 2 }, 'ILLEGAL_GENERATION'],
  ];
  test.each(rows)('%s', async (_, changes, error) => {
    const { ground, member } = await oneMember();
    const memberId = changes.generationId === undefined ? '' : (changes.memberId ?? member.memberId);
    const groups = openProcess(ground);
    const [answer] = await until(ground, groups.offsets.commit(commitRequest({ ...changes, memberId })));
    expect(answer?.error).toBe(error);
    expect(await until(ground, fetchOne(groups, 0))).toBe(-1n);
  });

  test.each([
    [true, 'GROUP_ID_NOT_FOUND'],
    [false, 'ILLEGAL_GENERATION'],
  ])('a member of an unknown group (knows member epochs: %s)', async (knowsMemberEpochs, error) => {
    const ground = newGround();
    const { offsets } = openProcess(ground);
    const request = commitRequest({ generationId: 1, memberId: 'a', knowsMemberEpochs });
    expect((await until(ground, offsets.commit(request)))[0]?.error).toBe(error);
    expect(await cellOf(ground)).toMatchObject({ state: 'Dead', version: 0n });
  });

  test('a member between join and sync', async () => {
    const ground = newGround();
    const member = new TestMember(ground, openProcess(ground));
    await until(ground, member.join());
    expect(await until(ground, member.commit(0, 5n))).toBe('REBALANCE_IN_PROGRESS');
  });

  test('but a member while others join may', async () => {
    const { ground, member } = await oneMember();
    const other = new TestMember(ground, openProcess(ground));
    const joining = other.join();
    await until(ground, Promise.race([joining, ground.clock.sleep(200)]));
    expect(await until(ground, member.heartbeat())).toBe('REBALANCE_IN_PROGRESS');
    expect(await until(ground, member.commit(0, 5n))).toBe('NONE');
  });
});

test('each partition is answered for itself', async () => {
  const ground = newGround();
  const { offsets } = openProcess(ground);
  const offset = { offset: 1n, leaderEpoch: -1, metadata: null };
  const answers = await until(
    ground,
    offsets.commit(
      commitRequest({
        offsets: [
          { topic: 'orders', partition: 0, ...offset },
          { topic: 'orders', partition: 6, ...offset },
          { topic: 'refunds', partition: 0, ...offset },
          { topic: 'orders', partition: 1, ...offset, metadata: 'x'.repeat(4_097) },
          { topic: 'orders', partition: 2, ...offset, metadata: 'x'.repeat(4_096) },
        ],
      }),
    ),
  );
  expect(answers.map(({ error }) => error)).toEqual([
    'NONE',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'OFFSET_METADATA_TOO_LARGE',
    'NONE',
  ]);
});

describe('a fetch', () => {
  test('of an unknown group, or without a commit, is -1 and no error', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const partitions = [
      { topic: 'orders', partition: 0 },
      { topic: 'refunds', partition: 0 },
      { topic: 'orders', partition: 99 },
    ];
    const request = { groupId: 'g', partitions, memberId: '', memberEpoch: -1, requireStable: true };
    const { error, offsets } = await until(ground, groups.offsets.fetch(request));
    expect(error).toBe('NONE');
    expect(offsets.map(({ error, offset }) => [error, offset])).toEqual(partitions.map(() => ['NONE', -1n]));
    expect((await ground.stores.metadata.query({ pk: 'g#g' })).items).toEqual([]);
  });

  test('of stable offsets says so where a transaction is open', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, setOffset(groups, 1, 5n));
    const key = { pk: 'g#g', sk: 'offset#id-of-orders#000000' };
    await ground.stores.metadata.update(key, { changes: [set(['pend', '77#1'], ['later'])] });
    const partitions = [0, 1].map((partition) => ({ topic: 'orders', partition }));
    const request = { groupId: 'g', partitions, memberId: '', memberEpoch: -1 };
    const stable = await until(ground, groups.offsets.fetch({ ...request, requireStable: true }));
    expect(stable.offsets.map(({ error }) => error)).toEqual(['NONE', 'UNSTABLE_OFFSET_COMMIT']);
    const any = await until(ground, groups.offsets.fetch({ ...request, requireStable: false }));
    expect(any.offsets.map(({ offset }) => offset)).toEqual([-1n, 5n]);
  });

  test('of a deleted topic and one of the same name finds nothing', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, setOffset(groups, 0, 5n));
    ground.topics.splice(0, 1, { name: 'orders', topicId: 'another-id', partitions: 6 });
    expect(await until(ground, fetchOne(groups, 0))).toBe(-1n);
  });
});

describe('what it costs', () => {
  const partitions = (from: number, count: number) =>
    Array.from({ length: count }, (_, place) => ({
      topic: 'orders',
      partition: from + place,
      offset: 5n,
      leaderEpoch: -1,
      metadata: null,
    }));

  test('a commit is one read and one update for each sixteen partitions', async () => {
    const ground = newGround();
    ground.topics.splice(0, 1, { name: 'orders', topicId: 'id-of-orders', partitions: 32 });
    const stores = countingStores(ground.stores);
    const groups = openProcess(ground, stores);
    const all = commitRequest({ offsets: partitions(0, 32) });
    await until(ground, groups.offsets.commit(all));
    const cost = await stores.costOf(() => until(ground, groups.offsets.commit(all)));
    expect(cost.calls).toEqual({ get: 1, update: 2 });
    const few = commitRequest({ offsets: partitions(0, 10) });
    const less = await stores.costOf(() => until(ground, groups.offsets.commit(few)));
    expect(less).toMatchObject({ calls: { get: 1, update: 1 }, writeUnits: 1 });
  });

  test('a heartbeat reads the cell, and a third of a session later its lease is renewed', async () => {
    const ground = newGround();
    const stores = countingStores(ground.stores);
    const member = new TestMember(ground, openProcess(ground, stores));
    await until(ground, member.joinAndSync());
    expect((await stores.costOf(() => until(ground, member.heartbeat()))).calls).toEqual({ get: 1 });
    ground.clock.advance(2_400);
    expect((await stores.costOf(() => until(ground, member.heartbeat()))).calls).toEqual({ get: 1 });
    const elsewhere = new TestMember(ground, openProcess(ground, stores), {
      memberId: member.memberId,
      generationId: 1,
    });
    const cold = await stores.costOf(() => until(ground, elsewhere.heartbeat()));
    expect(cold).toMatchObject({ calls: { get: 2 }, readUnits: 1.5 });
  });

  test('a fetch reads, and raises the fence once a generation', async () => {
    const { ground, member } = await oneMember();
    await until(ground, member.commit(0, 5n));
    const stores = countingStores(ground.stores);
    const groups = openProcess(ground, stores);
    expect((await stores.costOf(() => until(ground, fetchOne(groups, 0)))).calls).toEqual({
      get: 1,
      getMany: 1,
    });
    const first = await stores.costOf(() => until(ground, fetchOne(groups, 1)));
    expect(first.calls).toEqual({ get: 1, getMany: 1, update: 1 });
    const second = await stores.costOf(() => until(ground, fetchOne(groups, 1)));
    expect(second.calls).toEqual({ get: 1, getMany: 1 });
  });
});

describe('lag', () => {
  const withHead = async (
    ground: Ground,
    partition: number,
    next: bigint,
    openAt?: bigint,
  ): Promise<void> => {
    const key = partitionHeadKey({ topicId: 'id-of-orders', partition });
    await ground.stores.metadata.put(key, {
      ...newPartitionHead(),
      next,
      ...(openAt === undefined ? {} : { txnAt: { 7: openAt } }),
    });
  };

  test('is what lies between the commit and the end, and never below 0', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await withHead(ground, 0, 10n, 8n);
    await withHead(ground, 1, 3n);
    await withHead(ground, 2, 4n);
    await until(ground, setOffset(groups, 0, 5n));
    await until(ground, setOffset(groups, 1, 9n));
    const all = { groupId: 'g', partitions: null, isolationLevel: 'read_uncommitted' } as const;
    const { lags } = await until(ground, groups.offsets.lag(all));
    expect(lags.map(({ partition, endOffset, lag }) => [partition, endOffset, lag])).toEqual([
      [0, 10n, 5n],
      [1, 3n, 0n],
    ]);
    const stable = await until(ground, groups.offsets.lag({ ...all, isolationLevel: 'read_committed' }));
    expect(stable.lags[0]).toMatchObject({ endOffset: 8n, lag: 3n });
    const partitions = [2, 9].map((partition) => ({ topic: 'orders', partition }));
    const named = await until(ground, groups.offsets.lag({ ...all, partitions }));
    expect(named.lags).toEqual([
      { topic: 'orders', topicId: 'id-of-orders', partition: 2, committed: null, endOffset: 4n, lag: null },
    ]);
  });
});

describe('deleting offsets', () => {
  const partitions = [{ topic: 'orders', partition: 0 }];

  test('of an empty group forgets them, and nothing late brings them back', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, setOffset(groups, 0, 5n));
    await until(ground, setOffset(groups, 1, 6n));
    const deleted = await until(ground, groups.offsets.delete('g', partitions));
    expect(deleted).toEqual({
      error: 'NONE',
      partitions: [{ topic: 'orders', partition: 0, error: 'NONE' }],
    });
    expect(await until(ground, fetchOne(groups, 0))).toBe(-1n);
    expect(await until(ground, fetchOne(groups, 1))).toBe(6n);
  });

  test('of an unknown group is refused', async () => {
    const ground = newGround();
    const deleted = openProcess(ground).offsets.delete('g', partitions);
    expect(await until(ground, deleted)).toEqual({ error: 'GROUP_ID_NOT_FOUND', partitions: [] });
  });

  /** What a consumer says that subscribes to these topics. */
  const subscribing = (...topics: string[]): Uint8Array => {
    const names = topics.flatMap((name) => [0, name.length, ...Buffer.from(name)]);
    return Uint8Array.from([0, 0, 0, 0, 0, topics.length, ...names, 0, 0, 0, 0]);
  };

  test.each([
    [subscribing('orders'), 'GROUP_SUBSCRIBED_TO_TOPIC', 5n],
    [subscribing('refunds'), 'NONE', -1n],
    [Uint8Array.from([9]), 'GROUP_SUBSCRIBED_TO_TOPIC', 5n],
  ])('of a living group is refused for topics that it may subscribe to', async (metadata, error, offset) => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups, { protocols: [{ name: 'range', metadata }] });
    await until(ground, member.joinAndSync());
    await until(ground, member.commit(0, 5n));
    const deleted = await until(ground, groups.offsets.delete('g', partitions));
    expect(deleted.partitions.map((answer) => answer.error)).toEqual([error]);
    expect(await until(ground, fetchOne(groups, 0))).toBe(offset);
  });

  test('of a living group of another protocol type is refused', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups);
    const request = member.request({ protocolType: 'connect', requiresKnownMemberId: false });
    await until(ground, groups.coordinator.joinGroup(request));
    expect((await until(ground, groups.offsets.delete('g', partitions))).error).toBe('NON_EMPTY_GROUP');
  });
});

test('commits of one member are written in the order in which they came', async () => {
  const ground = newGround();
  const members = [new TestMember(ground, openProcess(ground))];
  await stableGroup(ground, members);
  const [member] = members;
  const commits = [1n, 2n, 3n, 4n, 5n].map((offset) => member?.commit(0, offset));
  expect(await until(ground, Promise.all(commits))).toEqual(commits.map(() => 'NONE'));
  expect(await until(ground, fetchOne(openProcess(ground), 0))).toBe(5n);
});

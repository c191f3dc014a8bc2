import { describe, expect, test } from 'vitest';
import { utf8Encode } from '../../../shared/base/bytes.ts';
import { commitOffsets } from '../../../shared/groups/offset-updates.ts';
import { putIndex } from '../../../shared/groups/stored-cell.ts';
import {
  beatRequest,
  cellOf,
  fetchOne,
  newGround,
  openProcess,
  openRoom,
  pass,
  setOffset,
  TestMember,
  until,
} from './group-bench.ts';

const dayMs = 86_400_000;

describe('listing', () => {
  test('shows every group with its state and type, and filters by both', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, setOffset(groups, 0, 1n, 'simple'));
    await until(ground, new TestMember(ground, groups).joinAndSync());
    await until(ground, groups.coordinator.consumerGroupHeartbeat(beatRequest({ groupId: 'new' })));
    const all = await until(ground, groups.coordinator.listGroups());
    expect(all.groups).toEqual([
      { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' },
      { groupId: 'new', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' },
      { groupId: 'simple', protocolType: '', groupState: 'Empty', groupType: 'classic' },
    ]);
    const ids = async (statesFilter: string[], typesFilter: string[]) =>
      (await until(ground, groups.coordinator.listGroups({ statesFilter, typesFilter }))).groups.map(
        ({ groupId }) => groupId,
      );
    expect(await ids(['stable'], [])).toEqual(['g', 'new']);
    expect(await ids([], ['Consumer'])).toEqual(['new']);
    expect(await ids(['Empty'], ['consumer'])).toEqual([]);
  });

  test('folds expiry in memory: a group whose members all died is shown empty, and nothing is written', async () => {
    const ground = newGround();
    await until(ground, new TestMember(ground, openProcess(ground)).joinAndSync());
    ground.clock.advance(60_000);
    const before = await ground.stores.metadata.get({ pk: 'g#g', sk: 'group' });
    const { groups } = await until(ground, openProcess(ground).coordinator.listGroups());
    expect(groups[0]?.groupState).toBe('Empty');
    expect(await ground.stores.metadata.get({ pk: 'g#g', sk: 'group' })).toEqual(before);
  });
});

describe('describing', () => {
  test('shows metadata and assignments of a stable group', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups);
    await until(ground, member.joinAndSync());
    expect(await until(ground, groups.coordinator.describeGroups(['g', 'none']))).toEqual([
      {
        error: 'NONE',
        groupId: 'g',
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        members: [
          {
            memberId: member.memberId,
            groupInstanceId: null,
            clientId: 'client',
            clientHost: '/127.0.0.1',
            memberMetadata: utf8Encode('range'),
            memberAssignment: utf8Encode(`for ${member.memberId}`),
          },
        ],
      },
      {
        error: 'GROUP_ID_NOT_FOUND',
        groupId: 'none',
        groupState: 'Dead',
        protocolType: '',
        protocolData: '',
        members: [],
      },
    ]);
  });

  test('shows members alone before the group is stable', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, new TestMember(ground, groups).join());
    const [described] = await until(ground, groups.coordinator.describeGroups(['g']));
    expect(described).toMatchObject({ groupState: 'CompletingRebalance', protocolData: '' });
    expect(described?.members[0]?.memberMetadata).toEqual(new Uint8Array());
  });

  test('of the other type sends the tool to the other call', async () => {
    const ground = newGround();
    const { coordinator } = openProcess(ground);
    await until(ground, coordinator.consumerGroupHeartbeat(beatRequest({ groupId: 'new' })));
    await until(ground, new TestMember(ground, openProcess(ground)).joinAndSync());
    const [classic] = await until(ground, coordinator.describeGroups(['new']));
    expect(classic).toMatchObject({ error: 'GROUP_ID_NOT_FOUND', groupState: 'Dead' });
    const [consumer] = await until(ground, coordinator.consumerGroupDescribe(['g']));
    expect(consumer).toMatchObject({ error: 'GROUP_ID_NOT_FOUND', groupState: 'Dead' });
  });
});

describe('deleting', () => {
  test('forgets offsets and name; a new group of the name goes on from the old numbers', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups);
    await until(ground, member.joinAndSync());
    await until(ground, member.commit(0, 5n));
    expect(await until(ground, groups.coordinator.deleteGroups(['g']))).toEqual([
      { groupId: 'g', error: 'NON_EMPTY_GROUP' },
    ]);
    await until(ground, member.leave());
    const before = await cellOf(ground);
    expect(await until(ground, groups.coordinator.deleteGroups(['g', 'none']))).toEqual([
      { groupId: 'g', error: 'NONE' },
      { groupId: 'none', error: 'GROUP_ID_NOT_FOUND' },
    ]);
    expect((await until(ground, groups.coordinator.listGroups())).groups).toEqual([]);
    expect(await cellOf(ground)).toMatchObject({ state: 'Dead', generation: before.generation + 1 });
    member.memberId = '';
    await until(ground, member.joinAndSync());
    expect(member.generationId).toBe(before.generation + 2);
    expect(await until(ground, fetchOne(groups, 0))).toBe(-1n);
    expect((await until(ground, groups.coordinator.listGroups())).groups).toHaveLength(1);
  });

  test('counts dead members as gone', async () => {
    const ground = newGround();
    await until(ground, new TestMember(ground, openProcess(ground)).joinAndSync());
    ground.clock.advance(60_000);
    const deleted = openProcess(ground).coordinator.deleteGroups(['g']);
    expect(await until(ground, deleted)).toEqual([{ groupId: 'g', error: 'NONE' }]);
  });

  test('leaves nothing when offsets.retention.minutes have passed', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, setOffset(groups, 0, 5n));
    await until(ground, groups.coordinator.deleteGroups(['g']));
    ground.clock.advance(6 * dayMs);
    expect(await until(ground, groups.expireOffsets())).toEqual({ offsets: 0, groups: [], failed: [] });
    ground.clock.advance(dayMs);
    expect(await until(ground, groups.expireOffsets())).toMatchObject({ groups: ['g'] });
    expect((await ground.stores.metadata.query({ pk: 'g#g' })).items).toEqual([]);
    expect((await ground.stores.metadata.query({ pk: 'catalog' })).items).toEqual([]);
  });
});

describe('offsets.retention.minutes', () => {
  test('counts for a group that only commits from each commit', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, setOffset(groups, 0, 5n));
    ground.clock.advance(4 * dayMs);
    await until(ground, setOffset(groups, 1, 6n));
    ground.clock.advance(3 * dayMs);
    expect(await until(ground, groups.expireOffsets())).toEqual({ offsets: 1, groups: [], failed: [] });
    expect(await until(ground, fetchOne(groups, 0))).toBe(-1n);
    expect(await until(ground, fetchOne(groups, 1))).toBe(6n);
  });

  test('counts for an empty group from when it became empty, and then deletes it', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups);
    await until(ground, member.joinAndSync());
    await until(ground, member.commit(0, 5n));
    await pass(ground, 8_000, 1_000);
    await until(ground, member.heartbeat());
    await until(ground, member.leave());
    ground.clock.advance(7 * dayMs - 1_000);
    expect(await until(ground, groups.expireOffsets())).toEqual({ offsets: 0, groups: [], failed: [] });
    expect(await until(ground, fetchOne(groups, 0))).toBe(5n);
    ground.clock.advance(2_000);
    expect(await until(ground, groups.expireOffsets())).toEqual({ offsets: 1, groups: ['g'], failed: [] });
    expect(await cellOf(ground)).toMatchObject({ state: 'Dead' });
  });

  test('takes nothing from a living group but what nobody subscribes to', async () => {
    const ground = newGround();
    ground.topics.push({ name: 'refunds', topicId: 'id-of-refunds', partitions: 1 });
    const groups = openProcess(ground);
    const beat = (memberEpoch: number) =>
      until(ground, groups.coordinator.consumerGroupHeartbeat(beatRequest({ memberId: 'a', memberEpoch })));
    await beat(0);
    const offset = { offset: 5n, leaderEpoch: -1, metadata: null };
    await until(
      ground,
      groups.offsets.commit({
        groupId: 'g',
        generationId: 1,
        memberId: 'a',
        groupInstanceId: null,
        knowsMemberEpochs: true,
        offsets: [
          { topic: 'orders', partition: 0, ...offset },
          { topic: 'refunds', partition: 0, ...offset },
        ],
      }),
    );
    ground.clock.advance(8 * dayMs);
    await beat(0);
    const key = { groupId: 'g', topicId: 'id-of-refunds', block: 0 };
    expect(await until(ground, groups.expireOffsets())).toMatchObject({ offsets: 1, failed: [] });
    expect(await until(ground, fetchOne(groups, 0))).toBe(5n);
    const { items } = await ground.stores.metadata.query({ pk: 'g#g', from: 'offset#', through: 'offset$' });
    expect(items.some(({ key: { sk } }) => sk.includes(key.topicId))).toBe(false);
  });

  test('lets the blocks of deleted topics go', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, setOffset(groups, 0, 5n));
    ground.topics.pop();
    await until(ground, groups.expireOffsets());
    const { items } = await ground.stores.metadata.query({ pk: 'g#g', from: 'offset#', through: 'offset$' });
    expect(items).toEqual([]);
  });

  test('a failure with one group does not keep it from the others', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, setOffset(groups, 0, 5n, 'a'));
    await until(ground, setOffset(groups, 0, 5n, 'b'));
    await ground.stores.metadata.put({ pk: 'g#a', sk: 'group' }, { t: '?', f: 1n });
    ground.clock.advance(8 * dayMs);
    expect(await until(ground, groups.expireOffsets())).toEqual({ offsets: 1, groups: ['b'], failed: ['a'] });
  });
});

test('a name that was put by a process that died before its cell is hidden, then removed', async () => {
  const ground = newGround();
  const { context } = openRoom(ground);
  const groups = openProcess(ground);
  await putIndex(context, 'half');
  expect((await until(ground, groups.coordinator.listGroups())).groups).toEqual([]);
  ground.clock.advance(dayMs);
  await until(ground, groups.expireOffsets());
  ground.clock.advance(8 * dayMs);
  expect(await until(ground, groups.expireOffsets())).toMatchObject({ groups: ['half'] });
  expect((await ground.stores.metadata.query({ pk: 'catalog' })).items).toEqual([]);
});

test('a block that was emptied stays a day, so that late commits meet its fence', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const { context } = openRoom(ground);
  const member = new TestMember(ground, groups);
  await until(ground, member.joinAndSync());
  await until(ground, member.commit(0, 5n));
  await until(ground, member.leave());
  await until(ground, groups.coordinator.deleteGroups(['g']));
  const block = { groupId: 'g', topicId: 'id-of-orders', topic: 'orders', block: 0 };
  const late = new Map([[3, { offset: 9n, leaderEpoch: -1, committedAtMs: 0, metadata: '' }]]);
  expect(await until(ground, commitOffsets(context, block, late, 1n))).toBe('refused');
});

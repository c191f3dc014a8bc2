import { describe, expect, test } from 'vitest';
import { utf8Encode } from '../../../shared/base/bytes.ts';
import { gateAt, putsCell } from './gates.ts';
import {
  answered,
  cellOf,
  joinRequest,
  newGround,
  openProcess,
  pass,
  patient,
  stableGroup,
  TestMember,
  until,
} from './group-bench.ts';

describe('a group of one member', () => {
  test('is stable after one join and one sync', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups);
    const { joined, assignment } = await until(ground, member.joinAndSync());
    expect(joined).toMatchObject({
      error: 'NONE',
      generationId: 1,
      protocolType: 'consumer',
      protocolName: 'range',
      leader: member.memberId,
    });
    expect(joined.members).toEqual([
      { memberId: member.memberId, groupInstanceId: null, metadata: utf8Encode('range') },
    ]);
    expect(member.memberId).toMatch(/^client-.{22}$/);
    expect(assignment).toBe(`for ${member.memberId}`);
    expect(await member.heartbeat()).toBe('NONE');
    expect(await cellOf(ground)).toMatchObject({ state: 'Stable', generation: 1 });
  });

  test('is empty when it has left', async () => {
    const ground = newGround();
    const member = new TestMember(ground, openProcess(ground));
    await until(ground, member.joinAndSync());
    expect(await until(ground, member.leave())).toBe('NONE');
    expect(await cellOf(ground)).toMatchObject({ state: 'Empty', generation: 2, members: [] });
    expect(await member.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
  });

  test('leaves nothing but its cell and name behind', async () => {
    const ground = newGround();
    const member = new TestMember(ground, openProcess(ground));
    await until(ground, member.joinAndSync());
    await until(ground, member.leave());
    const { items } = await ground.stores.metadata.query({ pk: 'g#g' });
    expect(items.map(({ key }) => key.sk)).toEqual(['group']);
  });
});

describe('members in two processes', () => {
  test('meet in one generation, and each gets what the leader gave it', async () => {
    const ground = newGround();
    const a = new TestMember(ground, openProcess(ground));
    const b = new TestMember(ground, openProcess(ground));
    await until(ground, a.joinAndSync());
    const joinsB = b.joinAndSync();
    await pass(ground, 100);
    expect(await until(ground, a.heartbeat())).toBe('REBALANCE_IN_PROGRESS');
    const [ofA, ofB] = await until(ground, Promise.all([a.joinAndSync(), joinsB]));
    expect(ofA.joined).toMatchObject({ generationId: 2, leader: a.memberId });
    expect(ofB.joined).toMatchObject({ generationId: 2, leader: a.memberId, members: [] });
    expect(ofA.assignment).toBe(`for ${a.memberId}`);
    expect(ofB.assignment).toBe(`for ${b.memberId}`);
  });

  test('the dead one is expelled within one and a quarter of its session', async () => {
    const ground = newGround();
    const a = new TestMember(ground, openProcess(ground));
    const b = new TestMember(ground, openProcess(ground));
    await stableGroup(ground, [a, b]);
    let passedMs = 0;
    while ((await until(ground, a.heartbeat())) === 'NONE') {
      await pass(ground, 1_000);
      passedMs += 1_000;
    }
    expect(passedMs).toBeGreaterThanOrEqual(9_000);
    expect(passedMs).toBeLessThanOrEqual(13_500);
    const { joined } = await until(ground, a.joinAndSync());
    expect(joined.members).toHaveLength(1);
    expect(await until(ground, b.heartbeat())).toBe('UNKNOWN_MEMBER_ID');
  });
});

describe('a function', () => {
  test('asks its caller to come again, and the join stays one member', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const a = new TestMember(ground, groups);
    await until(ground, a.joinAndSync());
    const request = joinRequest(ground, { requiresKnownMemberId: false });
    const first = await until(
      ground,
      groups.coordinator.joinGroup(request, { waitMsMax: 2_000, canComeAgain: true }),
    );
    if (!('again' in first)) throw new Error('it should have asked to come again');
    expect((await cellOf(ground)).members).toHaveLength(2);
    const { memberId } = first.again;
    const second = openProcess(ground).coordinator.joinGroup(
      { ...request, memberId },
      { ...patient, canComeAgain: true, isAgain: true },
    );
    const [joined] = await until(ground, Promise.all([second, a.join()]));
    expect(answered(joined)).toMatchObject({ error: 'NONE', generationId: 2, memberId });
    expect((await cellOf(ground)).members).toHaveLength(2);
  });

  test.each([
    ['JoinGroup', 'NOT_COORDINATOR'],
    ['SyncGroup', 'REBALANCE_IN_PROGRESS'],
  ])('whose caller cannot come again answers %s with a code that every client takes', async (api, error) => {
    const ground = newGround();
    const groups = openProcess(ground);
    const a = new TestMember(ground, groups);
    await until(ground, a.joinAndSync());
    const b = new TestMember(ground, groups);
    if (api === 'SyncGroup') {
      await until(ground, Promise.all([b.join(), pass(ground, 100).then(() => a.join())]));
      expect((await until(ground, b.sync(undefined, { waitMsMax: 1_000 }))).error).toBe(error);
    } else expect((await until(ground, b.join({ waitMsMax: 1_000 }))).error).toBe(error);
  });
});

describe('joins that are refused', () => {
  const rows = [
    ['an empty group id', { groupId: '' }, 'INVALID_GROUP_ID', ''],
    ['a group id with a NUL', { groupId: 'a\0b' }, 'INVALID_GROUP_ID', ''],
    ['a session that is too short', { sessionTimeoutMs: 5_999 }, 'INVALID_SESSION_TIMEOUT', ''],
    ['a session that is too long', { sessionTimeoutMs: 1_800_001 }, 'INVALID_SESSION_TIMEOUT', ''],
    ['no protocols', { protocols: [] }, 'INCONSISTENT_GROUP_PROTOCOL', ''],
    ['no protocol type', { protocolType: '' }, 'INCONSISTENT_GROUP_PROTOCOL', ''],
    ['an unknown member id', { memberId: 'nobody' }, 'UNKNOWN_MEMBER_ID', ''],
    ['a member id that no key can hold', { memberId: 'a\0b' }, 'UNKNOWN_MEMBER_ID', ''],
    [
      'metadata over 256 KB',
      { protocols: [{ name: 'range', metadata: new Uint8Array(256 * 1024 + 1) }] },
      'UNKNOWN_SERVER_ERROR',
      '',
    ],
    ['an instance id that is too long', { groupInstanceId: 'i'.repeat(250) }, 'INVALID_REQUEST', ''],
  ] as const;
  test.each(rows)('%s', async (_, changes, error, memberId) => {
    const ground = newGround();
    const { coordinator } = openProcess(ground);
    const response = answered(await until(ground, coordinator.joinGroup(joinRequest(ground, changes))));
    expect(response).toMatchObject({ error, memberId });
    const { items } = await ground.stores.metadata.query({ pk: 'g#g' });
    expect(items).toEqual([]);
  });

  test('a full group', async () => {
    const ground = newGround({ groupSizeMax: 1 });
    const groups = openProcess(ground);
    await until(ground, new TestMember(ground, groups).joinAndSync());
    const refused = { error: 'GROUP_MAX_SIZE_REACHED', memberId: '' };
    const known = groups.coordinator.joinGroup(joinRequest(ground));
    expect(await until(ground, known)).toMatchObject(refused);
    const old = groups.coordinator.joinGroup(joinRequest(ground, { requiresKnownMemberId: false }));
    expect(await until(ground, old)).toMatchObject(refused);
  });

  test('a protocol that not all support', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    await until(ground, new TestMember(ground, groups).joinAndSync());
    const other = new TestMember(ground, groups, {
      protocols: [{ name: 'sticky', metadata: utf8Encode('') }],
    });
    expect((await until(ground, other.join())).error).toBe('INCONSISTENT_GROUP_PROTOCOL');
  });
});

describe('members that answer for themselves', () => {
  test.each([
    ['of another generation', { generationId: 9 }, 'ILLEGAL_GENERATION'],
    ['of nobody', { memberId: 'nobody' }, 'UNKNOWN_MEMBER_ID'],
    ['of an unknown instance', { groupInstanceId: 'i' }, 'UNKNOWN_MEMBER_ID'],
  ])('a heartbeat and a sync %s', async (_, changes, error) => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups);
    await until(ground, member.joinAndSync());
    Object.assign(member, changes);
    expect(await until(ground, member.heartbeat())).toBe(error);
    expect((await until(ground, member.sync())).error).toBe(error);
  });

  test('a heartbeat and a sync of an unknown group', async () => {
    const ground = newGround();
    const member = new TestMember(ground, openProcess(ground), { memberId: 'a', generationId: 1 });
    expect(await until(ground, member.heartbeat())).toBe('UNKNOWN_MEMBER_ID');
    expect((await until(ground, member.sync())).error).toBe('UNKNOWN_MEMBER_ID');
  });

  test('an assignment over 256 KB', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups);
    await until(ground, member.join());
    const { memberId, generationId } = member;
    const sync = groups.coordinator.syncGroup({
      groupId: 'g',
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: null,
      protocolName: null,
      assignments: [{ memberId, assignment: new Uint8Array(256 * 1024 + 1) }],
    });
    expect(await until(ground, sync)).toMatchObject({ error: 'UNKNOWN_SERVER_ERROR' });
  });

  test('each leaver, the call itself is fine', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const member = new TestMember(ground, groups);
    await until(ground, member.joinAndSync());
    const pending = answered(await until(ground, groups.coordinator.joinGroup(joinRequest(ground))));
    const members = [
      { memberId: member.memberId, groupInstanceId: null },
      { memberId: 'nobody', groupInstanceId: null },
      { memberId: pending.memberId, groupInstanceId: null },
      { memberId: '', groupInstanceId: 'i' },
    ];
    const left = await until(ground, groups.coordinator.leaveGroup({ groupId: 'g', members }));
    expect(left.error).toBe('NONE');
    expect(left.members.map(({ error }) => error)).toEqual([
      'NONE',
      'UNKNOWN_MEMBER_ID',
      'NONE',
      'UNKNOWN_MEMBER_ID',
    ]);
    const unknown = groups.coordinator.leaveGroup({ groupId: 'other', members: members.slice(0, 1) });
    expect(await until(ground, unknown)).toMatchObject({
      error: 'NONE',
      members: [{ error: 'UNKNOWN_MEMBER_ID' }],
    });
  });
});

describe('a static member', () => {
  const twoStatic = async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const a = new TestMember(ground, groups, { groupInstanceId: 'first' });
    const b = new TestMember(ground, openProcess(ground), { groupInstanceId: 'second' });
    await stableGroup(ground, [a, b]);
    return { ground, groups, a, b };
  };

  test('comes back to its assignment without a round, and its predecessor is fenced', async () => {
    const { ground, groups, a, b } = await twoStatic();
    const b2 = new TestMember(ground, groups, { groupInstanceId: 'second' });
    const { joined, assignment } = await until(ground, b2.joinAndSync());
    expect(joined).toMatchObject({ generationId: a.generationId, leader: a.memberId, skipAssignment: false });
    expect(assignment).toBe(`for ${b.memberId}`);
    expect(await until(ground, a.heartbeat())).toBe('NONE');
    expect(await until(ground, b.heartbeat())).toBe('FENCED_INSTANCE_ID');
    expect((await until(ground, b.sync())).error).toBe('FENCED_INSTANCE_ID');
    expect(await until(ground, b.leave())).toBe('FENCED_INSTANCE_ID');
    expect((await until(ground, b.join())).error).toBe('FENCED_INSTANCE_ID');
  });

  test('inherits the leadership: told the truth from version 9 on, and its predecessor before', async () => {
    const { ground, groups, a } = await twoStatic();
    const a2 = new TestMember(ground, groups, { groupInstanceId: 'first' });
    const joined = await until(ground, a2.join());
    expect(joined).toMatchObject({ leader: a2.memberId, skipAssignment: true });
    expect(joined.members).toHaveLength(2);
    const request = a2.request({ memberId: '', supportsSkippingAssignment: false });
    const old = answered(await until(ground, groups.coordinator.joinGroup(request)));
    expect(old).toMatchObject({ leader: a2.memberId, skipAssignment: false, members: [] });
    expect(old.memberId).not.toBe(a2.memberId);
    expect(a.generationId).toBe(old.generationId);
  });

  test('is removed by a tool that knows its instance id alone', async () => {
    const { ground, groups } = await twoStatic();
    const members = [{ memberId: '', groupInstanceId: 'second' }];
    const left = await until(ground, groups.coordinator.leaveGroup({ groupId: 'g', members }));
    expect(left.members.map(({ error }) => error)).toEqual(['NONE']);
    expect((await cellOf(ground)).members).toHaveLength(1);
  });

  test('ends the joins that wait for its predecessor', async () => {
    const { ground, groups, a, b } = await twoStatic();
    a.protocols = [{ name: 'range', metadata: utf8Encode('other') }];
    const waiting = a.join();
    await pass(ground, 200);
    const a2 = new TestMember(ground, groups, { groupInstanceId: 'first' });
    const next = a2.join();
    expect((await until(ground, waiting)).error).toBe('FENCED_INSTANCE_ID');
    const [joined] = await until(ground, Promise.all([next, b.join()]));
    expect(joined.error).toBe('NONE');
  });
});

test('a leader that comes back with the same metadata opens a round; a follower does not', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const a = new TestMember(ground, groups);
  const b = new TestMember(ground, groups);
  await stableGroup(ground, [a, b]);
  const { generationId } = b;
  const cell = await cellOf(ground);
  const leader = cell.type === 'classic' && cell.leader === a.memberId ? a : b;
  const follower = leader === a ? b : a;
  expect(await until(ground, follower.join())).toMatchObject({ error: 'NONE', generationId });
  const [again] = await until(
    ground,
    Promise.all([leader.join(), pass(ground, 100).then(() => follower.join())]),
  );
  expect(again.generationId).toBe(generationId + 1);
});

test('sixty members do not fit into the cell itself, and form one group', async () => {
  const ground = newGround({ initialRebalanceDelayMs: 3_000 });
  const groups = openProcess(ground);
  const members = Array.from({ length: 60 }, () => new TestMember(ground, groups));
  await stableGroup(ground, members);
  const { items } = await ground.stores.metadata.query({ pk: 'g#g', from: 'roster#', through: 'roster$' });
  expect(items).toHaveLength(1);
  expect(new Set(members.map(({ generationId }) => generationId)).size).toBe(1);
});

describe('one request that two processes are at', () => {
  test('is one join, also while its first cell is not written yet', async () => {
    const ground = newGround();
    const gate = gateAt(ground, putsCell);
    const slow = openProcess(ground, gate.stores);
    const quick = openProcess(ground);
    const member = new TestMember(ground, quick);
    const handedOut = answered(await until(ground, quick.coordinator.joinGroup(member.request(), patient)));
    const request = member.request({ memberId: handedOut.memberId });
    const first = slow.coordinator.joinGroup(request, patient);
    await gate.reached();
    const second = answered(await until(ground, quick.coordinator.joinGroup(request, patient)));
    gate.open();
    const answers = [second, answered(await until(ground, first))];
    expect(answers.map(({ error, generationId }) => [error, generationId])).toEqual([
      ['NONE', 1],
      ['NONE', 1],
    ]);
    expect((await cellOf(ground)).members).toHaveLength(1);
  });

  test('another request with an id that is being joined with is none of its member', async () => {
    const ground = newGround();
    const gate = gateAt(ground, putsCell);
    const slow = openProcess(ground, gate.stores);
    const quick = openProcess(ground);
    const member = new TestMember(ground, quick);
    const handedOut = answered(await until(ground, quick.coordinator.joinGroup(member.request(), patient)));
    member.memberId = handedOut.memberId;
    const first = slow.coordinator.joinGroup(member.request(), patient);
    await gate.reached();
    expect((await until(ground, member.join())).error).toBe('UNKNOWN_MEMBER_ID');
    gate.open();
    expect(answered(await until(ground, first)).error).toBe('NONE');
  });
});

import { describe, expect, test } from 'vitest';
import { utf8Decode, utf8Encode } from '../../../shared/base/bytes.ts';
import type { Groups } from '../../../shared/groups/groups.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { type Fate, failCallOf, faultyStores } from '../../support/faulty-stores.ts';
import { freezer, gateAt, putsCell, touches } from './gates.ts';
import {
  answered,
  cellOf,
  type Ground,
  newGround,
  openProcess,
  pass,
  patient,
  stableGroup,
  TestMember,
  until,
} from './group-bench.ts';

/**
 * The rows of the race table of the design, those of joining and syncing; `fences.test.ts` has the
 * others.
 */

const metadata = (text: string) => [{ name: 'range', metadata: utf8Encode(text) }];

/** The same member, served by another process. */
const as = ({ ground, memberId, generationId }: TestMember, groups: Groups): TestMember =>
  new TestMember(ground, groups, { memberId, generationId });

/** Everybody alive comes to one stable generation, and each is given what the leader gave it. */
async function settle(ground: Ground, members: readonly TestMember[]): Promise<void> {
  await stableGroup(ground, members);
  const cell = await until(ground, cellOf(ground));
  expect(cell).toMatchObject({ type: 'classic', state: 'Stable' });
  for (const member of members) {
    const { error, assignment } = await until(ground, member.sync());
    expect([error, utf8Decode(assignment)]).toEqual(['NONE', `for ${member.memberId}`]);
  }
}

test('one process completes a round while another adds a member: the loser folds again', async () => {
  const ground = newGround();
  const a = new TestMember(ground, openProcess(ground));
  await until(ground, a.joinAndSync());
  const gate = gateAt(ground, putsCell, 2);
  const slow = openProcess(ground, gate.stores);
  const b = new TestMember(ground, slow);
  const joining = b.join();
  await pass(ground, 200);
  // The slow process is about to complete the round with the join that only it knows of.
  const aAgain = new TestMember(ground, slow, { memberId: a.memberId });
  const rejoining = aAgain.join();
  await gate.reached();
  const c = new TestMember(ground, openProcess(ground));
  const third = c.join();
  await pass(ground, 200);
  gate.open();
  const [ofA] = await until(ground, Promise.all([rejoining, joining, third]));
  expect(ofA).toMatchObject({ error: 'NONE', generationId: 2 });
  expect((await cellOf(ground)).members).toHaveLength(3);
  await settle(ground, [aAgain, b, c]);
});

describe('a process that dies while a member joins', () => {
  test('between metadata and lease leaves nothing that counts, and the member joins elsewhere with its id', async () => {
    const ground = newGround();
    const plan = failCallOf(touches('update', 'lease#'), 1, 'dies before');
    const dying = openProcess(ground, faultyStores(ground.stores, plan, ground.clock));
    const b = new TestMember(ground, dying);
    void b.join();
    await pass(ground, 200);
    expect(b.memberId).not.toBe('');
    const again = new TestMember(ground, openProcess(ground), { memberId: b.memberId });
    expect((await until(ground, again.joinAndSync())).error).toBe('NONE');
  });

  test('between lease and cell leaves a wish that anybody may fold, and the member begins again', async () => {
    const ground = newGround();
    const plan = failCallOf(putsCell, 1, 'dies before');
    const dying = openProcess(ground, faultyStores(ground.stores, plan, ground.clock));
    const b = new TestMember(ground, dying);
    void b.join();
    await pass(ground, 200);
    const again = new TestMember(ground, openProcess(ground), { memberId: b.memberId });
    expect((await until(ground, again.join())).error).toBe('UNKNOWN_MEMBER_ID');
    again.memberId = '';
    await settle(ground, [again]);
  });

  test('after the cell: the member repeats, and is answered the same generation', async () => {
    const ground = newGround();
    const plan = failCallOf(putsCell, 1, 'dies after');
    const dying = openProcess(ground, faultyStores(ground.stores, plan, ground.clock));
    const b = new TestMember(ground, dying);
    void b.join();
    await pass(ground, 200);
    const again = new TestMember(ground, openProcess(ground), { memberId: b.memberId });
    expect(await until(ground, again.join())).toMatchObject({ error: 'NONE', generationId: 1 });
    expect((await cellOf(ground)).members).toHaveLength(1);
  });
});

const unknown: [string, Fate][] = [
  ['lost', 'lost'],
  ['never', 'never'],
  ['late', { late: 300 }],
  ['held', { late: 'held' }],
  ['throttled', 'throttled'],
  ['conflict', 'conflict'],
];

describe.each(unknown)('a cell write that is %s', (_, fate) => {
  test.each([1, 2, 3])('(number %i) is folded again with the same result', async (number) => {
    const ground = newGround();
    const stores = faultyStores(ground.stores, failCallOf(putsCell, number, fate), ground.clock);
    const groups = openProcess(ground, stores);
    const a = new TestMember(ground, groups);
    expect((await until(ground, a.joinAndSync())).assignment).toBe(`for ${a.memberId}`);
    expect(a.generationId).toBe(1);
    expect(await until(ground, a.leave())).toBe('NONE');
    await stores.releaseHeld();
    const cell = await cellOf(ground);
    expect(cell).toMatchObject({ state: 'Empty', generation: 2, members: [] });
  });
});

test('an old JoinGroup that is overtaken by its retry brings no old subscription back', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const a = new TestMember(ground, groups);
  await until(ground, a.joinAndSync());
  const gate = gateAt(ground, touches('put', 'sub#'));
  a.protocols = metadata('old');
  const old = openProcess(ground, gate.stores).coordinator.joinGroup(a.request(), patient);
  await gate.reached();
  await pass(ground, 100);
  a.protocols = metadata('new');
  const joined = await until(ground, a.join());
  gate.open();
  expect(answered(await until(ground, old)).error).toBe('NOT_COORDINATOR');
  expect(joined.members[0]?.metadata).toEqual(utf8Encode('new'));
  await until(ground, a.sync(joined));
  const [described] = await until(ground, groups.coordinator.describeGroups(['g']));
  expect(described?.members[0]?.memberMetadata).toEqual(utf8Encode('new'));
});

test('a join that sleeps over the end of its round goes into the next one', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const [a, b] = [new TestMember(ground, groups), new TestMember(ground, groups)];
  await stableGroup(ground, [a, b]);
  const sleepy = freezer(ground);
  const sleeper = new TestMember(ground, openProcess(ground, sleepy.stores), {
    memberId: a.memberId,
    protocols: metadata('changed'),
  });
  const sleeping = sleeper.join();
  await pass(ground, 100);
  sleepy.freeze();
  expect((await until(ground, b.join())).error).toBe('NONE');
  const c = new TestMember(ground, groups);
  const joining = c.join();
  await pass(ground, 100);
  expect(await cellOf(ground)).toMatchObject({ state: 'PreparingRebalance' });
  sleepy.thaw();
  const [ofSleeper] = await until(ground, Promise.all([sleeping, joining, b.join()]));
  expect(ofSleeper).toMatchObject({ error: 'NONE', generationId: b.generationId });
  expect((await cellOf(ground)).members).toHaveLength(3);
});

test('metadata that a dead process has staged is still news to the cell', async () => {
  const ground = newGround();
  const a = new TestMember(ground, openProcess(ground));
  const b = new TestMember(ground, openProcess(ground));
  await stableGroup(ground, [a, b]);
  const cell = await cellOf(ground);
  const follower = cell.type === 'classic' && cell.leader === a.memberId ? b : a;
  const leader = follower === a ? b : a;
  const plan = failCallOf(touches('update', 'lease#'), 1, 'dies before');
  const dying = openProcess(ground, faultyStores(ground.stores, plan, ground.clock));
  follower.protocols = metadata('changed');
  void dying.coordinator.joinGroup(follower.request(), patient);
  await pass(ground, 100);
  const generation = follower.generationId;
  const [joined] = await until(
    ground,
    Promise.all([follower.join(), pass(ground, 100).then(() => leader.join())]),
  );
  expect(joined.generationId).toBe(generation + 1);
});

test('who comes just after a round opens another, which waits for a dead member no longer than its deadline', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const [a, dead] = [new TestMember(ground, groups), new TestMember(ground, groups)];
  await stableGroup(ground, [a, dead]);
  const late = new TestMember(ground, groups);
  const startedMs = ground.clock.nowMs();
  const [joined] = await until(ground, Promise.all([late.join(), pass(ground, 200).then(() => a.join())]));
  expect(joined.error).toBe('NONE');
  expect(ground.clock.nowMs() - startedMs).toBeLessThanOrEqual(31_000);
  expect((await cellOf(ground)).members).toHaveLength(2);
  expect(await until(ground, dead.heartbeat())).toBe('UNKNOWN_MEMBER_ID');
});

test('a member that renews at the moment when it is expelled hears that it is unknown', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const [a, b] = [new TestMember(ground, groups), new TestMember(ground, groups)];
  await stableGroup(ground, [a, b]);
  for (let passedMs = 0; passedMs < 9_000; passedMs += 3_000) {
    await pass(ground, 3_000, 500);
    await until(ground, a.heartbeat());
  }
  const gate = gateAt(ground, putsCell);
  const sweeper = openProcess(ground, gate.stores);
  await pass(ground, 3_000, 500);
  const sweeping = sweeper.coordinator.heartbeat({ groupId: 'g', ...a, groupInstanceId: null });
  await gate.reached();
  const elsewhere = as(b, openProcess(ground));
  expect(await until(ground, elsewhere.heartbeat())).toBe('NONE');
  gate.open();
  await until(ground, sweeping);
  expect(await until(ground, b.heartbeat())).toBe('UNKNOWN_MEMBER_ID');
});

test('when all members die at once, whoever looks next finds them dead', async () => {
  const ground = newGround();
  const [a, b] = [new TestMember(ground, openProcess(ground)), new TestMember(ground, openProcess(ground))];
  await stableGroup(ground, [a, b]);
  ground.clock.advance(3_600_000);
  const c = new TestMember(ground, openProcess(ground));
  const { joined } = await until(ground, c.joinAndSync());
  expect(joined.members.map(({ memberId }) => memberId)).toEqual([c.memberId]);
});

describe('a leader that does not sync', () => {
  test('because it died is expelled by its lease', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const [a, b] = [new TestMember(ground, groups), new TestMember(ground, groups)];
    await Promise.all([until(ground, Promise.all([a.join(), pass(ground, 60).then(() => b.join())]))]).catch(
      () => {},
    );
    await until(ground, Promise.all([a.join(), b.join()]));
    const startedMs = ground.clock.nowMs();
    // Only the follower lives on.
    for (;;) {
      const { error } = await until(ground, b.sync(undefined, { waitMsMax: 1_000 }));
      if (error === 'NONE') break;
      const joined = await until(ground, b.join());
      if (joined.members.length > 0) await until(ground, b.sync(joined));
      if (ground.clock.nowMs() - startedMs > 60_000) throw new Error('the group never came to life');
    }
    expect((await cellOf(ground)).members.map(({ memberId }) => memberId)).toEqual([b.memberId]);
  });

  test('though it lives is expelled at the sync deadline', async () => {
    const ground = newGround();
    const groups = openProcess(ground);
    const [a, b] = [new TestMember(ground, groups), new TestMember(ground, groups)];
    await stableGroup(ground, [a, b]);
    const cell = await cellOf(ground);
    const leader = cell.type === 'classic' && cell.leader === a.memberId ? a : b;
    const follower = leader === a ? b : a;
    await until(ground, Promise.all([leader.join(), pass(ground, 100).then(() => follower.join())]));
    const syncing = follower.sync();
    const startedMs = ground.clock.nowMs();
    while ((await until(ground, leader.heartbeat())) === 'NONE') await pass(ground, 1_000, 500);
    expect(ground.clock.nowMs() - startedMs).toBeGreaterThan(29_000);
    expect(ground.clock.nowMs() - startedMs).toBeLessThan(33_000);
    expect((await until(ground, syncing)).error).toBe('REBALANCE_IN_PROGRESS');
    expect(await until(ground, leader.heartbeat())).toBe('UNKNOWN_MEMBER_ID');
  });
});

test('of two assignments for one generation the first one stays, and everybody gets it', async () => {
  const ground = newGround();
  const a = new TestMember(ground, openProcess(ground));
  const joined = await until(ground, a.join());
  const gate = gateAt(ground, putsCell);
  const slow = as(a, openProcess(ground, gate.stores));
  const other = { ...joined, members: [] };
  const first = slow.sync(other);
  await gate.reached();
  expect(utf8Decode((await until(ground, a.sync(joined))).assignment)).toBe(`for ${a.memberId}`);
  gate.open();
  expect(utf8Decode((await until(ground, first)).assignment)).toBe(`for ${a.memberId}`);
  const { items } = await ground.stores.metadata.query({ pk: 'g#g', from: 'asg#', through: 'asg$' });
  expect(items).toHaveLength(1);
});

test('an assignment of an older generation that comes late is not stored', async () => {
  const ground = newGround();
  const a = new TestMember(ground, openProcess(ground));
  const joined = await until(ground, a.join());
  const gate = gateAt(ground, touches('put', 'asg#'));
  const late = as(a, openProcess(ground, gate.stores)).sync(joined);
  await gate.reached();
  await until(ground, a.sync(joined));
  expect((await until(ground, a.joinAndSync())).joined.generationId).toBe(2);
  gate.open();
  expect((await until(ground, late)).error).toBe('REBALANCE_IN_PROGRESS');
  expect(utf8Decode((await until(ground, a.sync())).assignment)).toBe(`for ${a.memberId}`);
});

test('an expelled member whose lease is still there is unknown, so that it drops its partitions', async () => {
  const ground = newGround();
  const plan = failCallOf(touches('remove', 'lease#'), 1, 'dies before');
  const groups = openProcess(ground);
  const [a, b] = [new TestMember(ground, groups), new TestMember(ground, groups)];
  await stableGroup(ground, [a, b]);
  const dying = openProcess(ground, faultyStores(ground.stores, plan, ground.clock));
  for (let passedMs = 0; passedMs < 12_000; passedMs += 3_000) {
    await pass(ground, 3_000, 500);
    void dying.coordinator.heartbeat({ groupId: 'g', ...a, groupInstanceId: null });
    await pass(ground, 100);
  }
  expect((await cellOf(ground)).members.map(({ memberId }) => memberId)).toEqual([a.memberId]);
  const lease = { pk: 'g#g', sk: `lease#${b.memberId}` };
  expect(await ground.stores.metadata.get(lease)).toBeDefined();
  expect((await until(ground, b.join())).error).toBe('UNKNOWN_MEMBER_ID');
});

test('a wish that was answered is not folded again', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const a = new TestMember(ground, groups, { groupInstanceId: 'i' });
  await until(ground, a.joinAndSync());
  // It comes back, inherits, and the process dies before it can say that the wish is fulfilled.
  const plan = failCallOf(touches('update', 'lease#'), 2, 'dies before');
  const dying = openProcess(ground, faultyStores(ground.stores, plan, ground.clock));
  void new TestMember(ground, dying, { groupInstanceId: 'i' }).join();
  await pass(ground, 200);
  const before = await cellOf(ground);
  expect(before).toMatchObject({ state: 'Stable', generation: 1 });
  // A fold that lost a race looks at all wishes.
  const racing = faultyStores(ground.stores, failCallOf(putsCell, 1, 'never'), ground.clock);
  const b = new TestMember(ground, openProcess(ground, racing));
  void b.join();
  await pass(ground, 1_000);
  const after = await cellOf(ground);
  expect(after.members.map(({ memberId }) => memberId)).toEqual([before.members[0]?.memberId, b.memberId]);
  expect(after.type === 'classic' && after.members[0]?.joined).toBe(false);
});

test('old metadata that is about to be removed stays when its member returns to it', async () => {
  const ground = newGround();
  const gate = gateAt(ground, touches('remove', 'sub#'));
  const slow = openProcess(ground, gate.stores);
  const a = new TestMember(ground, openProcess(ground), { protocols: metadata('first') });
  await until(ground, a.joinAndSync());
  const changing = new TestMember(ground, slow, { memberId: a.memberId, protocols: metadata('second') });
  void changing.join();
  await gate.reached();
  const joined = await until(ground, a.join());
  gate.open();
  await pass(ground, 200);
  expect(joined.members[0]?.metadata).toEqual(utf8Encode('first'));
  await until(ground, a.sync(joined));
  const described = openProcess(ground).coordinator.describeGroups(['g']);
  expect((await until(ground, described))[0]?.members[0]?.memberMetadata).toEqual(utf8Encode('first'));
});

test('a function that was frozen while it parked a member looks before it answers, and revives nobody', async () => {
  const ground = newGround();
  const groups = openProcess(ground);
  const a = new TestMember(ground, groups);
  await until(ground, a.joinAndSync());
  const frozen = freezer(ground);
  const b = new TestMember(ground, openProcess(ground, frozen.stores));
  const parked = b.join();
  await pass(ground, 200);
  frozen.freeze();
  for (let passedMs = 0; passedMs < 180_000; passedMs += 3_000) {
    await pass(ground, 3_000, 500);
    if ((await until(ground, a.heartbeat())) !== 'NONE') await until(ground, a.joinAndSync());
  }
  frozen.thaw();
  expect((await until(ground, parked)).error).toBe('UNKNOWN_MEMBER_ID');
  expect(await ground.stores.metadata.get({ pk: 'g#g', sk: `lease#${b.memberId}` })).toBeUndefined();
  expect((await cellOf(ground)).members.map(({ memberId }) => memberId)).toEqual([a.memberId]);
});

test('a storm of joins through many processes on a slow store meets in one generation', async () => {
  const ground = newGround();
  const { clock, random } = ground;
  const stores = openMemoryStores({ clock, random, latency: { minMs: 2, maxMs: 10 }, shortPages: 0.2 });
  const slow = { ...ground, stores };
  const members = Array.from({ length: 12 }, () => new TestMember(slow, openProcess(slow)));
  await settle(slow, members);
  expect((await until(slow, cellOf(slow))).members).toHaveLength(12);
});

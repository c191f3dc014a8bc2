import { describe, expect, test } from 'vitest';
import type { Groups } from '../../../shared/groups/groups.ts';
import type { Stores } from '../../../shared/storage/stores.ts';
import { countingStores } from '../../support/counting-stores.ts';
import { faultyStores } from '../../support/faulty-stores.ts';
import { gateAt, touches } from './gates.ts';
import {
  cellOf,
  type Ground,
  newGround,
  openProcess,
  openRoom,
  pass,
  stableGroup,
  TestMember,
  until,
} from './group-bench.ts';

/** Rows of the race table that are about `gateway.heartbeat.hold.ms`, and what it saves. */

const [sessionTimeoutMs, rebalanceTimeoutMs] = [72_000, 300_000];
const holdMs = 12_000;
const patience = { sessionTimeoutMs, rebalanceTimeoutMs };

/** A gateway with a hold, and another process without one. */
function twoProcesses(ground: Ground, stores?: Stores): { gateway: Groups; elsewhere: Groups } {
  const gateway = openProcess({ ...ground, settings: { heartbeatHoldMs: holdMs } }, stores);
  return { gateway, elsewhere: openProcess(ground) };
}

/** A group at rest whose member has just been told so. */
async function atRest(ground: Ground, gateway: Groups, members: readonly TestMember[]): Promise<void> {
  await stableGroup(ground, members);
  for (const member of members) expect(await until(ground, member.heartbeat())).toBe('NONE');
  expect((await gateway.coordinator.describeGroups(['g']))[0]?.groupState).toBe('Stable');
}

describe('a rebalance', () => {
  test('elsewhere is noticed when the hold is over', async () => {
    const ground = newGround();
    const { gateway, elsewhere } = twoProcesses(ground);
    const a = new TestMember(ground, gateway, patience);
    await atRest(ground, gateway, [a]);
    const heldSinceMs = ground.clock.nowMs();
    const b = new TestMember(ground, elsewhere, patience);
    void b.join();
    await pass(ground, 500);
    expect(await cellOf(ground)).toMatchObject({ state: 'PreparingRebalance' });
    const heard: string[] = [];
    while (heard.at(-1) !== 'REBALANCE_IN_PROGRESS') {
      heard.push(await a.heartbeat());
      await pass(ground, 500);
      if (heard.length > 100) throw new Error('it was never noticed');
    }
    expect(heard.filter((error) => error === 'NONE').length).toBeGreaterThan(20);
    expect(ground.clock.nowMs() - heldSinceMs).toBeLessThanOrEqual(holdMs + 1_000);
    await stableGroup(ground, [a, b]);
    expect((await cellOf(ground)).members).toHaveLength(2);
  });

  test('that one member has heard of is told the others of this gateway at once', async () => {
    const ground = newGround();
    const { gateway, elsewhere } = twoProcesses(ground);
    const [a, b] = [new TestMember(ground, gateway, patience), new TestMember(ground, gateway, patience)];
    await atRest(ground, gateway, [a, b]);
    void new TestMember(ground, elsewhere, patience).join();
    await pass(ground, 500);
    expect(await a.heartbeat()).toBe('NONE');
    expect(await until(ground, b.commit(0, 1n))).toBe('NONE'); // says nothing of the round
    expect(await a.heartbeat()).toBe('NONE');
    const asOld = new TestMember(ground, gateway, { memberId: b.memberId, generationId: 0 });
    expect(await until(ground, asOld.heartbeat())).toBe('ILLEGAL_GENERATION');
    expect(await a.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
  });

  test('through this gateway is noticed at once, while who joins waits and when it is answered', async () => {
    const ground = newGround();
    const { gateway } = twoProcesses(ground);
    const a = new TestMember(ground, gateway, patience);
    await atRest(ground, gateway, [a]);
    const b = new TestMember(ground, gateway, patience);
    const joining = b.join();
    await pass(ground, 500);
    expect(await a.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
    await until(ground, Promise.all([a.join(), joining]));
    const changed = new TestMember(ground, gateway, { ...b, protocols: [{ name: 'range', metadata: one }] });
    await stableGroup(ground, [a, b]);
    expect(await a.heartbeat()).toBe('NONE');
    void changed.join();
    await pass(ground, 500);
    expect(await a.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
  });
});

const one = Uint8Array.of(1);

test('nothing is held of a group whose leader has not assigned yet', async () => {
  const ground = newGround();
  const stores = countingStores(ground.stores);
  const { gateway } = twoProcesses(ground, stores);
  const a = new TestMember(ground, gateway, patience);
  const joined = await until(ground, a.join());
  const beat = async () => (await stores.costOf(async () => expect(await a.heartbeat()).toBe('NONE'))).calls;
  expect([await beat(), await beat()]).toEqual([{ get: 1 }, { get: 1 }]);
  await until(ground, a.sync(joined));
  expect([await beat(), await beat()]).toEqual([{ get: 1 }, {}]);
});

describe('who is no member any more', () => {
  test('by a tool at another process hears so when the hold is over, or of its next commit', async () => {
    for (const commits of [false, true]) {
      const ground = newGround();
      const { gateway, elsewhere } = twoProcesses(ground);
      const a = new TestMember(ground, gateway, patience);
      await atRest(ground, gateway, [a]);
      const members = [{ memberId: a.memberId, groupInstanceId: null }];
      await until(ground, elsewhere.coordinator.leaveGroup({ groupId: 'g', members }));
      expect(await a.heartbeat()).toBe('NONE');
      if (commits) expect(await until(ground, a.commit(0, 7n))).toBe('UNKNOWN_MEMBER_ID');
      else ground.clock.advance(holdMs);
      expect(await a.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    }
  });

  test('by a tool at this gateway hears so at once', async () => {
    const ground = newGround();
    const { gateway } = twoProcesses(ground);
    const groupInstanceId = 'i';
    const a = new TestMember(ground, gateway, { ...patience, groupInstanceId });
    await atRest(ground, gateway, [a]);
    const members = [{ memberId: '', groupInstanceId }];
    await until(ground, gateway.coordinator.leaveGroup({ groupId: 'g', members }));
    expect(await a.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
  });
});

test('NONE that comes late, after a leave, is not held', async () => {
  const ground = newGround();
  const gate = gateAt(ground, (call) => isLate && touches('update', 'lease#')(call));
  let isLate = false;
  const { gateway } = twoProcesses(ground, gate.stores);
  const [a, b] = [new TestMember(ground, gateway, patience), new TestMember(ground, gateway, patience)];
  await atRest(ground, gateway, [a, b]);
  ground.clock.advance(sessionTimeoutMs / 3);
  isLate = true;
  // It has read the cell, and stops where it renews the lease.
  const late = a.heartbeat();
  await gate.reached();
  expect(await until(ground, b.leave())).toBe('NONE');
  gate.open();
  expect(await until(ground, late)).toBe('NONE');
  expect(await until(ground, a.heartbeat())).toBe('REBALANCE_IN_PROGRESS');
});

describe('a lease under hold', () => {
  test('never lapses: whoever hears NONE has two thirds of its session left', async () => {
    const ground = newGround({ heartbeatHoldMs: 300_000 });
    const stores = countingStores(ground.stores);
    const groups = openProcess(ground, stores);
    const members = [6_000, 10_000, 45_000].map(
      (session) => new TestMember(ground, groups, { sessionTimeoutMs: session, rebalanceTimeoutMs: 300_000 }),
    );
    await stableGroup(ground, members);
    const { leases } = openRoom(ground);
    const due = new Map(members.map((member) => [member, ground.clock.nowMs()]));
    let [heard, asked] = [0, 0];
    for (const endMs = ground.clock.nowMs() + 600_000; ground.clock.nowMs() < endMs; ) {
      for (const member of members) {
        if ((due.get(member) ?? 0) > ground.clock.nowMs()) continue;
        const { calls } = await stores.costOf(async () => expect(await member.heartbeat()).toBe('NONE'));
        heard++;
        if (calls.get !== undefined) asked++;
        const lease = await leases.read('g', member.memberId);
        const leftMs = (lease?.untilMs ?? 0) - ground.clock.nowMs();
        expect(leftMs).toBeGreaterThanOrEqual((member.sessionTimeoutMs * 2) / 3);
        const pauseMs = ground.random.next() ** 2 * member.sessionTimeoutMs * 0.66;
        due.set(member, ground.clock.nowMs() + pauseMs);
      }
      await pass(ground, 10, 10);
    }
    expect(heard).toBeGreaterThan(500);
    expect(asked).toBeLessThan(heard * 0.75);
    expect((await cellOf(ground)).members).toHaveLength(3);
  });

  test('that could not be renewed is not held', async () => {
    const ground = newGround();
    let isThrottled = false;
    const faulty = faultyStores(
      ground.stores,
      (call) => (isThrottled && touches('update', 'lease#')(call) ? 'throttled' : 'ok'),
      ground.clock,
    );
    const counting = countingStores(faulty);
    const { gateway } = twoProcesses(ground, counting);
    const a = new TestMember(ground, gateway, patience);
    await atRest(ground, gateway, [a]);
    ground.clock.advance(sessionTimeoutMs / 3);
    isThrottled = true;
    for (let beats = 0; beats < 3; beats++) {
      const { calls } = await counting.costOf(async () => expect(await a.heartbeat()).toBe('NONE'));
      expect(calls.get).toBeGreaterThan(0);
      ground.clock.advance(3_000);
    }
    isThrottled = false;
    expect((await counting.costOf(() => a.heartbeat())).calls).toEqual({ get: 1, update: 1 });
    expect((await counting.costOf(() => a.heartbeat())).calls).toEqual({});
  });
});

describe('what is saved', () => {
  /** Beside their reads: renewals of the lease, and looks for the dead, of which each reads once more. */
  const calls = (reads: number, renewals: number, sweeps: number) => ({
    get: reads + sweeps,
    update: renewals + sweeps,
    query: sweeps,
  });
  test.each([
    ['a hold of 12 s: 6 look', 72_000, 12_000, calls(6, 3, 3)],
    ['no hold: 24 look', 72_000, 0, calls(24, 3, 4)],
    ['a hold that is cut to 7.5 s, a sixth of the session: 10 look', 45_000, 12_000, calls(10, 5, 5)],
  ])('of 24 heartbeats, one each 3 s: %s', async (_, session, hold, counted) => {
    const ground = newGround({ heartbeatHoldMs: hold });
    const stores = countingStores(ground.stores);
    const member = new TestMember(ground, openProcess(ground, stores), {
      sessionTimeoutMs: session,
      rebalanceTimeoutMs,
    });
    await until(ground, member.joinAndSync());
    ground.clock.advance(session / 3); // it is due
    const cost = await stores.costOf(async () => {
      for (let beats = 0; beats < 24; beats++) {
        expect(await member.heartbeat()).toBe('NONE');
        ground.clock.advance(3_000);
      }
    });
    expect(cost.calls).toEqual(counted);
  });
});

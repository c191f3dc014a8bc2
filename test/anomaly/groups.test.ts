import { describe, expect, test } from 'vitest';
import type { Groups } from '../../shared/groups/groups.ts';
import { type Fate, failCall, faultyStores } from '../support/faulty-stores.ts';
import {
  cellOf,
  fetchOne,
  type Ground,
  newGround,
  openProcess,
  pass,
  setOffset,
  stableGroup,
  TestMember,
  until,
} from '../unit/groups/group-bench.ts';

/**
 * Any one store call of an operation fails, in any way, for every call that it makes; then healthy processes
 * go on. Whatever happened: the group lives, what was acknowledged is kept, and nothing is left behind.
 */

const fates: [string, Fate][] = [
  ['throttled', 'throttled'],
  ['conflict', 'conflict'],
  ['unavailable', 'unavailable'],
  ['lost', 'lost'],
  ['never', 'never'],
  ['held', { late: 'held' }],
  ['deadly before', 'dies before'],
  ['deadly after', 'dies after'],
];

type Operation = {
  /** On healthy stores. */
  prepare(ground: Ground): Promise<TestMember>;
  /** Through a process one of whose calls fails; answers its error. */
  run(groups: Groups, member: TestMember): Promise<string>;
  /** What must be true after it said NONE. */
  check?(ground: Ground, member: TestMember): Promise<void>;
};

const as = ({ ground, memberId, generationId }: TestMember, groups: Groups): TestMember =>
  new TestMember(ground, groups, { memberId, generationId });

const stableMember = async (ground: Ground): Promise<TestMember> => {
  const member = new TestMember(ground, openProcess(ground));
  await until(ground, member.joinAndSync());
  await until(ground, member.commit(0, 5n));
  return member;
};

const operations: Record<string, Operation> = {
  'a first join and sync': {
    prepare: async (ground) => new TestMember(ground, openProcess(ground)),
    run: async (groups, member) => {
      const first = as(member, groups);
      const { error } = await first.joinAndSync();
      member.memberId = first.memberId;
      return error;
    },
  },
  'a join with new metadata': {
    prepare: stableMember,
    run: async (groups, member) => {
      const changed = as(member, groups);
      changed.protocols = [{ name: 'range', metadata: new Uint8Array([1]) }];
      return (await changed.joinAndSync()).error;
    },
  },
  'a heartbeat that finds its lease due': {
    prepare: async (ground) => {
      const member = await stableMember(ground);
      await pass(ground, 4_000, 1_000);
      return member;
    },
    run: (groups, member) => as(member, groups).heartbeat(),
  },
  'a commit': {
    prepare: stableMember,
    run: (groups, member) => as(member, groups).commit(0, 7n),
    check: async (ground, member) => expect(await until(ground, member.fetch(0))).toBe(7n),
  },
  'a fetch': {
    prepare: stableMember,
    run: async (groups, member) => ((await as(member, groups).fetch(1)) === -1n ? 'NONE' : 'wrong'),
  },
  'a leave': {
    prepare: stableMember,
    run: (groups, member) => as(member, groups).leave(),
    check: async (ground) => expect((await cellOf(ground)).members).toEqual([]),
  },
};

const within = (ground: Ground, work: Promise<string>): Promise<string> =>
  until(ground, Promise.race([work, ground.clock.sleep(60_000).then(() => 'no answer')]));

/** One fault in one run. Undefined: the operation made fewer calls than that. */
async function runWithFault(operation: Operation, number: number, fate: Fate): Promise<true | undefined> {
  const ground = newGround();
  const member = await operation.prepare(ground);
  const stores = faultyStores(ground.stores, failCall(number, fate), ground.clock);
  const error = await within(ground, operation.run(openProcess(ground, stores), member));
  if (stores.history.length < number) return undefined;
  if (error === 'NONE') await operation.check?.(ground, member);
  await stores.releaseHeld();
  const offset = await until(ground, member.fetch(0));
  await pass(ground, 12_000, 1_000);
  await stableGroup(ground, [member]);
  await pass(ground, 3_000, 1_000);
  await until(ground, member.heartbeat());
  if ((await until(ground, member.heartbeat())) !== 'NONE') await stableGroup(ground, [member]);
  const cell = await cellOf(ground);
  expect(cell).toMatchObject({ state: 'Stable' });
  expect(cell.members.map(({ memberId }) => memberId)).toEqual([member.memberId]);
  expect(await until(ground, member.fetch(0))).toBe(offset);
  expect(await until(ground, member.commit(0, 100n))).toBe('NONE');
  expect(await until(ground, member.fetch(0))).toBe(100n);
  await checkNothingIsLeft(ground, member);
  return true;
}

/** After the daily job an empty group has its cell, its name and its offsets. */
async function checkNothingIsLeft(ground: Ground, member: TestMember): Promise<void> {
  const groups = openProcess(ground);
  expect((await until(ground, groups.coordinator.listGroups())).groups).toHaveLength(1);
  await until(ground, member.leave());
  ground.clock.advance(2 * 86_400_000);
  expect((await until(ground, groups.expireOffsets())).failed).toEqual([]);
  const { items } = await ground.stores.metadata.query({ pk: 'g#g' });
  expect(items.map(({ key }) => key.sk.replace(/#.*/, ''))).toEqual(['group', 'offset']);
}

describe.each(Object.entries(operations))('%s', (_, operation) => {
  test.each(fates)('with any one call %s', async (_name, fate) => {
    let number = 1;
    while ((await runWithFault(operation, number, fate)) !== undefined) number++;
    expect(number).toBeGreaterThan(1);
  });
});

describe('deleting a group', () => {
  test.each(fates)('with any one call %s can be finished, by the call or the daily job', async (_, fate) => {
    for (let number = 1; ; number++) {
      const ground = newGround();
      const healthy = openProcess(ground);
      await until(ground, setOffset(healthy, 0, 5n));
      const stores = faultyStores(ground.stores, failCall(number, fate), ground.clock);
      const broken = openProcess(ground, stores);
      const deleting = broken.coordinator.deleteGroups(['g']).then(([answer]) => answer?.error ?? '');
      await within(ground, deleting);
      if (stores.history.length < number) break;
      await stores.releaseHeld();
      const [again] = await until(ground, healthy.coordinator.deleteGroups(['g']));
      expect(['NONE', 'GROUP_ID_NOT_FOUND']).toContain(again?.error);
      expect((await until(ground, healthy.coordinator.listGroups())).groups).toEqual([]);
      for (let day = 0; day < 10; day++) {
        ground.clock.advance(86_400_000);
        expect((await until(ground, healthy.expireOffsets())).failed).toEqual([]);
      }
      expect((await ground.stores.metadata.query({ pk: 'g#g' })).items).toEqual([]);
      expect((await ground.stores.metadata.query({ pk: 'catalog' })).items).toEqual([]);
    }
  });
});

describe('deleting offsets', () => {
  test.each(fates)('with any one call %s can be done again, and nothing late comes back', async (_, fate) => {
    for (let number = 1; ; number++) {
      const ground = newGround();
      const healthy = openProcess(ground);
      await until(ground, setOffset(healthy, 0, 5n));
      await until(ground, setOffset(healthy, 1, 6n));
      const stores = faultyStores(ground.stores, failCall(number, fate), ground.clock);
      const broken = openProcess(ground, stores);
      const deletion = (groups: Groups): Promise<string> =>
        groups.offsets
          .delete('g', [{ topic: 'orders', partition: 0 }])
          .then(({ error, partitions: [first] }) => (error === 'NONE' ? (first?.error ?? error) : error));
      await within(ground, deletion(broken));
      if (stores.history.length < number) break;
      expect(await until(ground, deletion(healthy))).toBe('NONE');
      await stores.releaseHeld();
      expect(await until(ground, fetchOne(healthy, 0))).toBe(-1n);
      expect(await until(ground, fetchOne(healthy, 1))).toBe(6n);
      expect(await until(ground, setOffset(healthy, 0, 7n))).toBe('NONE');
      expect(await until(ground, fetchOne(healthy, 0))).toBe(7n);
    }
  });
});

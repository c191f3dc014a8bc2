import { describe, expect, test } from 'vitest';
import type { ConsumerGroupHeartbeatRequest } from '../../shared/groups/api.ts';
import type { Groups } from '../../shared/groups/groups.ts';
import type { TopicPartitions } from '../../shared/storage/items/consumer-members.ts';
import { type Fate, failCall, faultyStores } from '../support/faulty-stores.ts';
import {
  beatRequest,
  cellOf,
  fetchOne,
  type Ground,
  newGround,
  openProcess,
  pass,
  until,
} from '../unit/groups/group-bench.ts';

/**
 * Any one store call of a KIP-848 member's heartbeat or commit fails, in any way; then its client does what
 * clients do. Whatever happened: no partition is in two hands, all are in one in the end, and the commit of
 * nobody who gave a partition back counts.
 */

const fates: [string, Fate][] = [
  ['throttled', 'throttled'],
  ['conflict', 'conflict'],
  ['unavailable', 'unavailable'],
  ['lost', 'lost'],
  ['never', 'never'],
  ['late', { late: 500 }],
  ['held', { late: 'held' }],
  ['deadly before', 'dies before'],
  ['deadly after', 'dies after'],
];
const topicId = 'id-of-orders';
const partitions = [0, 1, 2, 3, 4, 5];

/** A client of the new protocol. */
class Member {
  epoch = 0;
  owned: readonly number[] = [];
  readonly memberId: string;
  readonly groupInstanceId: string | null;

  constructor(memberId: string, groupInstanceId: string | null = null) {
    this.memberId = memberId;
    this.groupInstanceId = groupInstanceId;
  }

  async beat(groups: Groups, changes: Partial<ConsumerGroupHeartbeatRequest> = {}): Promise<string> {
    const { memberId, epoch, groupInstanceId, owned } = this;
    const topicPartitions: TopicPartitions = owned.length === 0 ? new Map() : new Map([[topicId, owned]]);
    const request = beatRequest({
      memberId,
      memberEpoch: epoch,
      groupInstanceId,
      topicPartitions,
      ...changes,
    });
    const { error, memberEpoch, assignment } = await groups.coordinator.consumerGroupHeartbeat(request);
    if (error === 'NONE' && request.memberEpoch >= 0) {
      this.epoch = memberEpoch;
      if (assignment !== null) this.owned = assignment.get(topicId) ?? [];
    }
    const isOut = ['UNKNOWN_MEMBER_ID', 'FENCED_MEMBER_EPOCH', 'GROUP_ID_NOT_FOUND'].includes(error);
    if (isOut) this.begin();
    return error;
  }

  begin(): void {
    this.epoch = 0;
    this.owned = [];
  }

  async commit(groups: Groups, partition: number, offset: bigint): Promise<string> {
    const [answer] = await groups.offsets.commit({
      groupId: 'g',
      generationId: this.epoch,
      memberId: this.memberId,
      groupInstanceId: this.groupInstanceId,
      knowsMemberEpochs: true,
      offsets: [{ topic: 'orders', partition, offset, leaderEpoch: -1, metadata: null }],
    });
    return answer?.error ?? 'NONE';
  }
}

/** What any call of a member may leave behind, and who lives on. */
type Operation = (groups: Groups, a: Member, b: Member) => Promise<unknown>;

const operations: Record<string, Operation> = {
  'a second member joins': (groups, _, b) => b.beat(groups),
  'the first hears that it has to give back': async (groups, a, b) => {
    await b.beat(groups);
    await a.beat(groups);
  },
  'the first gives back, the second takes': async (groups, a, b) => {
    await b.beat(groups);
    await a.beat(groups);
    await a.beat(groups);
    await b.beat(groups);
  },
  'the first leaves': async (groups, a) => {
    await a.beat(groups, { memberEpoch: -1 });
    a.begin();
  },
  'the first, a static one, leaves for a while and comes back': async (groups, a) => {
    await a.beat(groups, { memberEpoch: -2 });
    a.begin();
    await a.beat(groups);
  },
  'the first commits': (groups, a) => a.commit(groups, 0, 9n),
};

async function settle(ground: Ground, healthy: Groups, members: readonly Member[]): Promise<void> {
  let quiet = 0;
  for (let round = 0; quiet < 2; round++) {
    expect(round, 'the members come to rest').toBeLessThan(60);
    const before = members.map(({ epoch, owned }) => `${epoch} ${owned}`).join();
    for (const member of members) await until(ground, member.beat(healthy));
    await checkHands(ground);
    await pass(ground, 1_200, 600);
    const hasAll = members.reduce((sum, { owned }) => sum + owned.length, 0) === partitions.length;
    const isSame = before === members.map(({ epoch, owned }) => `${epoch} ${owned}`).join();
    quiet = hasAll && isSame ? quiet + 1 : 0;
  }
}

async function checkHands(ground: Ground): Promise<void> {
  const cell = await cellOf(ground);
  const held = (cell.type === 'consumer' ? cell.members : []).flatMap(({ assigned, pendingRevocation }) => [
    ...(assigned.get(topicId)?.keys() ?? []),
    ...(pendingRevocation.get(topicId) ?? []),
  ]);
  expect([...held].sort()).toEqual([...new Set(held)].sort());
}

describe.each(Object.entries(operations))('%s', (_, operate) => {
  test.each(fates)('with any one call %s', async (_name, fate) => {
    for (let number = 1; ; number++) {
      const ground = newGround();
      const healthy = openProcess(ground);
      const [a, b] = [new Member('a', 'static'), new Member('b')];
      await until(ground, a.beat(healthy));
      expect(a.owned).toEqual(partitions);
      expect(await until(ground, a.commit(healthy, 0, 5n))).toBe('NONE');
      await pass(ground, 1_200, 400);
      const stores = faultyStores(ground.stores, failCall(number, fate), ground.clock);
      const broken = openProcess(ground, stores);
      const work = operate(broken, a, b);
      await until(ground, Promise.race([work, ground.clock.sleep(30_000)]));
      if (stores.history.length < number) break;
      await settle(ground, healthy, [a, b]);
      await stores.releaseHeld();
      await settle(ground, healthy, [a, b]);
      expect([...a.owned, ...b.owned].sort()).toEqual(partitions);
      const committed = await until(ground, fetchOne(healthy, 0));
      expect([5n, 9n]).toContain(committed);
      const [owner, other] = a.owned.includes(0) ? [a, b] : [b, a];
      expect(await until(ground, owner.commit(healthy, 0, 10n))).toBe('NONE');
      other.epoch -= 1;
      expect(await until(ground, other.commit(healthy, 0, 3n))).toBe('STALE_MEMBER_EPOCH');
      expect(await until(ground, fetchOne(healthy, 0))).toBe(10n);
    }
  });
});

import { describe, expect, test } from 'vitest';
import { utf8Decode, utf8Encode } from '../../../shared/base/bytes.ts';
import type { Clock } from '../../../shared/base/clock.ts';
import { integerBelow, type Random, seededRandom } from '../../../shared/base/random.ts';
import type { JoinGroupResponse } from '../../../shared/groups/api.ts';
import type { Groups } from '../../../shared/groups/groups.ts';
import type { Stores } from '../../../shared/storage/stores.ts';
import { type Fate, faultyStores } from '../../support/faulty-stores.ts';
import { answered, type Ground, joinRequest, newGround, openProcess, until } from './group-bench.ts';

/**
 * Consumers that join, sync, fetch, commit, stall, die and come back, through three processes on a store that
 * throttles, loses answers and applies writes late: the seed says all of it. What each was told is kept, and
 * the keeping is judged.
 */

const partitions = 6;
const runMs = 90_000;

/** Offsets say who committed them: `generation * scale + count`. */
const scale = 1_000_000n;

class History {
  /** Generation -> partition -> who was told that it is its own. */
  readonly owners = new Map<number, Map<number, string>>();
  /** Partition -> the newest generation that has fetched it, and what it was told. */
  readonly fetched = new Map<number, { generation: number; offset: bigint }>();
  readonly acknowledged = new Map<number, bigint>();
  generationsDone = 0;
  commitsDone = 0;

  assigned(generation: number, memberId: string, own: readonly number[]): void {
    const owners = this.owners.get(generation) ?? new Map<number, string>();
    this.owners.set(generation, owners);
    for (const partition of own) {
      const other = owners.get(partition) ?? memberId;
      expect(other, `partition ${partition} in generation ${generation} (I11)`).toBe(memberId);
      owners.set(partition, memberId);
    }
    this.generationsDone = Math.max(this.generationsDone, generation);
  }

  /** What a member of a generation is told may be the work of a later one, never older than what is known. */
  sees(partition: number, generation: number, offset: bigint): void {
    const known = this.fetched.get(partition);
    if (known !== undefined && generation > known.generation) {
      const committedIn = Number(offset / scale);
      const isNewer = offset === known.offset || committedIn >= known.generation;
      expect(isNewer, `partition ${partition} went back: ${known.offset} to ${offset} (I5)`).toBe(true);
    }
    if (known === undefined || generation >= known.generation) {
      this.fetched.set(partition, { generation, offset });
    }
  }
}

/** A consumer as careless as consumers are: it goes on committing for a while after it was expelled. */
async function consume(
  ground: Ground,
  pick: () => Groups,
  random: Random,
  name: string,
  history: History,
  endMs: number,
): Promise<void> {
  const { clock } = ground;
  let memberId = '';
  while (clock.nowMs() < endMs) {
    const joined = await join(ground, pick(), memberId, name);
    memberId = joined.error === 'UNKNOWN_MEMBER_ID' ? '' : joined.memberId;
    if (joined.error !== 'NONE') {
      await clock.sleep(100 + integerBelow(random, 200));
      continue;
    }
    const own = await sync(pick(), joined);
    if (own === undefined) continue;
    history.assigned(joined.generationId, memberId, own);
    if (await live(ground, pick, random, joined, own, history, endMs)) memberId = '';
  }
}

async function join(
  ground: Ground,
  groups: Groups,
  memberId: string,
  name: string,
): Promise<JoinGroupResponse> {
  const protocols = [{ name: 'range', metadata: utf8Encode(name) }];
  const changes = { memberId, protocols, sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 8_000 };
  const request = joinRequest(ground, changes);
  return answered(await groups.coordinator.joinGroup(request, { waitMsMax: 15_000 }));
}

/** The partitions that the leader gave it; undefined: it has to join again. */
async function sync(groups: Groups, joined: JoinGroupResponse): Promise<number[] | undefined> {
  const assignments = joined.members.map(({ memberId }, place) => {
    const own = Array.from({ length: partitions }, (_, number) => number).filter(
      (number) => number % joined.members.length === place,
    );
    return { memberId, assignment: utf8Encode(JSON.stringify(own)) };
  });
  const { memberId, generationId } = joined;
  const request = { groupId: 'g', generationId, memberId, groupInstanceId: null };
  const nothing = { protocolType: null, protocolName: null };
  const response = answered(await groups.coordinator.syncGroup({ ...request, ...nothing, assignments }));
  if (response.error !== 'NONE') return undefined;
  const text = utf8Decode(response.assignment);
  return text === '' ? [] : JSON.parse(text);
}

/** Fetches, then commits and lives until it has to join again. True: it died, and begins anew. */
async function live(
  { clock }: Ground,
  pick: () => Groups,
  random: Random,
  { memberId, generationId }: JoinGroupResponse,
  own: readonly number[],
  history: History,
  endMs: number,
): Promise<boolean> {
  for (const partition of own) {
    history.sees(partition, generationId, await fetchAtLast(clock, pick, partition));
  }
  let count = 0n;
  let isOut = false;
  for (let afterwards = 0; clock.nowMs() < endMs && afterwards < 3; ) {
    const partition = own[integerBelow(random, Math.max(1, own.length))];
    if (partition !== undefined) {
      count++;
      const offset = BigInt(generationId) * scale + count;
      const [answer] = await pick().offsets.commit({
        groupId: 'g',
        generationId,
        memberId,
        groupInstanceId: null,
        knowsMemberEpochs: true,
        offsets: [{ topic: 'orders', partition, offset, leaderEpoch: -1, metadata: null }],
      });
      if (answer?.error === 'NONE') history.commitsDone++;
    }
    // Now and then it stalls for longer than its session, or dies.
    const fate = integerBelow(random, 100);
    if (fate < 2) return true;
    await clock.sleep(fate < 5 ? 9_000 : 200 + integerBelow(random, 1_500));
    const request = { groupId: 'g', generationId, memberId, groupInstanceId: null };
    const { error } = await pick().coordinator.heartbeat(request);
    isOut ||= error !== 'NONE' && error !== 'NOT_COORDINATOR';
    if (isOut) afterwards += integerBelow(random, 4) + 1;
  }
  return false;
}

/** What a client does that is told to look for its coordinator: it asks again. */
async function fetchAtLast(clock: Clock, pick: () => Groups, partition: number): Promise<bigint> {
  const request = { groupId: 'g', partitions: [{ topic: 'orders', partition }], requireStable: false };
  for (;;) {
    const { error, offsets } = await pick().offsets.fetch({ ...request, memberId: '', memberEpoch: -1 });
    if (error === 'NONE') return offsets[0]?.offset ?? -1n;
    await clock.sleep(100);
  }
}

const fateFor = (random: Random): Fate => {
  const chance = random.next();
  if (chance > 0.06) return 'ok';
  const fates: Fate[] = [
    'throttled',
    'conflict',
    'unavailable',
    'lost',
    'never',
    { late: 50 },
    { late: 5_000 },
  ];
  return fates[integerBelow(random, fates.length)] ?? 'ok';
};

async function run(seed: number, faulty: boolean): Promise<History> {
  const ground = newGround({ sessionTimeoutMsMin: 1_000 }, seed);
  const random = seededRandom(seed * 7_919);
  const stores: Stores = faulty
    ? faultyStores(ground.stores, () => fateFor(random), ground.clock)
    : ground.stores;
  const processes = Array.from({ length: 3 }, () => openProcess(ground, stores));
  const pick = (): Groups => processes[integerBelow(random, 3)] as Groups;
  const history = new History();
  const endMs = ground.clock.nowMs() + runMs;
  const names = ['a', 'b', 'c'];
  const lives = names.map((name) => consume(ground, pick, random, name, history, endMs));
  await until(ground, Promise.all(lives), { stepMs: 50 });
  return history;
}

describe('consumers through three processes', () => {
  test.each([1, 2, 3, 4])('on a kind store, seed %i', async (seed) => {
    const { generationsDone, commitsDone } = await run(seed, false);
    expect(generationsDone).toBeGreaterThan(3);
    expect(commitsDone).toBeGreaterThan(50);
  });

  test.each([11, 12, 13, 14, 15, 16])('on a store with faults, seed %i', async (seed) => {
    const { generationsDone, commitsDone } = await run(seed, true);
    expect(generationsDone).toBeGreaterThan(3);
    expect(commitsDone).toBeGreaterThan(30);
  });
});

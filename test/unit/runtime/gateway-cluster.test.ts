import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { BrokerIdTaken, BrokerLeases } from '../../../shared/catalog/broker-leases.ts';
import { GatewayAlone, GatewayCluster } from '../../../shared/runtime/gateway-cluster.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { StoreError } from '../../../shared/storage/store-error.ts';
import type { Stores } from '../../../shared/storage/stores.ts';
import { aroundStores } from '../../support/store-calls.ts';

let clock: ManualClock;
let stores: Stores;
let seeds = 0;
const joined: Gateway[] = [];

/** A gateway's place in the cluster, in a process that can be frozen and cut off. */
type Gateway = GatewayCluster & { failure: Error | undefined; isFrozen: boolean };

beforeEach(() => {
  clock = new ManualClock();
  stores = openMemoryStores({ clock, random: seededRandom(1) });
});
afterEach(async () => {
  const leaving = joined.splice(0).map((gateway) => {
    gateway.failure = undefined;
    gateway.isFrozen = false;
    return gateway.leave();
  });
  await pass(5_000);
  await Promise.all(leaving);
});

function newGateway(wantedId?: number): Gateway {
  const state: { failure: Error | undefined; isFrozen: boolean } = { failure: undefined, isFrozen: false };
  const own = aroundStores(stores, async (_call, perform) => {
    while (state.isFrozen) await clock.sleep(100);
    if (state.failure) throw state.failure;
    return perform();
  });
  const leases = new BrokerLeases({ stores: own, clock, random: seededRandom(++seeds) });
  const gateway = new GatewayCluster({ clusterId: 'cluster', leases, wantedId, clock, log: silentLog });
  return Object.defineProperties(gateway, {
    failure: { set: (failure: Error | undefined) => (state.failure = failure) },
    isFrozen: { set: (isFrozen: boolean) => (state.isFrozen = isFrozen) },
  }) as Gateway;
}

async function join(port: number, wantedId?: number): Promise<Gateway> {
  const gateway = newGateway(wantedId);
  await gateway.join({ host: 'gateway.test', port });
  joined.push(gateway);
  return gateway;
}

async function pass(durationMs: number): Promise<void> {
  for (let passed = 0; passed < durationMs; passed += 100) {
    clock.advance(100);
    for (let turns = 0; turns < 8; turns++) await new Promise(setImmediate);
  }
}

const idsOf = (gateway: GatewayCluster): number[] => gateway.brokers.map(({ id }) => id);
const topicIds = Array.from({ length: 40 }, () => randomUUID());
const leadersOf = (gateway: GatewayCluster): number[] =>
  topicIds.flatMap((topicId) => [0, 1, 2, 3, 4, 5].map((partition) => gateway.leaderOf(topicId, partition)));

describe('gateways that find each other', () => {
  test('tell the same of each other within seconds, and share every topic evenly', async () => {
    const all = [await join(9092), await join(9093), await join(9094)];
    await pass(3_500);
    for (const gateway of all) {
      expect(gateway.brokers).toEqual(
        [1, 2, 3].map((id) => ({ id, host: 'gateway.test', port: 9091 + id, rack: null })),
      );
      expect(gateway.controllerId).toBe(1);
      expect(leadersOf(gateway)).toEqual(leadersOf(all[0] as GatewayCluster));
    }
    for (const topicId of topicIds) {
      const leaders = [0, 1, 2].map((partition) => all[0]?.leaderOf(topicId, partition));
      expect([...leaders].sort()).toEqual([1, 2, 3]);
    }
    const coordinators = topicIds.map((group) => all[1]?.coordinatorOf(group));
    expect(new Set(coordinators)).toEqual(new Set([1, 2, 3]));
  });

  test('go on for long: a lease that is renewed does not run out', async () => {
    const all = [await join(9092), await join(9093)];
    await pass(120_000);
    for (const gateway of all) expect(idsOf(gateway)).toEqual([1, 2]);
  });

  test('one that leaves is not told any more a few seconds later', async () => {
    const [one, two] = [await join(9092), await join(9093)];
    await pass(3_500);
    await two.leave();
    await pass(3_500);
    expect(idsOf(one)).toEqual([1]);
    expect(new Set(leadersOf(one))).toEqual(new Set([1]));
  });

  test('the partitions of one that died go to the next, within ten seconds, and no others move', async () => {
    const [one, two] = [await join(9092), await join(9093)];
    await join(9094);
    await pass(3_500);
    const before = leadersOf(one);
    two.isFrozen = true;
    await pass(5_000);
    expect(leadersOf(one)).toEqual(before);
    await pass(6_000);
    expect(idsOf(one)).toEqual([1, 3]);
    expect(leadersOf(one)).toEqual(before.map((id) => (id === 2 ? 3 : id)));
  });

  test('a newcomer takes the place of the dead one', async () => {
    const [one, two] = [await join(9092), await join(9093)];
    await join(9094);
    await pass(3_500);
    const before = leadersOf(one);
    two.isFrozen = true;
    await pass(11_000);
    const newcomer = await join(9999);
    expect(newcomer.brokerId).toBe(2);
    await pass(3_500);
    expect(leadersOf(one)).toEqual(before);
    expect(one.brokers.find(({ id }) => id === 2)).toMatchObject({ port: 9999 });
  });

  test('a frozen one that comes back finds its id taken, and becomes another broker', async () => {
    const [one, frozen] = [await join(9092), await join(9093)];
    frozen.isFrozen = true;
    await pass(11_000);
    const successor = await join(9094);
    expect(successor.brokerId).toBe(2);
    frozen.isFrozen = false;
    await pass(5_000);
    expect(frozen.brokerId).toBe(3);
    await pass(3_500);
    for (const gateway of [one, frozen, successor]) expect(idsOf(gateway)).toEqual([1, 2, 3]);
  });

  test('a frozen one that must have its id, and lost it, says that it cannot go on', async () => {
    await join(9092);
    const frozen = await join(9093, 7);
    frozen.isFrozen = true;
    await pass(11_000);
    const successor = await join(9094, 7);
    frozen.isFrozen = false;
    let reason: Error | undefined;
    void frozen.lost.then((error) => {
      reason = error;
    });
    await pass(20_000);
    expect(reason).toBeInstanceOf(BrokerIdTaken);
    expect(reason?.message).toContain('gateway.test:9094');
    expect(idsOf(successor)).toEqual([1, 7]);
  });

  test('one that cannot reach the store still tells of itself, and is back when the store is', async () => {
    const [one, two] = [await join(9092), await join(9093)];
    await pass(3_500);
    two.failure = new StoreError('unavailable', 'it is gone');
    await pass(15_000);
    expect(idsOf(two)).toEqual([2]);
    expect(idsOf(one)).toEqual([1]);
    two.failure = undefined;
    await pass(4_000);
    for (const gateway of [one, two]) expect(idsOf(gateway)).toEqual([1, 2]);
    expect(two.brokerId).toBe(2);
  });
});

describe('a gateway alone', () => {
  test('leads and coordinates everything, and tells of nobody else', async () => {
    await join(9093);
    const alone = new GatewayAlone('cluster', 1);
    await alone.join({ host: '127.0.0.1', port: 9092 });
    expect(alone.cluster.brokers).toEqual([{ id: 1, host: '127.0.0.1', port: 9092, rack: null }]);
    expect(alone.cluster.leaderOf(randomUUID(), 5)).toBe(1);
    expect(alone.cluster.coordinatorOf('group')).toBe(1);
  });
});

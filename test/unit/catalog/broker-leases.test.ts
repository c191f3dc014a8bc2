import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../shared/base/random.ts';
import { BrokerLeases } from '../../../shared/catalog/broker-leases.ts';
import type { BrokerLease } from '../../../shared/storage/items/broker-lease.ts';
import type { Stores } from '../../../shared/storage/stores.ts';
import { fateName, fates, type Ground, newGround, runWithFault } from './catalog-bench.ts';

let seeds = 0;
const openLeases = ({ clock }: Ground, stores: Stores): BrokerLeases =>
  new BrokerLeases({ stores, clock, random: seededRandom(++seeds) });

const at = (port: number) => ({ host: 'gateway.test', port });

/** Who holds which id, by what the store says. */
async function holders(ground: Ground): Promise<BrokerLease[]> {
  return openLeases(ground, ground.stores).list();
}

describe.each(fates.map((fate) => [fateName(fate), fate] as const))('when a call was %s', (name, fate) => {
  test('taking an id: two processes never hold one, and who has one finds it in the store', async () => {
    for (const number of [1, 2, 3, 4]) {
      const ground = newGround();
      await openLeases(ground, ground.stores).take(at(1));
      const { ending, stores } = await runWithFault(ground, number, fate, (faulty) =>
        openLeases(ground, faulty).take(at(2)),
      );
      const third = await openLeases(ground, ground.stores).take(at(3));
      await stores.releaseHeld();
      const leases = await holders(ground);
      expect(new Set(leases.map(({ brokerId }) => brokerId)).size).toBe(leases.length);
      expect(leases).toContainEqual(third);
      if (ending.is === 'done') expect(leases).toContainEqual(ending.value);
      if (ending.is === 'failed') expect(ending.error).toMatchObject({ name: 'StoreError' });
      if (ending.is === 'died') expect(name).toContain('dies');
    }
  });

  test('renewing: the lease is longer or as it was, and never somebody else’s', async () => {
    const ground = newGround();
    const leases = openLeases(ground, ground.stores);
    const lease = await leases.take(at(1));
    ground.clock.advance(3_000);
    const { stores } = await runWithFault(ground, 1, fate, (faulty) =>
      openLeases(ground, faulty).renew(lease),
    );
    ground.clock.advance(10_000);
    const [before] = await holders(ground);
    expect([lease.untilMs, lease.untilMs + 3_000]).toContain(before?.untilMs);
    const successor = await openLeases(ground, ground.stores).take(at(2));
    await stores.releaseHeld(); // a renewal that comes so late finds another owner
    expect(await holders(ground)).toEqual([successor]);
  });

  test('giving back: the id is free at once, or when the lease has run out', async () => {
    const ground = newGround();
    const lease = await openLeases(ground, ground.stores).take(at(1));
    const { stores } = await runWithFault(ground, 1, fate, (faulty) =>
      openLeases(ground, faulty).release(lease),
    );
    ground.clock.advance(10_000);
    const successor = await openLeases(ground, ground.stores).take(at(2));
    expect(successor.brokerId).toBe(1);
    await stores.releaseHeld();
    expect(await holders(ground)).toEqual([successor]);
  });
});

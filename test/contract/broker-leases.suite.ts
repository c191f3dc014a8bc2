import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { type BrokerAddress, BrokerIdTaken, BrokerLeases } from '../../shared/catalog/broker-leases.ts';
import type { BrokerLease } from '../../shared/storage/items/broker-lease.ts';
import { type Engine, useStores } from './engine.ts';

/** Time that is ahead of the machine's own by as much as a test says; sleeping moves it. */
class ShiftedClock implements Clock {
  aheadMs = 0;
  nowMs = (): number => systemClock.nowMs() + this.aheadMs;
  async sleep(durationMs: number): Promise<void> {
    this.aheadMs += durationMs;
  }
}

let addresses = 0;
const address = (): BrokerAddress => ({ host: 'gateway.test', port: 20_000 + addresses++ });

/** How processes share out broker ids: one behaviour on all engines (I13). */
export function brokerLeasesSuite(engine: Engine): void {
  describe(`broker leases on ${engine.name}`, () => {
    const stores = useStores(engine);
    const process = (clock: Clock = systemClock): BrokerLeases =>
      new BrokerLeases({ stores: stores(), clock, random: systemRandom });
    const releaseAll = async (): Promise<void> => {
      for (const lease of await process().list()) await process().release(lease);
    };
    const fresh = (name: string, work: () => Promise<void>): void =>
      test(name, async () => {
        await releaseAll();
        await work();
      });
    const idsOf = (leases: readonly BrokerLease[]): number[] => leases.map(({ brokerId }) => brokerId);

    fresh('twelve processes that begin at once take the ids from 1 to 12, in their order', async () => {
      const taken = await Promise.all(Array.from({ length: 12 }, () => process().take(address())));
      const ids = Array.from({ length: 12 }, (_, place) => place + 1);
      expect(idsOf(taken).sort((a, b) => a - b)).toEqual(ids);
      const listed = await process().list();
      expect(idsOf(listed)).toEqual(ids);
      expect(listed).toEqual([...taken].sort((a, b) => a.brokerId - b.brokerId));
    });

    fresh('an id that was given back is the next to be taken, and gone until then', async () => {
      const [first, second] = [await process().take(address()), await process().take(address())];
      await process().release(first);
      expect(await process().list()).toEqual([second]);
      expect((await process().take(address())).brokerId).toBe(first.brokerId);
    });

    fresh('whoever renews lives; whoever does not is dead after ten seconds and still known', async () => {
      const clock = new ShiftedClock();
      const leases = process(clock);
      const [one, two] = [await leases.take(address()), await leases.take(address())];
      clock.aheadMs += 6_000;
      const longer = await leases.renew(one);
      clock.aheadMs += 5_000;
      const seen = await leases.list();
      expect(seen).toEqual([longer, two]);
      expect(seen.map((lease) => leases.isLiving(lease))).toEqual([true, false]);
      clock.aheadMs += 3_610_000;
      expect(await leases.list()).toEqual([]);
    });

    fresh('a frozen process learns that its id has gone on, and harms nobody', async () => {
      const clock = new ShiftedClock();
      const leases = process(clock);
      const frozen = await leases.take(address());
      clock.aheadMs += 10_001;
      const successor = await leases.take(address());
      expect(successor.brokerId).toBe(frozen.brokerId);
      expect(await leases.renew(frozen)).toBeUndefined();
      await leases.release(frozen);
      expect(await leases.list()).toEqual([successor]);
      expect((await leases.take(address())).brokerId).toBe(2);
    });

    fresh('a frozen process whose id nobody took lives on', async () => {
      const clock = new ShiftedClock();
      const leases = process(clock);
      const frozen = await leases.take(address());
      clock.aheadMs += 60_000;
      expect(await leases.renew(frozen)).toMatchObject({ brokerId: 1, owner: frozen.owner });
      expect((await leases.list()).map((lease) => leases.isLiving(lease))).toEqual([true]);
    });

    fresh('a lease that was given back does not return by a late renewal', async () => {
      const lease = await process().take(address());
      await process().release(lease);
      expect(await process().renew(lease)).toBeUndefined();
      expect(await process().list()).toEqual([]);
    });

    fresh('a named id is refused while its holder lives, and given when it has died', async () => {
      const clock = new ShiftedClock();
      const leases = process(clock);
      const holder = await leases.take(address(), { wanted: 7 });
      const living = { take: () => leases.take(address(), { wanted: 7 }) };
      const renewing = new BrokerLeases({
        stores: stores(),
        clock: {
          nowMs: clock.nowMs,
          sleep: async (durationMs) => {
            await clock.sleep(durationMs);
            await leases.renew(holder);
          },
        },
        random: systemRandom,
      });
      await expect(renewing.take(address(), { wanted: 7 })).rejects.toThrow(BrokerIdTaken);
      const successor = await living.take();
      expect(successor).toMatchObject({ brokerId: 7 });
      expect(await leases.renew(holder)).toBeUndefined();
    });

    fresh('a process that begins at the address of another replaces it at once', async () => {
      const at = address();
      const [other, killed] = [await process().take(address()), await process().take(at)];
      const again = await process().take(at, { replaces: true });
      expect(again.brokerId).toBe(killed.brokerId);
      expect(again.owner).not.toBe(killed.owner);
      expect(await process().list()).toEqual([other, again]);
      expect((await process().take(at)).brokerId).toBe(3);
    });
  });
}

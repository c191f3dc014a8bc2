import { expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { QuotaThrottle } from '../../../shared/broker/quota-throttle.ts';
import { ClientQuotas } from '../../../shared/catalog/client-quotas.ts';
import type { QuotaEntity } from '../../../shared/kafka/quota-entity.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';

const of = (user: string | null | undefined, clientId: string | null | undefined): QuotaEntity => [
  ...(user === undefined ? [] : [{ entityType: 'user', entityName: user }]),
  ...(clientId === undefined ? [] : [{ entityType: 'client-id', entityName: clientId }]),
];

async function throttleWith(...quotas: (readonly [QuotaEntity, number])[]) {
  const clock = new ManualClock();
  const random = seededRandom(3);
  const stores = openMemoryStores({ clock, random });
  const kept = new ClientQuotas({ stores, clock, random, log: silentLog });
  for (const [entity, value] of quotas)
    await kept.alter(entity, [{ key: 'producer_byte_rate', value, remove: false }]);
  kept.recent();
  await expect.poll(() => kept.recent().length).toBe(quotas.length);
  const throttle = new QuotaThrottle(kept, clock);
  const send = (clientId: string, bytes: number, user = 'ANONYMOUS') =>
    throttle.throttleMs('producer_byte_rate', { caller: { principal: `User:${user}` }, clientId }, bytes);
  return { clock, send, throttle };
}

test('who keeps to the rate does not wait; who is over it waits until the rate is right again', async () => {
  const { clock, send } = await throttleWith([of(undefined, 'loader'), 1_000]);
  expect(send('loader', 10_000)).toBe(0); // ten seconds' worth, as Kafka lets a silent client burst
  expect(send('loader', 5_000)).toBe(5_000);
  expect(send('other', 1_000_000)).toBe(0);
  clock.advance(20_000);
  expect(send('loader', 1_000)).toBe(0);
});

test('over a minute a client that heeds its waits gets its rate, and not more', async () => {
  const { clock, send } = await throttleWith([of(undefined, null), 1_000]);
  let sent = 0;
  const endMs = clock.nowMs() + 60_000;
  while (clock.nowMs() < endMs) {
    sent += 500;
    clock.advance(Math.max(send('any', 500), 10));
  }
  expect(sent).toBeGreaterThan(55_000);
  expect(sent).toBeLessThan(75_000);
});

test('names come before defaults, users before client ids', async () => {
  const { send } = await throttleWith(
    [of(undefined, null), 1],
    [of(undefined, 'c'), 10],
    [of(null, undefined), 100],
    [of('u', undefined), 1_000],
    [of('u', 'c'), 10_000],
  );
  expect(send('c', 100_000, 'u')).toBe(0);
  expect(send('d', 10_000, 'u')).toBe(0);
  expect(send('e', 1_000, 'u')).toBeGreaterThan(0); // the user's clients share what it has
  expect(send('c', 1_000, 'v')).toBe(0);
  expect(send('c', 1_000, 'v')).toBeGreaterThan(0);
});

test('each client id has the default for itself', async () => {
  const { send } = await throttleWith([of(undefined, null), 100]);
  expect(send('a', 1_000)).toBe(0);
  expect(send('b', 1_000)).toBe(0);
  expect(send('a', 1_000)).toBeGreaterThan(0);
});

test('nobody is held up longer than what is measured', async () => {
  const { send } = await throttleWith([of(undefined, 'a'), 1]);
  expect(send('a', 1e9)).toBe(11_000);
});

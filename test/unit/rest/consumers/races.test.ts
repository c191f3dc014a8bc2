import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/base/clock.ts';
import { seededRandom } from '../../../../shared/base/random.ts';
import { consumerInstanceKey } from '../../../../shared/storage/items/consumer-instance.ts';
import { openMemoryStores } from '../../../../shared/storage/memory/open-memory-stores.ts';
import { type Fate, faultyStores } from '../../../support/faulty-stores.ts';
import { RestClient } from '../../../support/rest-client.ts';
import { RestConsumer } from '../../../support/rest-consumer.ts';
import { openRestDoor } from '../../../support/rest-door.ts';
import type { StoreCall } from '../../../support/store-calls.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((door) => door.close()));
});

/** A door whose next call that `concerns` picks waits until it is let go, and one that does not wait. */
async function twoDoors() {
  const inner = openMemoryStores({ clock: systemClock, random: seededRandom(1) });
  const gate: {
    concerns?: ((call: StoreCall) => boolean) | undefined;
    pass?: () => void;
    reached?: () => void;
  } = {};
  const gated = faultyStores(
    inner,
    async (call): Promise<Fate> => {
      if (!gate.concerns?.(call)) return 'ok';
      gate.concerns = undefined;
      const passed = new Promise<void>((resolve) => {
        gate.pass = resolve;
      });
      gate.reached?.();
      await passed;
      return 'ok';
    },
    systemClock,
  );
  const [slow, quick] = [
    await openRestDoor({ stores: gated, random: seededRandom(2) }),
    await openRestDoor({ stores: inner, random: seededRandom(3) }),
  ];
  open.push(slow, quick);
  /** Resolves when such a call waits. */
  const hold = (concerns: (call: StoreCall) => boolean): Promise<void> => {
    gate.concerns = concerns;
    return new Promise((resolve) => {
      gate.reached = resolve;
    });
  };
  return {
    slow: new RestClient(slow),
    quick: new RestClient(quick),
    door: quick,
    hold,
    letGo: () => gate.pass?.(),
  };
}

const group = 'g';
const name = 'one';
const { pk, sk } = consumerInstanceKey(group, name);
const isStateWrite = ({ operation, target }: StoreCall): boolean =>
  operation === 'put' && target === `${pk} / ${sk}`;
const isCellWrite = ({ operation, target }: StoreCall): boolean =>
  operation === 'put' && target === `g#${group} / group`;

async function subscribed(
  rest: RestClient,
  count: number,
): Promise<{ topic: string; consumer: RestConsumer }> {
  const topic = await rest.newTopic();
  await rest.produce(
    topic,
    Array.from({ length: count }, (_, value) => ({ value })),
  );
  return { topic, consumer: await RestConsumer.of(rest, [topic], { name }, group) };
}

const membersOf = async (rest: RestClient): Promise<number> => {
  const { status, json } = await rest.get(`${await rest.cluster()}/consumer-groups/${group}/consumers`);
  return status === 404 ? 0 : json.data.length;
};

test('a fetch that another one overtakes gives out nothing of what that one gave', async () => {
  const { slow, quick, hold, letGo } = await twoDoors();
  const { consumer } = await subscribed(quick, 4);
  expect(await consumer.records('timeout=0&max_bytes=1')).toHaveLength(1);
  const held = hold(isStateWrite);
  const slowly = slow.get(
    `${consumer.path}/records?timeout=0&max_bytes=1`,
    'application/vnd.kafka.json.v2+json',
  );
  await held;
  const quickly = await consumer.records('timeout=0&max_bytes=1');
  letGo();
  const { json } = await slowly;
  expect([quickly, json].map(([record]) => record.offset)).toEqual([1, 2]);
});

test('a fetch whose instance is deleted meanwhile answers 404 and gives out nothing', async () => {
  const { slow, quick, hold, letGo } = await twoDoors();
  const { consumer } = await subscribed(quick, 4);
  await consumer.records('timeout=0&max_bytes=1');
  const held = hold(isStateWrite);
  const fetching = slow.get(`${consumer.path}/records?timeout=0`, 'application/vnd.kafka.json.v2+json');
  await held;
  expect((await consumer.delete()).status).toBe(204);
  letGo();
  expect((await fetching).status).toBe(404);
  expect(await membersOf(quick)).toBe(0);
});

test('a fetch that joins for an instance that is deleted meanwhile leaves no member behind', async () => {
  const { slow, quick, hold, letGo } = await twoDoors();
  const { consumer } = await subscribed(quick, 1);
  const held = hold(isCellWrite);
  const joining = slow.get(`${consumer.path}/records?timeout=0`, 'application/vnd.kafka.json.v2+json');
  await held;
  expect((await consumer.delete()).status).toBe(204);
  letGo();
  expect((await joining).status).toBe(404);
  expect(await membersOf(quick)).toBe(0);
});

test('a member that another fetch gave up while this one joined with it is not left behind', async () => {
  const { slow, quick, hold, letGo } = await twoDoors();
  const { consumer } = await subscribed(quick, 4);
  const held = hold(isCellWrite);
  const joining = slow.get(`${consumer.path}/records?timeout=500`, 'application/vnd.kafka.json.v2+json');
  await held;
  // The lease says that the id was taken up, the cell does not know it yet: it counts as unknown here.
  const taken = await consumer.recordsUntil(1, 'timeout=0&max_bytes=1');
  letGo();
  const late = (await joining).json;
  const rest = await consumer.recordsUntil(4 - taken.length - late.length, 'timeout=50');
  expect([...taken, ...late, ...rest].map(({ offset }) => offset).sort()).toEqual([0, 1, 2, 3]);
  expect(await membersOf(quick)).toBe(1);
});

test('an instance that was deleted and made again is not moved by a fetch of the old one', async () => {
  const { slow, quick, hold, letGo } = await twoDoors();
  const { topic, consumer } = await subscribed(quick, 4);
  await consumer.records('timeout=0&max_bytes=1');
  const held = hold(isStateWrite);
  const fetching = slow.get(
    `${consumer.path}/records?timeout=0&max_bytes=1`,
    'application/vnd.kafka.json.v2+json',
  );
  await held;
  await consumer.delete();
  const heir = await RestConsumer.of(quick, [topic], { name }, group);
  letGo();
  // It goes on as the new instance: the path names that one now.
  const late = (await fetching).json;
  const rest = await heir.recordsUntil(3 - late.length);
  const offsets = [...late, ...rest].map(({ offset }: { offset: number }) => offset);
  expect(offsets.sort()).toEqual([1, 2, 3]);
});

test('two doors that take the first step of one instance make one member of it', async () => {
  const { slow, quick } = await twoDoors();
  const { consumer } = await subscribed(quick, 10);
  const path = `${consumer.path}/records?timeout=500&max_bytes=4`;
  const pages = await Promise.all(
    [slow, quick, slow, quick].map((rest) => rest.get(path, 'application/vnd.kafka.json.v2+json')),
  );
  const first = pages.flatMap(({ json }) => json.map(({ offset }: { offset: number }) => offset));
  const rest = await consumer.recordsUntil(10 - first.length);
  const offsets = [...first, ...rest.map(({ offset }) => offset)];
  expect(offsets.sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, offset) => offset));
  expect(await membersOf(quick)).toBe(1);
});

// I5: what the group gave to others is theirs to commit.
test('a commit of an instance that lost its partitions does not go over the new owner', async () => {
  const { quick, door } = await twoDoors();
  const { topic, consumer } = await subscribed(quick, 4);
  await consumer.recordsUntil(4);
  const [group0] = await door.groups.coordinator.describeGroups([group]);
  // As if its session had ended.
  const members = (group0?.members ?? []).map(({ memberId }) => ({ memberId, groupInstanceId: null }));
  await door.groups.coordinator.leaveGroup({ groupId: group, members });
  const other = await RestConsumer.of(quick, [topic], { name: 'two' }, group);
  await other.recordsUntil(4);
  await other.commit({ offsets: [{ topic, partition: 0, offset: 1 }] });
  const reply = await consumer.post('offsets', { offsets: [{ topic, partition: 0, offset: 3 }] });
  expect([reply.status, reply.json.error_code]).toEqual([409, 40903]);
  const lag = await quick.get(`${await quick.cluster()}/consumer-groups/${group}/lags/${topic}/partitions/0`);
  expect(lag.json.current_offset).toBe(2);
});

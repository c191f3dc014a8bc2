import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { eventually } from '../support/eventually.ts';
import { type MiniStack, startMiniStack } from '../support/ministack.ts';
import { createData, type Data, type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type Admin, type Consumer, type Kafka, openKafka, type Producer } from './kafkajs.ts';

let emulator: MiniStack;
let data: Data;
const gateways: GatewayProcess[] = [];
const open: { disconnect(): Promise<void> }[] = [];
const sendings: { stop(): Promise<number> }[] = [];
let topics = 0;

beforeAll(async () => {
  emulator = await startMiniStack();
});
afterAll(() => emulator?.stop());
afterEach(async () => {
  await Promise.allSettled(sendings.splice(0).map((sending) => sending.stop()));
  await Promise.all(open.splice(0).map((client) => client.disconnect()));
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});

async function startGateway(...given: string[]): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(emulator, data, ...given);
  gateways.push(gateway);
  return gateway;
}

async function connected<T extends Producer | Consumer>(client: T): Promise<T> {
  open.push(client);
  await client.connect();
  return client;
}

/** Asks one gateway, and hangs up. */
async function asked<T>(gateway: GatewayProcess, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = openKafka([gateway.bootstrap]).admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

const brokersOf = (gateway: GatewayProcess): Promise<[number, number][]> =>
  asked(gateway, async (admin) => {
    const { brokers } = await admin.describeCluster();
    return brokers.map(({ nodeId, port }): [number, number] => [nodeId, port]);
  });

const leadersOf = (gateway: GatewayProcess, topic: string): Promise<number[]> =>
  asked(gateway, async (admin) => {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = [...(found[0]?.partitions ?? [])].sort((a, b) => a.partitionId - b.partitionId);
    return partitions.map(({ leader }) => leader);
  });

const newTopic = async (gateway: GatewayProcess, numPartitions: number): Promise<string> => {
  const topic = `orders-${++topics}`;
  await asked(gateway, (admin) => admin.createTopics({ topics: [{ topic, numPartitions }] }));
  return topic;
};

type Record = { partition: number; offset: number; key: string; value: string; by: number };

/** A member of a group, and what it was given; errors of the application are in `errors`. */
async function member(
  kafka: Kafka,
  topic: string,
  groupId: string,
  by: number,
  seen: Record[],
  errors: Error[],
) {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000, heartbeatInterval: 1_000 });
  const has = { assigned: [] as number[] };
  consumer.on(consumer.events.CRASH, ({ payload }) => errors.push(payload.error ?? new Error('crash')));
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    has.assigned = payload.memberAssignment?.[topic] ?? [];
  });
  await connected(consumer);
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const [key, value] = [message.key?.toString() ?? '', message.value?.toString() ?? ''];
      seen.push({ partition, offset: Number(message.offset), key, value, by });
    },
  });
  return has;
}

/**
 * Sends numbered records over twenty keys until it is told to stop; each send is of one key, because kafkajs
 * drops what a send had for a partition that moves, while it is repeated, to a broker that has answered.
 */
function sendEver(producer: Producer, topic: string): { stop(): Promise<number> } {
  let isOver = false;
  let sent = 0;
  const sending = (async () => {
    while (!isOver) {
      const key = `key-${(sent / 5) % 20}`;
      const messages = Array.from({ length: 5 }, (_, place) => ({ key, value: String(sent + place) }));
      await producer.send({ topic, acks: -1, messages });
      sent += messages.length;
      await systemClock.sleep(10);
    }
    return sent;
  })();
  sending.catch(() => {});
  const stop = (): Promise<number> => {
    isOver = true;
    return sending;
  };
  sendings.push({ stop });
  return { stop };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const numbersOf = (seen: readonly Record[]): number[] =>
  [...new Set(seen.map(({ value }) => Number(value)))].sort((a, b) => a - b);

/** Each key's records lie in one partition, in the order sent. */
function expectOrder(seen: readonly Record[]): void {
  const lastOf = new Map<string, { partition: number; number: number }>();
  const once = new Map(seen.map((record) => [`${record.partition} ${record.offset}`, record]));
  for (const { partition, key, value } of [...once.values()].sort((a, b) => a.offset - b.offset)) {
    const last = lastOf.get(key);
    if (last) expect(partition).toBe(last.partition);
    if (last) expect(Number(value)).toBeGreaterThanOrEqual(last.number);
    lastOf.set(key, { partition, number: Number(value) });
  }
}

describe('one gateway, alone', () => {
  beforeAll(async () => {
    data = await createData(emulator);
  });

  test('advertises itself only, though another serves the same table', async () => {
    const [one, two] = [await startGateway(), await startGateway('--broker-id', '9')];
    expect(await brokersOf(one)).toEqual([[1, one.port]]);
    expect(await brokersOf(two)).toEqual([[9, two.port]]);
  });

  test('what is produced at one is read at the other, and a restart loses nothing', async () => {
    const [one, two] = [await startGateway(), await startGateway()];
    const topic = await newTopic(one, 3);
    const producer = await connected(openKafka([one.bootstrap]).producer({ idempotent: true }));
    const values = Array.from({ length: 60 }, (_, n) => ({ key: `key-${n % 7}`, value: `${n}` }));
    // 0.1, 3 and 30 KB: in the head, in items, in objects.
    for (const bytes of [10, 3_000, 30_000]) {
      const messages = values.map(({ key, value }) => ({ key, value: value.padEnd(bytes, ' ') }));
      await producer.send({ topic, acks: -1, messages });
    }
    const seen: Record[] = [];
    await member(openKafka([two.bootstrap]), topic, 'readers', 2, seen, []);
    await eventually(
      'all records',
      async () => seen.length,
      (count) => count === 180,
    );
    await one.kill();
    await two.stop();
    const again = await startGateway('--port', String(two.port));
    const late: Record[] = [];
    await member(openKafka([again.bootstrap]), topic, 'late readers', 3, late, []);
    await eventually(
      'all records again',
      async () => late.length,
      (count) => count === 180,
    );
  });

  test('serve one group, each its own member: every record once, each key in order', async () => {
    const [one, two] = [await startGateway(), await startGateway()];
    const topic = await newTopic(one, 6);
    const [seen, errors]: [Record[], Error[]] = [[], []];
    const members = [
      await member(openKafka([one.bootstrap]), topic, 'shared', 1, seen, errors),
      await member(openKafka([two.bootstrap]), topic, 'shared', 2, seen, errors),
    ];
    await eventually(
      'both to have half',
      async () => members.map(({ assigned }) => assigned.length),
      ([first, second]) => first === 3 && second === 3,
    );
    const producer = await connected(openKafka([two.bootstrap]).producer({ idempotent: true }));
    const sending = sendEver(producer, topic);
    await eventually(
      'records',
      async () => seen.length,
      (count) => count > 200,
    );
    const sent = await sending.stop();
    await eventually(
      'the rest',
      async () => seen.length,
      (count) => count >= sent,
    );
    expect(seen.map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual(upTo(sent));
    expect(new Set(seen.map(({ by }) => by))).toEqual(new Set([1, 2]));
    expectOrder(seen);
    expect(errors).toEqual([]);
  });

  test('a record appended at one wakes whoever waits at the other', async () => {
    const [one, two] = [await startGateway(), await startGateway()];
    const topic = await newTopic(one, 1);
    const seen: Record[] = [];
    await member(openKafka([two.bootstrap]), topic, 'waiting', 2, seen, []);
    const producer = await connected(openKafka([one.bootstrap]).producer());
    for (let number = 0; number < 5; number++) {
      await producer.send({ topic, acks: -1, messages: [{ key: 'k', value: String(number) }] });
      await eventually(
        'the record',
        async () => seen.length,
        (count) => count === number + 1,
        10_000,
      );
    }
  });
});

/** Waits until each of the two tells of both. */
async function bothKnow(one: GatewayProcess, two: GatewayProcess): Promise<void> {
  for (const gateway of [one, two])
    await eventually(
      'both brokers',
      () => brokersOf(gateway),
      (brokers) =>
        JSON.stringify(brokers) ===
        JSON.stringify([
          [1, one.port],
          [2, two.port],
        ]),
    );
}

describe('two gateways in a cluster', () => {
  beforeAll(async () => {
    data = await createData(emulator);
  });

  test('are told by each, share the partitions, and one that leaves is not told any more', async () => {
    const [one, two] = [await startGateway('--cluster'), await startGateway('--cluster')];
    await bothKnow(one, two);
    const topic = await newTopic(one, 6);
    const leaders = await leadersOf(one, topic);
    expect(leaders).toEqual(await leadersOf(two, topic));
    expect([...leaders].sort()).toEqual([1, 1, 1, 2, 2, 2]);
    await two.stop();
    await eventually(
      'the other to lead all',
      () => leadersOf(one, topic),
      (now) => now.every((id) => id === 1),
      6_000,
    );
    expect(await brokersOf(one)).toEqual([[1, one.port]]);
  });

  test('the death of one moves its partitions within seconds, and no application sees an error', async () => {
    const [one, two] = [await startGateway('--cluster'), await startGateway('--cluster')];
    const bootstrap = [one.bootstrap, two.bootstrap];
    await bothKnow(one, two);
    const topic = await newTopic(one, 6);
    const [seen, errors]: [Record[], Error[]] = [[], []];
    await member(openKafka(bootstrap), topic, 'survivors', 1, seen, errors);
    await member(openKafka(bootstrap), topic, 'survivors', 2, seen, errors);
    const producer = await connected(openKafka(bootstrap).producer({ idempotent: true }));
    const sending = sendEver(producer, topic);
    await eventually(
      'records',
      async () => seen.length,
      (count) => count > 100,
    );

    const killedMs = systemClock.nowMs();
    await two.kill();
    await eventually(
      'one broker',
      () => brokersOf(one),
      (brokers) => brokers.length === 1,
      15_000,
    );
    expect(systemClock.nowMs() - killedMs).toBeLessThan(13_000);
    expect(new Set(await leadersOf(one, topic))).toEqual(new Set([1]));
    const before = seen.length;
    await eventually(
      'more records',
      async () => seen.length,
      (count) => count > before + 200,
    );
    const sent = await sending.stop();
    await eventually(
      'the rest',
      async () => numbersOf(seen).length,
      (count) => count === sent,
    );
    expect(numbersOf(seen)).toEqual(upTo(sent));
    expectOrder(seen);
    expect(errors).toEqual([]);

    // It listens where the dead one did, so it is the dead one's successor.
    await bothKnow(one, await startGateway('--cluster', '--port', String(two.port)));
  });
});

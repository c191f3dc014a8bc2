import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../shared/base/random.ts';
import { eventually } from '../support/eventually.ts';
import { type MiniStack, startMiniStack } from '../support/ministack.ts';
import { type FaultyDoor, openFaultyDoor } from './faulty-door.ts';
import { createData, type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { openKafka } from './kafkajs.ts';

let emulator: MiniStack;
let door: FaultyDoor;
let gateway: GatewayProcess;
let isFaulty = false;

/** Of ten writes two are throttled, and the answers to another are lost. */
const random = seededRandom(11);
const writes = new Set(['UpdateItem', 'PutItem', 'PUT']);
function fateOf(operation: string) {
  if (!isFaulty || !writes.has(operation)) return 'ok';
  const chance = random.next();
  if (chance < 0.2) return 'throttled';
  return chance < 0.3 ? 'lost' : 'ok';
}

beforeAll(async () => {
  emulator = await startMiniStack();
  door = await openFaultyDoor(emulator.endpoint, fateOf);
  const data = await createData(emulator);
  gateway = await startGatewayProcess(emulator, data, '--endpoint', door.endpoint, '--log-level', 'silent');
});
afterAll(async () => {
  await gateway?.stop();
  await door?.close();
  await emulator?.stop();
});

describe('a gateway whose calls to AWS are throttled and whose answers are lost', () => {
  test('an idempotent producer sees no error, and each record is stored once, in order', async () => {
    const kafka = openKafka([gateway.bootstrap]);
    const topic = 'through-faults';
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
    await admin.disconnect();
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ key: 'key-0', value: '0' }] });
    isFaulty = true;
    for (let number = 1; number < 60; number++) {
      // 0.01, 2 and 20 KB: in the head, in items, in objects.
      const value = String(number).padEnd([10, 2_000, 20_000][number % 3] ?? 0, ' ');
      await producer.send({ topic, acks: -1, messages: [{ key: `key-${number % 2}`, value }] });
    }
    isFaulty = false;
    expect(door.met.throttled).toBeGreaterThan(5);
    expect(door.met.lost).toBeGreaterThan(3);
    await producer.disconnect();

    const seen: number[] = [];
    const consumer = kafka.consumer({ groupId: 'after the faults' });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => void seen.push(Number(message.value?.toString())),
    });
    await eventually(
      'all records',
      async () => seen.length,
      (count) => count >= 60,
    );
    await consumer.disconnect();
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, number) => number));
    for (const parity of [0, 1]) {
      const ofKey = seen.filter((number) => number % 2 === parity);
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
  });
});

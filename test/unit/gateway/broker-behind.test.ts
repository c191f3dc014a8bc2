import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { kafkaErrors } from '../../../shared/kafka/error-codes.ts';
import { decodeResponse } from '../../../shared/protocol/frame.ts';
import { apiVersions } from '../../../shared/protocol/messages/api-versions.ts';
import { fetch } from '../../../shared/protocol/messages/fetch.ts';
import { metadata } from '../../../shared/protocol/messages/metadata.ts';
import { produce } from '../../../shared/protocol/messages/produce.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import type { Stores } from '../../../shared/storage/stores.ts';
import {
  type BrokerEngine,
  batchOf,
  fetchBody,
  fetchFrom,
  newTopic,
  openBroker,
  produceBody,
  valuesOf,
} from '../../support/broker-engine.ts';
import type { KafkaSocket } from '../../support/kafka-socket.ts';
import { aroundStores } from '../../support/store-calls.ts';
import { openGateway } from './scripted-gateway.ts';

const inTime = { timeout: 20_000, interval: 2 };
const { code: none } = kafkaErrors.NONE;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A broker on memory; `around` stands about its stores. Without polls only appends wake a fetch. */
function memoryBroker(around: (stores: Stores) => Stores = (stores) => stores): BrokerEngine {
  const stores = openMemoryStores({
    clock: systemClock,
    random: seededRandom(11),
    latency: { minMs: 0, maxMs: 2 },
  });
  const engine = openBroker({
    stores: around(stores),
    logSettings: { pollFirstMs: 60_000, pollMaxMs: 60_000 },
  });
  closing.push(async () => {
    await engine.logs.drain();
    await stores.close();
  });
  return engine;
}

/** Partitions that some fetch of the process waits for. */
const watched = ({ logs }: BrokerEngine): number =>
  (logs as unknown as { watchers: { watchers: Map<string, unknown> } }).watchers.watchers.size;

async function baseOffsets(client: KafkaSocket, count: number): Promise<(bigint | number)[]> {
  const offsets: (bigint | number)[] = [];
  for (let n = 0; n < count; n++) {
    const frame = await client.next();
    if (frame === undefined) throw new Error(`the connection was closed before answer ${n}`);
    const { correlationId, body } = decodeResponse(produce, 9, frame);
    expect(correlationId).toBe(n);
    const [answer] = body.responses[0]?.partitionResponses ?? [];
    offsets.push(answer?.errorCode === none ? answer.baseOffset : (answer?.errorCode ?? -1));
  }
  return offsets;
}

const sequenceOf = (count: number): bigint[] => Array.from({ length: count }, (_, n) => BigInt(n));
const sendSequence = (client: KafkaSocket, topic: string, producerId: bigint, count: number): void => {
  for (let baseSequence = 0; baseSequence < count; baseSequence++) {
    const batch = batchOf([`${baseSequence}`], { producerId, producerEpoch: 0, baseSequence });
    client.request(produce, 9, produceBody(topic, [batch]));
  }
};

describe('batches of one connection for one partition', () => {
  test('are sequenced in the order sent: hundreds of idempotent ones at once, without a gap', async () => {
    const engine = memoryBroker();
    const topic = await newTopic(engine);
    const { connect } = await openGateway(engine.broker);
    const client = await connect();
    sendSequence(client, topic.name, 5n, 400);
    expect(await baseOffsets(client, 400)).toEqual(sequenceOf(400));
  });

  test('also when the topic of the first is looked up slowly', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let lookups = Number.NEGATIVE_INFINITY; // until the topic is there
    const slowFirstLookup = (stores: Stores): Stores =>
      aroundStores(stores, async (storeCall, perform) => {
        const isLookup = storeCall.operation === 'get' && storeCall.target.startsWith('catalog');
        if (isLookup && ++lookups === 1) await held;
        return perform();
      });
    const engine = memoryBroker(slowFirstLookup);
    const topic = await newTopic(engine);
    engine.topics.forget(topic.name);
    lookups = 0;
    const { connect, listener } = await openGateway(engine.broker);
    const client = await connect();
    sendSequence(client, topic.name, 6n, 20);
    await vi.waitFor(() => expect([lookups, listener.heldBytes > 0]).toEqual([1, true]), inTime);
    release();
    expect(await baseOffsets(client, 20)).toEqual(sequenceOf(20));
    const values = valuesOf(await fetchFrom(engine, topic, 0n)).map(([, value]) => value);
    expect(values).toEqual(sequenceOf(20).map(String));
  });

  test('overlap: the second is on its way before the first is answered', async () => {
    let underway = 0;
    let most = 0;
    const counting = (stores: Stores): Stores =>
      aroundStores(stores, async (storeCall, perform) => {
        if (!storeCall.isWrite) return perform();
        most = Math.max(most, ++underway);
        return perform().finally(() => underway--);
      });
    const engine = memoryBroker(counting);
    const topic = await newTopic(engine, { partitions: 4 });
    const { connect } = await openGateway(engine.broker);
    const client = await connect();
    most = 0;
    for (let n = 0; n < 40; n++)
      client.request(produce, 9, produceBody(topic.name, [batchOf([`${n}`])], { partition: n % 4 }));
    await baseOffsets(client, 40);
    expect(most).toBeGreaterThanOrEqual(4);
  });

  test('of several connections each keep their own order', async () => {
    const engine = memoryBroker();
    const topic = await newTopic(engine);
    const { connect } = await openGateway(engine.broker);
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (const [n, client] of clients.entries()) sendSequence(client, topic.name, BigInt(100 + n), 60);
    const offsets = await Promise.all(clients.map((client) => baseOffsets(client, 60)));
    for (const own of offsets) expect(own).toEqual([...own].sort((a, b) => Number(a) - Number(b)));
    expect(offsets.flat().sort((a, b) => Number(a) - Number(b))).toEqual(sequenceOf(300));
  });
});

describe('a fetch that waits', () => {
  const waiting = (client: KafkaSocket, topic: Parameters<typeof fetchBody>[0][number]['topic']) =>
    client.request(fetch, 12, fetchBody([{ topic, offset: 0n }], { maxWaitMs: 29_000 }) as never);

  test('ends with its connection, and leaves nothing behind', async () => {
    const engine = memoryBroker();
    const topic = await newTopic(engine);
    const { connect, listener } = await openGateway(engine.broker);
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
    for (const client of clients) waiting(client, topic);
    await vi.waitFor(() => expect(watched(engine)).toBe(1), inTime);
    for (const [n, client] of clients.entries()) {
      if (n % 2 === 0) client.socket.end();
      else client.socket.resetAndDestroy();
    }
    await vi.waitFor(() => expect([listener.connections, watched(engine)]).toEqual([0, 0]), inTime);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });

  test('is answered at once by an append of another connection, and by a stop', async () => {
    const engine = memoryBroker();
    const topic = await newTopic(engine);
    const { connect, listener } = await openGateway(engine.broker);
    const [consumer, producer] = [await connect(), await connect()];
    const startMs = systemClock.nowMs();
    waiting(consumer, topic);
    await producer.call(produce, 9, produceBody(topic.name, [batchOf(['a'])]));
    const answered = decodeResponse(fetch, 12, (await consumer.next()) ?? new Uint8Array()).body;
    expect(valuesOf(answered.responses[0]?.partitions[0] ?? { records: null })).toEqual([[0n, 'a']]);
    const later = fetchBody([{ topic, offset: 1n }], { maxWaitMs: 29_000 });
    consumer.request(fetch, 12, later as never);
    await vi.waitFor(() => expect(watched(engine)).toBe(1), inTime);
    await listener.stop(20_000);
    const stopped = decodeResponse(fetch, 12, (await consumer.next()) ?? new Uint8Array()).body;
    expect(stopped.responses[0]?.partitions[0]).toMatchObject({ errorCode: none, highWatermark: 1n });
    expect(systemClock.nowMs() - startMs).toBeLessThan(15_000);
  });
});

describe('a connection in Kafka', () => {
  test('whose version is unknown is told the versions and goes on', async () => {
    const engine = memoryBroker();
    const { connect } = await openGateway(engine.broker);
    const client = await connect();
    const unknown = Buffer.alloc(14 + 4);
    unknown.writeInt32BE(14, 0);
    unknown.writeInt16BE(18, 4);
    unknown.writeInt16BE(99, 6);
    unknown.writeInt16BE(-1, 12);
    client.send(unknown);
    const first = decodeResponse(apiVersions, 0, (await client.next()) ?? new Uint8Array());
    expect(first.body.errorCode).toBe(kafkaErrors.UNSUPPORTED_VERSION.code);
    const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' };
    client.request(apiVersions, 3, software);
    expect(decodeResponse(apiVersions, 3, (await client.next()) ?? new Uint8Array()).body.errorCode).toBe(
      none,
    );
  });

  test('that is refused with acks=0 ends, and says so in the log without an alarm', async () => {
    const engine = memoryBroker();
    const { connect, lines } = await openGateway(engine.broker);
    const client = await connect();
    client.request(produce, 9, produceBody('missing', [batchOf(['a'])], { acks: 0 }));
    client.request(metadata, 1, { topics: [] } as never);
    await client.closed;
    expect(client.frames).toEqual([]);
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
  });
});

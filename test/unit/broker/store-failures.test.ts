import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import type { Topic } from '../../../shared/catalog/topic-cache.ts';
import { type KafkaErrorName, kafkaErrors } from '../../../shared/kafka/error-codes.ts';
import { initProducerId } from '../../../shared/protocol/messages/init-producer-id.ts';
import { listOffsets } from '../../../shared/protocol/messages/list-offsets.ts';
import { metadata } from '../../../shared/protocol/messages/metadata.ts';
import { offsetForLeaderEpoch } from '../../../shared/protocol/messages/offset-for-leader-epoch.ts';
import { produce } from '../../../shared/protocol/messages/produce.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { StoreError } from '../../../shared/storage/store-error.ts';
import {
  type BrokerEngine,
  batchOf,
  call,
  fetchFrom,
  frameOf,
  newTopic,
  openBroker,
  produceBody,
  produceTo,
  serve,
  valuesOf,
} from '../../support/broker-engine.ts';
import { aroundStores } from '../../support/store-calls.ts';
import { type Logged, remembering } from '../gateway/scripted-gateway.ts';

/** What every call of the store ends with while it is set. */
let failure: Error | undefined;
let engine: BrokerEngine;
let topic: Topic;
let lines: Logged[];

beforeEach(async () => {
  failure = undefined;
  const stores = openMemoryStores({ clock: systemClock, random: seededRandom(1) });
  const failing = aroundStores(stores, (_call, perform) => (failure ? Promise.reject(failure) : perform()));
  const { log, lines: said } = remembering();
  lines = said;
  engine = openBroker({ stores: failing, log, logSettings: { appendTimeoutMs: 20 } });
  topic = await newTopic(engine);
  await produceTo(engine, topic.name, batchOf(['a']));
});

const code = (name: KafkaErrorName): number => kafkaErrors[name].code;
const forget = (): void => engine.topics.forget(topic.name);

const offsetOf = async () => {
  const partitions = [{ partitionIndex: 0, timestamp: -1n, currentLeaderEpoch: -1 }];
  const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic.name, partitions }] };
  const { topics } = await call(engine, listOffsets, 9, body);
  return topics[0]?.partitions[0]?.errorCode;
};
const epochOf = async () => {
  const partitions = [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }];
  const { topics } = await call(engine, offsetForLeaderEpoch, 4, {
    topics: [{ topic: topic.name, partitions }],
  } as never);
  return topics[0]?.partitions[0]?.errorCode;
};
const metadataOf = async () => {
  const body = {
    topics: [{ name: topic.name }],
    allowAutoTopicCreation: true,
    includeTopicAuthorizedOperations: false,
  };
  return (await call(engine, metadata, 9, body as never)).topics[0]?.errorCode;
};
const producerIdOf = async () =>
  (await call(engine, initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1 } as never))
    .errorCode;

describe('while the store cannot be used', () => {
  beforeEach(() => {
    failure = new StoreError('unavailable', 'it is gone');
  });

  test('each API answers the error that clients retry, with or without the topic at hand', async () => {
    for (const isForgotten of [false, true]) {
      if (isForgotten) forget();
      expect((await produceTo(engine, topic.name, batchOf(['b']))).errorCode).toBe(
        code('KAFKA_STORAGE_ERROR'),
      );
      expect((await fetchFrom(engine, topic, 0n)).errorCode).toBe(code('KAFKA_STORAGE_ERROR'));
      expect(await offsetOf()).toBe(code('KAFKA_STORAGE_ERROR'));
      expect(await epochOf()).toBe(code('KAFKA_STORAGE_ERROR'));
    }
    expect(await metadataOf()).toBe(code('LEADER_NOT_AVAILABLE'));
    expect(await producerIdOf()).toBe(code('COORDINATOR_LOAD_IN_PROGRESS'));
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('the broker goes on when the store is back', async () => {
    forget();
    await fetchFrom(engine, topic, 0n);
    failure = undefined;
    expect(valuesOf(await fetchFrom(engine, topic, 0n))).toEqual([[0n, 'a']]);
    expect(await metadataOf()).toBe(code('NONE'));
  });

  test('acks=0 ends the connection without an alarm', async () => {
    const frame = frameOf(produce, 9, produceBody(topic.name, [batchOf(['b'])], { acks: 0 }));
    expect(await serve(engine, frame)).toEqual({ close: expect.stringContaining('it is gone') });
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a failure that nobody expected', () => {
  test('is UNKNOWN_SERVER_ERROR, and an alarm', async () => {
    failure = new TypeError('a bug');
    forget();
    const unknown = code('UNKNOWN_SERVER_ERROR');
    expect((await produceTo(engine, topic.name, batchOf(['b']))).errorCode).toBe(unknown);
    expect((await fetchFrom(engine, topic, 0n)).errorCode).toBe(unknown);
    expect(await offsetOf()).toBe(unknown);
    expect(await metadataOf()).toBe(unknown);
    const errors = lines.filter(({ level }) => level === 'error');
    expect(errors.length).toBeGreaterThanOrEqual(4);
    for (const { details } of errors) expect(details).toMatchObject({ error: { message: 'a bug' } });
  });

  test('where no answer has room for it ends the connection', async () => {
    failure = new TypeError('a bug');
    const frame = frameOf(metadata, 1, { topics: null } as never);
    expect(await serve(engine, frame)).toEqual({ close: 'Metadata failed' });
    expect(lines.at(-1)).toMatchObject({ level: 'error', details: { api: 'Metadata' } });
  });
});

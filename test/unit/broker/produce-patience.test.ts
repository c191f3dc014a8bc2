import { beforeEach, describe, expect, test } from 'vitest';
import type { Topic } from '../../../shared/catalog/topic-cache.ts';
import { type KafkaErrorName, kafkaErrors } from '../../../shared/kafka/error-codes.ts';
import { produce } from '../../../shared/protocol/messages/produce.ts';
import { StoreError, type StoreErrorKind } from '../../../shared/storage/store-error.ts';
import {
  type BrokerEngine,
  batchOf,
  call,
  newTopic,
  openBroker,
  produceBody,
} from '../../support/broker-engine.ts';
import { aroundStores, type StoreCall } from '../../support/store-calls.ts';
import { newGround, type RunningClock } from '../catalog/catalog-bench.ts';

/** What calls that write end with, until the time is over. */
let failing: { how: StoreErrorKind; untilMs: number; which: StoreCall['operation'] } | undefined;
let clock: RunningClock;
let engine: BrokerEngine;
let topic: Topic;

beforeEach(async () => {
  failing = undefined;
  const ground = newGround();
  clock = ground.clock;
  const stores = aroundStores(ground.stores, ({ operation }, perform) => {
    const isMet = failing !== undefined && failing.which === operation && clock.nowMs() < failing.untilMs;
    return isMet && failing ? Promise.reject(new StoreError(failing.how, 'as planned')) : perform();
  });
  engine = openBroker({ stores, clock, settings: { produceRefusedAs: 'NOT_ENOUGH_REPLICAS' } });
  topic = await newTopic(engine);
});

const fail = (how: StoreErrorKind, forMs: number, which: StoreCall['operation'] = 'update'): void => {
  failing = { how, untilMs: clock.nowMs() + forMs, which };
};

/** Produces one record; answers the error's name and how long it took. */
async function produced(timeoutMs: number, size = 1): Promise<[KafkaErrorName, number]> {
  const beganMs = clock.nowMs();
  const batch = batchOf(['v'.padEnd(size, '.')], { timestamp: BigInt(beganMs) });
  const body = { ...produceBody(topic.name, [batch]), timeoutMs };
  const { responses } = await call(engine, produce, 9, body);
  const code = responses[0]?.partitionResponses[0]?.errorCode;
  const found = Object.entries(kafkaErrors).find(([, error]) => error.code === code);
  return [found?.[0] as KafkaErrorName, clock.nowMs() - beganMs];
}

describe('a producer whose store throttles', () => {
  test('hears nothing of it when it passes within half of what the producer waits', async () => {
    fail('throttled', 12_000);
    const [error, tookMs] = await produced(30_000);
    expect(error).toBe('NONE');
    expect(tookMs).toBeGreaterThanOrEqual(12_000);
  });

  test.each([2_000, 30_000])(
    'is told after half of its %i ms that the batch is not stored',
    async (waitMs) => {
      fail('throttled', 100_000);
      const [error, tookMs] = await produced(waitMs);
      expect(error).toBe('NOT_ENOUGH_REPLICAS');
      expect(tookMs).toBeLessThanOrEqual(waitMs / 2);
      expect(tookMs).toBeGreaterThan(waitMs / 2 - 2_100); // no try begins that would be too late
      failing = undefined;
      const read = await engine.logs.offsets({ topicId: topic.topicId, partition: 0 });
      expect(read.highWatermark).toBe(0n);
    },
  );

  test('is not kept for longer than half a minute, whatever it says', async () => {
    fail('throttled', 1_000_000);
    for (const waitMs of [2_147_483_647, 600_000]) {
      const [error, tookMs] = await produced(waitMs);
      expect(error).toBe('NOT_ENOUGH_REPLICAS');
      expect(tookMs).toBeLessThanOrEqual(30_000);
    }
    expect(await produced(-1)).toEqual(['NOT_ENOUGH_REPLICAS', expect.any(Number)]);
  });
});

describe('a producer whose store fails', () => {
  test('is never sent to another leader: refused is not stored, a lost answer is unknown', async () => {
    fail('unavailable', 100_000);
    expect((await produced(30_000))[0]).toBe('NOT_ENOUGH_REPLICAS');
    fail('unavailable', 100_000, 'objectPut');
    expect((await produced(30_000, 50_000))[0]).toBe('NOT_ENOUGH_REPLICAS');
    fail('unavailable', 100_000, 'get');
    engine.topics.forget(topic.name);
    expect((await produced(30_000))[0]).toBe('NOT_ENOUGH_REPLICAS');
    fail('unknown', 100_000);
    expect((await produced(30_000))[0]).toBe('REQUEST_TIMED_OUT');
  });
});

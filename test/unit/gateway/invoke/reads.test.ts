import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../shared/base/clock.ts';
import type { Answer } from '../../../../shared/broker/broker.ts';
import { kafkaErrorName, kafkaErrors } from '../../../../shared/kafka/error-codes.ts';
import { apiVersions } from '../../../../shared/protocol/messages/api-versions.ts';
import { fetch } from '../../../../shared/protocol/messages/fetch.ts';
import { findCoordinator } from '../../../../shared/protocol/messages/find-coordinator.ts';
import { heartbeat } from '../../../../shared/protocol/messages/heartbeat.ts';
import { joinGroup } from '../../../../shared/protocol/messages/join-group.ts';
import { metadata } from '../../../../shared/protocol/messages/metadata.ts';
import { produce } from '../../../../shared/protocol/messages/produce.ts';
import { syncGroup } from '../../../../shared/protocol/messages/sync-group.ts';
import type { Api, Decoded, Fields, Given } from '../../../../shared/protocol/schema.ts';
import { zeroUuid } from '../../../../shared/protocol/uuid.ts';
import {
  batchOf,
  decodedAnswer,
  type FetchOptions,
  fetchBody,
  frameOf,
  produceBody,
  produceTo,
  testCaller,
  valuesOf,
} from '../../../support/broker-engine.ts';
import { eventually } from '../../../support/eventually.ts';
import { fastClock } from '../../../support/invoked-functions.ts';
import { openStand, type Stand } from './stand.ts';

const connection = () => new AbortController().signal;

async function call<Req extends Fields, Res extends Fields>(
  { broker }: Stand,
  api: Api<string, Req, Res>,
  version: number,
  body: Given<Req>,
  signal: AbortSignal = connection(),
): Promise<Decoded<Res>> {
  const answer: Answer = await broker.serve(frameOf(api, version, body), testCaller, signal).answer;
  return decodedAnswer(api, version, answer);
}

type Where = { topic: string; offset?: bigint } & FetchOptions;

async function fetchOne(stand: Stand, { topic, offset = 0n, ...options }: Where) {
  const wanted = [{ topic: { name: topic, topicId: zeroUuid }, offset }];
  const { responses } = await call(stand, fetch, 12, fetchBody(wanted, options) as never);
  const answer = responses[0]?.partitions[0];
  if (answer === undefined) throw new Error('Fetch answered no partition');
  return answer;
}

const countOf = ({ functions }: Stand, name: string): number =>
  functions.events.filter((event) => event.name === name).length;

describe('a fetch by way of functions', () => {
  test('that waits is answered at once when this gateway appends', async () => {
    const stand = await openStand();
    await stand.functions.topics.create({ name: 'orders' });
    const waiting = fetchOne(stand, { topic: 'orders', maxWaitMs: 20_000 });
    await eventually(
      'a first look',
      async () => countOf(stand, 'fetch'),
      (count) => count > 0,
    );
    const beganMs = systemClock.nowMs();
    const frame = frameOf(produce, 9, produceBody('orders', [batchOf(['new'])]));
    await stand.broker.serve(frame, testCaller, connection()).answer;
    expect(valuesOf(await waiting)).toEqual([[0n, 'new']]);
    expect(systemClock.nowMs() - beganMs).toBeLessThan(5_000);
  });

  test('hears of what another process appends', async () => {
    const stand = await openStand();
    await stand.functions.topics.create({ name: 'orders' });
    const waiting = fetchOne(stand, { topic: 'orders', maxWaitMs: 20_000 });
    await produceTo(stand.engine, 'orders', batchOf(['elsewhere']));
    expect(valuesOf(await waiting)).toEqual([[0n, 'elsewhere']]);
  });

  test('looks less and less often where nothing comes, and no function waits', async () => {
    const clock = fastClock(50);
    const stand = await openStand({ clock });
    await stand.functions.topics.create({ name: 'orders' });
    expect(valuesOf(await fetchOne(stand, { topic: 'orders', maxWaitMs: 20_000 }))).toEqual([]);
    const looks = countOf(stand, 'fetch');
    expect(looks).toBeLessThan(60); // 400 at the shortest pause
    for (const { event } of stand.functions.events) expect(event.waitMsMax).toBe(0);
  });

  test('shares its invocations with others that wait', async () => {
    const clock: Clock = systemClock;
    const stand = await openStand({ clock });
    await stand.functions.topics.create({ name: 'orders' });
    const waits = Array.from({ length: 10 }, () => fetchOne(stand, { topic: 'orders', maxWaitMs: 1_000 }));
    await Promise.all(waits);
    const calls = stand.functions.events.reduce((sum, { event }) => sum + event.calls.length, 0);
    expect(countOf(stand, 'fetch') * 3).toBeLessThan(calls);
  });

  test('of more than an invocation carries is cut, and the rest is read on', async () => {
    const stand = await openStand();
    const configs = { 'max.message.bytes': '4000000' };
    await stand.functions.topics.create({ name: 'orders', configs });
    for (const value of ['a', 'b'])
      await produceTo(stand.engine, 'orders', batchOf([value.repeat(2_400_000)]));
    const all = { topic: 'orders', maxBytes: 50_000_000, partitionMaxBytes: 50_000_000 };
    const first = valuesOf(await fetchOne(stand, all));
    expect(first.map(([offset]) => offset)).toEqual([0n]);
    const second = valuesOf(await fetchOne(stand, { ...all, offset: 1n }));
    expect(second.map(([offset]) => offset)).toEqual([1n]);
  });

  test('is repeated while invocations fail, and then says so', async () => {
    let isDown = true;
    const stand = await openStand({ clock: fastClock(50), fate: () => (isDown ? 'vanished' : 'answered') });
    await stand.functions.topics.create({ name: 'orders' });
    const failed = await fetchOne(stand, { topic: 'orders' });
    expect(kafkaErrorName(failed.errorCode)).toBe('KAFKA_STORAGE_ERROR');
    const waiting = fetchOne(stand, { topic: 'orders' });
    isDown = false;
    expect(kafkaErrorName((await waiting).errorCode)).toBe('NONE');
  });
});

describe('everything else by way of functions', () => {
  test('names the gateway as the broker, without a function where none is needed', async () => {
    const stand = await openStand();
    const { apiKeys } = await call(stand, apiVersions, 3, {
      clientSoftwareName: 'test',
      clientSoftwareVersion: '1',
    });
    expect(apiKeys.length).toBeGreaterThan(30);
    const { host, port } = await call(stand, findCoordinator, 3, { key: 'readers', keyType: 0 });
    expect([host, port]).toEqual(['kafka.example', 9092]);
    expect(stand.functions.events).toEqual([]);
    const { brokers, clusterId } = await call(stand, metadata, 12, { topics: [] } as never);
    expect(brokers.map(({ nodeId, host: name }) => [nodeId, name])).toEqual([[1, 'kafka.example']]);
    expect(clusterId).toBe('cluster-of-functions');
  });

  test('a frame that nobody understands is answered as the broker answers it', async () => {
    const { broker } = await openStand();
    const frame = frameOf(produce, 9, produceBody('orders', [])).slice();
    frame[3] = 99; // a version that is not spoken
    expect(await broker.serve(frame, testCaller, connection()).answer).toEqual({
      close: 'Produce v99 is not spoken here',
    });
  });

  test('a join that waits for the group is brought again as the same member', async () => {
    const stand = await openStand({ clock: fastClock(20) });
    const group = { groupId: 'readers', protocolType: 'consumer' };
    const join = (memberId: string, metadataOf: string) =>
      call(stand, joinGroup, 3, {
        ...{ ...group, memberId, sessionTimeoutMs: 300_000, rebalanceTimeoutMs: 300_000 },
        protocols: [{ name: 'range', metadata: new TextEncoder().encode(metadataOf) }],
      });
    const one = await join('', 'one');
    expect(kafkaErrorName(one.errorCode)).toBe('NONE');
    const two = join('', 'two'); // the round is complete only when the first has come again
    await eventually(
      'the second parks, and is brought again',
      async () => stand.functions.events.filter(({ event }) => event.calls[0]?.again !== undefined).length,
      (count) => count >= 2,
    );
    const [oneAgain, twoJoined] = await Promise.all([join(one.memberId, 'one'), two]);
    expect([oneAgain.errorCode, twoJoined.errorCode]).toEqual([0, 0]);
    expect(oneAgain.generationId).toBe(twoJoined.generationId);
    const ids = stand.functions.events.flatMap(({ event }) =>
      event.calls.map((asked) => asked.again?.memberId),
    );
    expect(new Set(ids.filter((id) => id !== undefined))).toEqual(new Set([twoJoined.memberId]));
    expect(oneAgain.members).toHaveLength(2);
    const assigned = { generationId: oneAgain.generationId, groupId: 'readers' };
    const assignment = new TextEncoder().encode('part 0');
    const syncing = call(stand, syncGroup, 3, { ...assigned, memberId: twoJoined.memberId, assignments: [] });
    const assignments = [{ memberId: twoJoined.memberId, assignment }];
    await call(stand, syncGroup, 3, { ...assigned, memberId: oneAgain.memberId, assignments });
    expect(Buffer.from((await syncing).assignment).toString()).toBe('part 0');
  }, 30_000);

  test('what may have happened and must not be tried twice is not', async () => {
    const stand = await openStand({ fate: (name) => (name === 'control' ? 'lost' : 'answered') });
    const { createTopics } = await import('../../../../shared/protocol/messages/create-topics.ts');
    const topics = [{ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    const answer = await call(stand, createTopics, 5, { topics, timeoutMs: 5_000, validateOnly: false });
    expect(answer.topics[0]?.errorCode).not.toBe(kafkaErrors.NONE.code);
    expect(countOf(stand, 'control')).toBe(1);
  });

  test('when no function can be invoked, a group says what makes its clients come again', async () => {
    const stand = await openStand({ clock: fastClock(50), fate: () => 'throttled' });
    const beat = { groupId: 'readers', generationId: 1, memberId: 'm' };
    const { errorCode } = await call(stand, heartbeat, 3, beat);
    expect(kafkaErrorName(errorCode)).toBe('NOT_COORDINATOR');
    expect(countOf(stand, 'control')).toBeGreaterThan(1);
  });
});

describe('a consumer that is up to date', () => {
  test('asks again and again, and is answered without an invocation until the next look is due', async () => {
    const clock = fastClock(50);
    const stand = await openStand({ clock });
    await stand.functions.topics.create({ name: 'orders' });
    const beganMs = clock.nowMs();
    const idleMs = () => clock.nowMs() - beganMs;
    let [asked, looked] = [0, 0];
    while (idleMs() < 120_000) {
      const before = countOf(stand, 'fetch');
      const answer = await fetchOne(stand, { topic: 'orders', maxWaitMs: 200 });
      expect([answer.errorCode, answer.highWatermark]).toEqual([0, 0n]);
      if (idleMs() < 65_000) continue; // from the idle minute on: one look in two seconds
      asked++;
      looked += countOf(stand, 'fetch') - before;
    }
    expect(asked).toBeGreaterThan(20);
    expect(looked).toBeLessThan(asked / 2);
  });

  test('is not kept from what this gateway has appended since, nor from what it asks for at once', async () => {
    const stand = await openStand();
    await stand.functions.topics.create({ name: 'orders' });
    expect(valuesOf(await fetchOne(stand, { topic: 'orders', maxWaitMs: 150 }))).toEqual([]);
    const frame = frameOf(produce, 9, produceBody('orders', [batchOf(['own'])]));
    await stand.broker.serve(frame, testCaller, connection()).answer;
    expect(valuesOf(await fetchOne(stand, { topic: 'orders', maxWaitMs: 150 }))).toEqual([[0n, 'own']]);
    expect(valuesOf(await fetchOne(stand, { topic: 'orders', offset: 1n, maxWaitMs: 150 }))).toEqual([]);
    await produceTo(stand.engine, 'orders', batchOf(['elsewhere']));
    expect(valuesOf(await fetchOne(stand, { topic: 'orders', offset: 1n }))).toEqual([[1n, 'elsewhere']]);
  });

  test('hears its own numbers, not those of an earlier request', async () => {
    const stand = await openStand();
    await stand.functions.topics.create({ name: 'orders' });
    const wanted = [{ topic: { name: 'orders', topicId: zeroUuid }, offset: 0n }];
    for (const correlationId of [11, 12, 13]) {
      const frame = frameOf(fetch, 12, fetchBody(wanted, { maxWaitMs: 120 }) as never, correlationId);
      const answer = await stand.broker.serve(frame, testCaller, connection()).answer;
      if (answer === 'none' || 'close' in answer) throw new Error('Fetch was not answered');
      expect(Buffer.concat(answer).readInt32BE(4)).toBe(correlationId);
    }
  });
});

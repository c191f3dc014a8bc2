import { describe, expect, test } from 'vitest';
import { ByteWriter, concatBytes } from '../../shared/base/bytes.ts';
import { servedApis } from '../../shared/broker/served-apis.ts';
import { kafkaErrors } from '../../shared/kafka/error-codes.ts';
import { decodeResponse } from '../../shared/protocol/frame.ts';
import { apiVersions } from '../../shared/protocol/messages/api-versions.ts';
import { findCoordinator } from '../../shared/protocol/messages/find-coordinator.ts';
import { apis } from '../../shared/protocol/messages/index.ts';
import { initProducerId } from '../../shared/protocol/messages/init-producer-id.ts';
import { type BrokerEngine, call, frameOf, openBroker, serve } from '../support/broker-engine.ts';
import type { OpenStores } from './engine.ts';

type World = () => { stores: OpenStores; engine: BrokerEngine };
const { code: none } = kafkaErrors.NONE;
const upTo = (last: number): number[] => Array.from({ length: last + 1 }, (_, n) => n);

/** What every client asks before it does anything, and what it may ask in vain. */
export function sessionTests(world: World): void {
  describe('ApiVersions', () => apiVersionsTests(world));
  describe('FindCoordinator', () => coordinatorTests(world));
  describe('InitProducerId', () => producerIdTests(world));
  describe('requests that are not served', () => unservedTests(world));
}

const software = (name = 'some-client', version = '1.2.3-SNAPSHOT') => ({
  clientSoftwareName: name,
  clientSoftwareVersion: version,
});

function apiVersionsTests(world: World): void {
  test.each(upTo(4))('v%i lists what is served, and no features', async (version) => {
    const answer = await call(
      world().engine,
      apiVersions,
      version,
      (version >= 3 ? software() : {}) as never,
    );
    expect(answer.errorCode).toBe(none);
    expect(answer.apiKeys).toEqual(servedApis());
    expect([answer.supportedFeatures, answer.finalizedFeatures]).toEqual([[], []]);
    expect(answer.finalizedFeaturesEpoch).toBe(-1n);
    const ranges = new Map(answer.apiKeys.map((one) => [one.apiKey, [one.minVersion, one.maxVersion]]));
    expect(ranges.get(0)).toEqual([0, 11]); // Produce from 0: or else librdkafka would not compress
    expect(ranges.get(1)).toEqual([4, 17]);
    expect(ranges.get(18)).toEqual([0, 4]);
  });

  test.each([5, 99, -1])(
    'the unknown version %i is answered in v0 with error 35 and the list',
    async (version) => {
      const frame = new ByteWriter().int16(18).int16(version).int32(7).int16(-1).int8(0).finish();
      const answer = await serve(world().engine, frame);
      const bytes = concatBytes(answer as Uint8Array[]).subarray(4);
      const { correlationId, body } = decodeResponse(apiVersions, 0, bytes);
      expect(correlationId).toBe(7);
      expect(body).toMatchObject({ errorCode: kafkaErrors.UNSUPPORTED_VERSION.code, apiKeys: servedApis() });
    },
  );

  test.each([
    ['', '1'],
    ['client', ''],
    ['-client', '1'],
    ['client', '1.'],
    ['cli ent', '1'],
    ['client\n', '1'],
  ])("software named '%s' '%s' is INVALID_REQUEST (KIP-511)", async (name, softwareVersion) => {
    const answer = await call(world().engine, apiVersions, 3, software(name, softwareVersion));
    expect(answer).toMatchObject({ errorCode: kafkaErrors.INVALID_REQUEST.code, apiKeys: [] });
  });
}

function coordinatorTests(world: World): void {
  const coordinatorOf = async (version: number, key: string, keyType = 0) => {
    const body =
      version >= 4 ? { keyType, coordinatorKeys: [key, key] } : { key, ...(version >= 1 ? { keyType } : {}) };
    const answer = await call(world().engine, findCoordinator, version, body as never);
    if (version < 4) return answer;
    expect(answer.coordinators.map((one) => one.key)).toEqual([key, key]);
    return answer.coordinators[1];
  };

  test.each(upTo(5))('v%i: a broker coordinates any group and transactional id', async (version) => {
    for (const keyType of version === 0 ? [0] : [0, 1])
      expect(await coordinatorOf(version, 'some-group', keyType)).toMatchObject({
        errorCode: none,
        nodeId: 1,
        host: '127.0.0.1',
        port: 9092,
      });
  });

  test.each([1, 3, 4, 5])('v%i: a coordinator of something else is INVALID_REQUEST', async (version) => {
    for (const keyType of [2, -1]) {
      const answer = await coordinatorOf(version, 'some-group', keyType);
      expect(answer).toMatchObject({ errorCode: kafkaErrors.INVALID_REQUEST.code, nodeId: -1, port: -1 });
      expect(answer?.errorMessage).toBeTruthy();
    }
  });
}

function producerIdTests(world: World): void {
  const body = (version: number, transactionalId: string | null = null) =>
    ({
      transactionalId,
      transactionTimeoutMs: 60_000,
      ...(version >= 3 ? { producerId: 5n, producerEpoch: 3 } : {}),
    }) as never;

  test.each(upTo(5))('v%i gives every producer an id of its own, with epoch 0', async (version) => {
    const { stores, engine } = world();
    const other = openBroker({ stores });
    const answers = await Promise.all(
      [engine, other, engine, other].map((one) => call(one, initProducerId, version, body(version))),
    );
    expect(answers.map(({ errorCode, producerEpoch }) => [errorCode, producerEpoch])).toEqual(
      Array(4).fill([none, 0]),
    );
    expect(new Set(answers.map(({ producerId }) => producerId)).size).toBe(4);
  });

  test('an empty transactional id is INVALID_REQUEST, as in Kafka; others are not served yet', async () => {
    const { engine } = world();
    const answers = [];
    for (const id of ['', 'tx']) answers.push(await call(engine, initProducerId, 4, body(4, id)));
    expect(answers).toMatchObject([
      { errorCode: kafkaErrors.INVALID_REQUEST.code, producerId: -1n, producerEpoch: -1 },
      {
        errorCode: kafkaErrors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED.code,
        producerId: -1n,
        producerEpoch: -1,
      },
    ]);
  });
}

function unservedTests(world: World): void {
  const requestOf = (key: number, version: number) =>
    new ByteWriter().int16(key).int16(version).int32(1).int16(-1).finish();

  test.each([
    ['Produce v2, though announced', 0, 2],
    ['Fetch v3', 1, 3],
    ['Fetch v18', 1, 18],
    ['a key that Kafka keeps for brokers', 4, 0],
    ['a key that nobody has', 32_767, 0],
    ['a negative key', -1, 0],
    ['a negative version', 3, -1],
  ])('%s ends the connection and says why', async (_what, key, version) => {
    const answer = await serve(world().engine, requestOf(key, version));
    expect(answer).toEqual({ close: expect.stringContaining(`v${version} is not spoken here`) });
  });

  test('an API that has a schema and no handler ends the connection, and is not announced', async () => {
    const served = new Set(servedApis().map(({ apiKey }) => apiKey));
    for (const api of apis.filter(({ key }) => !served.has(key))) {
      const answer = await serve(world().engine, requestOf(api.key, api.versions[0]));
      expect(answer).toEqual({ close: expect.any(String) });
    }
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['half a header', requestOf(18, 0).subarray(0, 5)],
    ['a body that is cut', frameOf(findCoordinator, 0, { key: 'group' }).subarray(0, -2)],
    [
      'an array of 2^31 - 1',
      new ByteWriter().int16(3).int16(1).int32(1).int16(-1).int32(0x7fffffff).finish(),
    ],
  ])('%s ends the connection, is never thrown', async (_what, frame) => {
    expect(await serve(world().engine, frame)).toEqual({ close: expect.any(String) });
  });
}

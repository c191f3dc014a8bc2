import { describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../../../shared/base/log.ts';
import { KafkaError, type KafkaErrorName } from '../../../shared/kafka/error-codes.ts';
import type { Appended, PartitionLogs } from '../../../shared/log/api.ts';
import type { RestDeps } from '../../../shared/rest/deps.ts';
import { StoreError } from '../../../shared/storage/store-error.ts';
import { v2Json } from '../../support/rest-client.ts';
import { openRestDoor, type RestDoor, testClusterId } from '../../support/rest-door.ts';

const appended: Appended = { baseOffset: 5n, logAppendTimeMs: -1n, logStartOffset: 0n };

/** A door whose log answers each partition as told; partition 0 first. */
const doorWith = (
  answers: readonly (Appended | KafkaError)[],
  more: (deps: RestDeps) => Partial<RestDeps> = () => ({}),
): Promise<RestDoor> =>
  openRestDoor({
    replace: (deps) => {
      const append: PartitionLogs['append'] = async (requests) =>
        requests.map(({ partition }) => answers[partition.partition] ?? appended);
      const logs: PartitionLogs = {
        append,
        read: (request) => deps.logs.read(request),
        readWaiting: (requests, options) => deps.logs.readWaiting(requests, options),
        offsets: (partition) => deps.logs.offsets(partition),
        offsetForTimestamp: (partition, timestamp) => deps.logs.offsetForTimestamp(partition, timestamp),
        offsetOfMaxTimestamp: (partition) => deps.logs.offsetOfMaxTimestamp(partition),
        deleteRecordsBefore: (partition, offset) => deps.logs.deleteRecordsBefore(partition, offset),
      };
      return { logs, ...more(deps) };
    },
  });

async function produce(door: RestDoor, partitions: readonly number[]): Promise<Response> {
  await door.deps.topics.create({ name: 'orders', partitions: 3 });
  const records = partitions.map((partition) => ({ partition, value: 1 }));
  return door.request('/topics/orders', {
    method: 'POST',
    headers: { 'content-type': v2Json },
    body: JSON.stringify({ records }),
  });
}

const codes = async (response: Response): Promise<(number | null)[]> =>
  ((await response.json()) as { offsets: { error_code: number | null }[] }).offsets.map(
    (offset) => offset.error_code,
  );

describe('when the log fails', () => {
  test.each<[KafkaErrorName, number, number]>([
    ['NOT_ENOUGH_REPLICAS', 429, 429],
    ['KAFKA_STORAGE_ERROR', 503, 50302],
    ['REQUEST_TIMED_OUT', 504, 504],
  ])('%s for every record fails the whole request with %i', async (name, status, code) => {
    const error = new KafkaError(name);
    const response = await produce(await doorWith([error, error]), [0, 1, 0]);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error_code: code, message: error.message });
    expect(response.headers.get('retry-after')).toBe(status === 504 ? null : '1');
  });

  test('for some records it is their own error, retriable or not', async () => {
    const door = await doorWith([
      appended,
      new KafkaError('NOT_ENOUGH_REPLICAS'),
      new KafkaError('INVALID_RECORD'),
    ]);
    const response = await produce(door, [0, 1, 2, 0]);
    expect(response.status).toBe(200);
    expect(await codes(response)).toEqual([null, 50003, 50002, null]);
  });

  test('a record that may not be stored makes the status 403, one of an unknown caller 401', async () => {
    const forbidden = new KafkaError('TOPIC_AUTHORIZATION_FAILED');
    const response = await produce(await doorWith([appended, forbidden]), [0, 1]);
    expect(response.status).toBe(403);
    expect(await codes(response)).toEqual([null, 40301]);
    const unknown = new KafkaError('SASL_AUTHENTICATION_FAILED');
    expect((await produce(await doorWith([unknown, forbidden]), [0, 1])).status).toBe(401);
  });

  test('a stream of records answers 429 and 504 in their places', async () => {
    const door = await doorWith([
      appended,
      new KafkaError('NOT_ENOUGH_REPLICAS'),
      new KafkaError('REQUEST_TIMED_OUT'),
    ]);
    await door.deps.topics.create({ name: 'orders', partitions: 3 });
    const response = await door.request(`/v3/clusters/${testClusterId}/topics/orders/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"partition_id":0}{"partition_id":1}{"partition_id":2}',
    });
    const found = [...(await response.text()).matchAll(/"error_code":(\d+)/g)].map(([, code]) =>
      Number(code),
    );
    expect(found).toEqual([200, 429, 504]);
  });
});

describe('when something else fails', () => {
  const logged: { message: string; details: unknown }[] = [];
  const log: Log = { ...silentLog, error: (message, details) => void logged.push({ message, details }) };

  test('a bug is 500, said in the log and not to the caller', async () => {
    const bug = new Error('secret detail');
    const door = await openRestDoor({
      replace: (deps) => ({
        log,
        producerIds: { next: () => Promise.reject(bug) },
        topics: Object.assign(Object.create(deps.topics), { list: () => Promise.reject(bug) }),
      }),
    });
    for (const [method, path] of [
      ['POST', '/producers'],
      ['GET', '/topics'],
    ]) {
      const response = await door.request(path as string, { method: method as string });
      expect(response.status).toBe(500);
      const text = await response.text();
      expect(JSON.parse(text).error_code).toBe(500);
      expect(text).not.toContain('secret');
    }
    expect(logged).toHaveLength(2);
    expect(logged[0]?.details).toMatchObject({ error: bug });
  });

  test('a store that throttles the catalog is 429, one that is away 503, a lost answer 504', async () => {
    for (const [kind, status] of [
      ['throttled', 429],
      ['unavailable', 503],
      ['unknown', 504],
    ] as const) {
      const failing = { next: () => Promise.reject(new StoreError(kind, 'x')) };
      const door = await openRestDoor({ replace: () => ({ producerIds: failing }) });
      expect((await door.request('/producers', { method: 'POST' })).status).toBe(status);
    }
  });
});

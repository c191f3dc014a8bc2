import { describe, expect, test } from 'vitest';
import { KafkaError, type KafkaErrorName, kafkaErrors } from '../../../shared/kafka/error-codes.ts';
import { badRequest, recordErrorCode, restErrorOf } from '../../../shared/rest/errors.ts';
import { StoreError, type StoreErrorKind } from '../../../shared/storage/store-error.ts';

const codesOf = (error: unknown, dialect: 'v2' | 'v3' = 'v2'): [number, number] | undefined => {
  const known = restErrorOf(error, dialect, 'orders');
  return known && [known.status, known.code];
};

describe('errors as the door answers them', () => {
  test.each<[KafkaErrorName, number, number]>([
    ['UNKNOWN_TOPIC_OR_PARTITION', 404, 40401],
    ['OFFSET_OUT_OF_RANGE', 400, 40002],
    ['MESSAGE_TOO_LARGE', 413, 413],
    ['INVALID_TOPIC_EXCEPTION', 422, 42206],
    ['TOPIC_ALREADY_EXISTS', 400, 40002],
    ['INVALID_CONFIG', 400, 40002],
    ['SASL_AUTHENTICATION_FAILED', 401, 40101],
    ['TOPIC_AUTHORIZATION_FAILED', 403, 40301],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 409, 40911],
    ['INVALID_PRODUCER_EPOCH', 409, 40912],
    ['DUPLICATE_SEQUENCE_NUMBER', 409, 40913],
    ['NOT_ENOUGH_REPLICAS', 429, 429],
    ['KAFKA_STORAGE_ERROR', 503, 50302],
    ['REQUEST_TIMED_OUT', 504, 504],
    ['ILLEGAL_GENERATION', 500, 50002],
    ['COORDINATOR_NOT_AVAILABLE', 503, 50302],
  ])('%s is %i %i', (name, status, code) => {
    expect(codesOf(new KafkaError(name))).toEqual([status, code]);
  });

  test('an unknown topic has a code of its own in each dialect, and is named', () => {
    const error = new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
    expect(codesOf(error, 'v3')).toEqual([404, 40403]);
    expect(restErrorOf(error, 'v3', 'orders')?.message).toContain('orders');
  });

  test.each<[StoreErrorKind, number]>([
    ['throttled', 429],
    ['conflict', 429],
    ['unavailable', 503],
    ['conditionFailed', 503],
    ['unknown', 504],
  ])('a store that is %s is %i, and says nothing of the store', (kind, status) => {
    const error = restErrorOf(new StoreError(kind, 'table secret-name'), 'v2');
    expect(error?.status).toBe(status);
    expect(error?.message).not.toContain('secret-name');
    expect(error?.headers['retry-after']).toBe(status === 504 ? undefined : '1');
  });

  test('an error of the door passes, a bug is not known', () => {
    const error = badRequest('no');
    expect(restErrorOf(error, 'v2')).toBe(error);
    expect(restErrorOf(new Error('a bug'), 'v2')).toBeUndefined();
    expect(restErrorOf(new KafkaError('UNKNOWN_SERVER_ERROR'), 'v2')).toBeUndefined();
  });

  test('every error of Kafka has a code that begins with its status', () => {
    for (const name of Object.keys(kafkaErrors) as KafkaErrorName[]) {
      const codes = codesOf(new KafkaError(name));
      if (codes) expect(String(codes[1]).startsWith(String(codes[0])), name).toBe(true);
    }
  });

  test.each<[KafkaErrorName, number]>([
    ['TOPIC_AUTHORIZATION_FAILED', 40301],
    ['SASL_AUTHENTICATION_FAILED', 40101],
    ['NOT_ENOUGH_REPLICAS', 50003],
    ['UNKNOWN_TOPIC_OR_PARTITION', 50003],
    ['MESSAGE_TOO_LARGE', 50002],
    ['INVALID_RECORD', 50002],
  ])('a record that failed with %s has the code %i', (name, code) => {
    expect(recordErrorCode(new KafkaError(name))).toBe(code);
  });
});

import { expect, test } from 'vitest';
import {
  isKafkaError,
  KafkaError,
  type KafkaErrorName,
  kafkaErrorName,
  kafkaErrors,
} from '../../../shared/kafka/error-codes.ts';

test('codes are those of Apache Kafka 4.1: -1 to 133 without a gap', () => {
  const codes = Object.values(kafkaErrors).map(({ code }) => code);
  expect(codes).toEqual(Array.from({ length: 135 }, (_, i) => i - 1));
});

test('names and codes belong together', () => {
  const known: [KafkaErrorName, number, boolean][] = [
    ['UNKNOWN_SERVER_ERROR', -1, false],
    ['OFFSET_OUT_OF_RANGE', 1, false],
    ['CORRUPT_MESSAGE', 2, true],
    ['NOT_LEADER_OR_FOLLOWER', 6, true],
    ['MESSAGE_TOO_LARGE', 10, false],
    ['INVALID_TIMESTAMP', 32, false],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45, false],
    ['KAFKA_STORAGE_ERROR', 56, true],
    ['UNSUPPORTED_COMPRESSION_TYPE', 76, false],
    ['INVALID_RECORD', 87, false],
    ['PRODUCER_FENCED', 90, false],
    ['UNKNOWN_TOPIC_ID', 100, true],
    ['TRANSACTION_ABORTABLE', 120, false],
    ['SHARE_SESSION_LIMIT_REACHED', 133, true],
  ];
  for (const [name, code, retriable] of known) {
    expect(kafkaErrors[name]).toMatchObject({ code, retriable });
    expect(kafkaErrorName(code)).toBe(name);
  }
  expect(kafkaErrorName(9999)).toBe('UNKNOWN_SERVER_ERROR');
});

test('a KafkaError carries name, code, retriability and the message given or the general one', () => {
  const general = new KafkaError('REQUEST_TIMED_OUT');
  expect(general).toMatchObject({
    errorName: 'REQUEST_TIMED_OUT',
    code: 7,
    retriable: true,
    recordErrors: [],
  });
  expect(general.message).toBe(kafkaErrors.REQUEST_TIMED_OUT.message);
  const cause = new Error('below');
  const recordErrors = [{ batchIndex: 3, message: 'no key' }];
  const special = new KafkaError('INVALID_RECORD', 'one bad record', { cause, recordErrors });
  expect(special).toMatchObject({ message: 'one bad record', cause, recordErrors });
});

test('a KafkaError is recognised by any of the names asked for', () => {
  const error = new KafkaError('INVALID_RECORD');
  expect(isKafkaError(error)).toBe(true);
  expect(isKafkaError(error, 'CORRUPT_MESSAGE', 'INVALID_RECORD')).toBe(true);
  expect(isKafkaError(error, 'CORRUPT_MESSAGE')).toBe(false);
  expect(isKafkaError(new Error('INVALID_RECORD'))).toBe(false);
});

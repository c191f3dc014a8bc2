import { describe, expect, test } from 'vitest';
import { mayPass, toStoreError } from '../../../shared/storage/aws/errors.ts';
import { StoreError, type StoreErrorKind } from '../../../shared/storage/store-error.ts';

const write = { operation: 'UpdateItem', target: 'table millrace', isWrite: true };
const read = { operation: 'GetItem', target: 'table millrace', isWrite: false };

const answered = (name: string, httpStatusCode: number, message = 'said so'): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
const socket = (code: string, syscall: string, name = 'Error'): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall, name });

describe('errors of the AWS client', () => {
  test.each<[Error, StoreErrorKind, StoreErrorKind, boolean]>([
    // error, of a write, of a read, whether a read is repeated
    [answered('ConditionalCheckFailedException', 400), 'conditionFailed', 'conditionFailed', false],
    [answered('ThrottlingException', 400), 'throttled', 'throttled', true],
    [answered('ProvisionedThroughputExceededException', 400), 'throttled', 'throttled', true],
    [answered('RequestLimitExceeded', 400), 'throttled', 'throttled', true],
    [answered('SlowDown', 503), 'throttled', 'throttled', true],
    [answered('TransactionConflictException', 400), 'conflict', 'conflict', true],
    [answered('TransactionInProgressException', 400), 'conflict', 'conflict', true],
    [answered('ResourceNotFoundException', 400), 'unavailable', 'unavailable', false],
    [answered('NoSuchBucket', 404), 'unavailable', 'unavailable', false],
    [answered('AccessDeniedException', 400), 'unavailable', 'unavailable', false],
    [answered('ExpiredTokenException', 400), 'unavailable', 'unavailable', false],
    [answered('ValidationException', 400), 'unavailable', 'unavailable', false],
    [answered('SomethingNew', 400), 'unavailable', 'unavailable', false],
    [answered('PermanentRedirect', 301), 'unavailable', 'unavailable', false],
    [answered('CredentialsProviderError', 0), 'unavailable', 'unavailable', false],
    [new Error('Region is missing'), 'unavailable', 'unavailable', false],
    [socket('ECONNREFUSED', 'connect'), 'unavailable', 'unavailable', true],
    [socket('EHOSTUNREACH', 'connect'), 'unavailable', 'unavailable', true],
    [socket('ETIMEDOUT', 'connect', 'TimeoutError'), 'unavailable', 'unavailable', true],
    [socket('ENOTFOUND', 'getaddrinfo'), 'unavailable', 'unavailable', true],
    [socket('EAI_AGAIN', 'getaddrinfo'), 'unavailable', 'unavailable', true],
    [socket('ECONNRESET', 'read', 'TimeoutError'), 'unknown', 'unavailable', true],
    [socket('EPIPE', 'write', 'TimeoutError'), 'unknown', 'unavailable', true],
    [answered('TimeoutError', 0), 'unknown', 'unavailable', true],
    [answered('InternalServerError', 500), 'unknown', 'unavailable', true],
    [answered('ServiceUnavailable', 503), 'unknown', 'unavailable', true],
    [answered('RequestTimeout', 408), 'unknown', 'unavailable', true],
    [new SyntaxError('Unexpected end of JSON input'), 'unknown', 'unavailable', true],
  ])('%s', (error, ofWrite, ofRead, isRepeated) => {
    expect(toStoreError(error, write).kind).toBe(ofWrite);
    expect(toStoreError(error, read).kind).toBe(ofRead);
    expect(mayPass(toStoreError(error, read))).toBe(isRepeated);
  });

  test('what a process throws that is no error at all is unknown to a write', () => {
    expect(toStoreError('what', write).kind).toBe('unknown');
  });

  test('a store error stays what it is', () => {
    const error = new StoreError('throttled', 'said so');
    expect(toStoreError(error, write)).toBe(error);
  });

  test.each<[Error, RegExp]>([
    [
      answered('ResourceNotFoundException', 400),
      /UpdateItem on table millrace: .*deploy it or correct the name/,
    ],
    [
      answered('AccessDeniedException', 400, 'not authorized to perform X'),
      /grant it \(not authorized to perform X\)/,
    ],
    [answered('CredentialsProviderError', 0), /no AWS credentials were found: sign in/],
    [new Error('Region is missing'), /set AWS_REGION/],
    [socket('ECONNREFUSED', 'connect'), /cannot be reached .*ECONNREFUSED.*check the region, the endpoint/],
    [
      answered('ValidationException', 400, 'Item size has exceeded the maximum allowed size'),
      /at most 409600 bytes/,
    ],
  ])('the message of %s says what to do', (error, message) => {
    expect(toStoreError(error, write).message).toMatch(message);
  });
});

describe('a cancelled transaction', () => {
  const cancelled = (...codes: string[]): StoreError =>
    toStoreError(
      Object.assign(answered('TransactionCanceledException', 400), {
        CancellationReasons: codes.map((Code) => ({ Code })),
      }),
      { operation: 'TransactWriteItems', target: 'table millrace', isWrite: true },
    );

  test.each<[string[], StoreErrorKind, number[]]>([
    [['None', 'ConditionalCheckFailed', 'None', 'ConditionalCheckFailed'], 'conditionFailed', [1, 3]],
    [['TransactionConflict', 'ConditionalCheckFailed'], 'conditionFailed', [1]],
    [['None', 'TransactionConflict'], 'conflict', []],
    [['ThrottlingError', 'TransactionConflict'], 'conflict', []],
    [['ThrottlingError', 'None'], 'throttled', []],
    [['ProvisionedThroughputExceeded'], 'throttled', []],
    [['None', 'ValidationError'], 'unavailable', []],
    [['TransactionConflict', 'ValidationError'], 'unavailable', []],
    [['ItemCollectionSizeLimitExceeded'], 'unavailable', []],
    [['SomethingNew'], 'unavailable', []],
    [[], 'unavailable', []],
  ])('%j', (codes, kind, failedActions) => {
    expect(cancelled(...codes)).toMatchObject({ kind, failedActions });
  });
});

import { describe, expect, test } from 'vitest';
import { partitionList, topicName, unescaped, whole } from '../../../cli/arguments.ts';
import { offsetAt, readStartPosition } from '../../../cli/consume/start-position.ts';
import { pathOf } from '../../../cli/door/door.ts';
import { addressOf, awsDoorOf, headersOf } from '../../../cli/door/door-address.ts';
import { failureOf, noAnswer } from '../../../cli/door/door-failure.ts';
import { UsageFailure } from '../../../cli/failure.ts';
import { readScope } from '../../../cli/groups/reset-plan.ts';
import { readTime } from '../../../cli/times.ts';

const nowMs = 1_700_000_000_000;

describe('what users write', () => {
  test('partitions are numbers, lists and ranges', () => {
    expect(partitionList('3,0-2,1')).toEqual([0, 1, 2, 3]);
    expect(partitionList('5', [7])).toEqual([5, 7]);
    for (const wrong of ['', 'a', '-1', '2-1', '0-99999999', '1,,2'])
      expect(() => partitionList(wrong), wrong).toThrow(/partition/);
  });

  test('whole numbers have bounds', () => {
    expect(whole(1, 10)('10')).toBe(10);
    for (const wrong of ['0', '11', '1.5', '1e1', ' 1', ''])
      expect(() => whole(1, 10)(wrong), wrong).toThrow(/from 1 to 10/);
  });

  test('names that an address could not say are refused', () => {
    expect(topicName('a.b_c-1')).toBe('a.b_c-1');
    for (const wrong of ['', '.', '..', 'a/b', 'ä', 'x'.repeat(250)])
      expect(() => topicName(wrong), wrong).toThrow(/no topic name/);
  });

  test('escapes stand for characters, and an unknown one for itself', () => {
    expect(unescaped('a\\tb\\n\\x1f\\\\n\\q').toString()).toBe('a\tb\n\u001f\\n\\q');
  });

  test('times are ISO 8601 in UTC, milliseconds or ages', () => {
    const at = (text: string): number => readTime('--offset', text, nowMs);
    expect(at('2026-01-31')).toBe(Date.UTC(2026, 0, 31));
    expect(at('2026-01-31T08:00')).toBe(Date.UTC(2026, 0, 31, 8));
    expect(at('2026-01-31 08:00:00.5')).toBe(Date.UTC(2026, 0, 31, 8, 0, 0, 500));
    expect(at('2026-01-31T08:00:00+02:00')).toBe(Date.UTC(2026, 0, 31, 6));
    expect(at('1700000000000')).toBe(nowMs);
    expect(at('-2h')).toBe(nowMs - 7_200_000);
    expect(at('-250ms')).toBe(nowMs - 250);
    for (const wrong of ['', 'yesterday', '2026-13-01', '-2y', '2026-01-31T25:00'])
      expect(() => at(wrong), wrong).toThrow(UsageFailure);
  });

  test('a start is a word, an offset, so many from the end, or a time', () => {
    const range = { begin: 10n, end: 100n };
    const at = (text: string): bigint => {
      const position = readStartPosition(text, nowMs);
      return position.kind === 'time' ? BigInt(position.timeMs) : offsetAt(position, range);
    };
    expect(['earliest', 'beginning', 'latest', 'end', '50', '-5', '-1000'].map(at)).toEqual([
      10n,
      10n,
      100n,
      100n,
      50n,
      95n,
      10n,
    ]);
    expect(at('@-1s')).toBe(BigInt(nowMs - 1_000));
    for (const wrong of ['', 'middle', '1.5', '9223372036854775808', '@soon'])
      expect(() => at(wrong), wrong).toThrow(UsageFailure);
  });

  test('a reset names a topic or some of its partitions', () => {
    expect(readScope('orders')).toEqual({ topic: 'orders', partitions: undefined });
    expect(readScope('orders:0,2-3')).toEqual({ topic: 'orders', partitions: [0, 2, 3] });
    for (const wrong of ['', 'orders:', 'orders:x', 'or/ders'])
      expect(() => readScope(wrong), wrong).toThrow(UsageFailure);
  });
});

describe('where the door is', () => {
  test('the option wins over the environment, and a slash at the end says nothing', () => {
    const environment = { MILLRACE_URL: 'http://broker:1/' };
    expect(addressOf({}, {}).urls.rest).toBe('http://127.0.0.1:8082');
    expect(addressOf({}, environment).urls.rest).toBe('http://broker:1');
    expect(addressOf({ url: 'https://x.example/base/' }, environment).urls.rest).toBe(
      'https://x.example/base',
    );
    for (const url of ['localhost:8082', 'ftp://x', 'http://x?y', 'http://u:p@x', 'x', ''])
      expect(() => addressOf({ url }, {}), url).toThrow(UsageFailure);
  });

  test('hosts of AWS are signed by themselves, for their own service and region', () => {
    const api = 'https://abc.execute-api.eu-central-1.amazonaws.com';
    expect(addressOf({ url: api }, {}).isSigned).toBe(true);
    expect(addressOf({ url: api, iam: false }, {}).isSigned).toBe(false);
    expect(addressOf({ url: 'https://log.example.com', iam: true }, {}).isSigned).toBe(true);
    expect(awsDoorOf('abc.execute-api.eu-central-1.amazonaws.com')).toEqual({
      service: 'execute-api',
      region: 'eu-central-1',
    });
    expect(awsDoorOf('abc.lambda-url.us-east-1.on.aws')).toEqual({ service: 'lambda', region: 'us-east-1' });
    expect(awsDoorOf('localhost')).toBeUndefined();
  });

  test('a header is a name and a value', () => {
    expect(headersOf(['X-Api-Key: a:b', 'Authorization:Bearer t'])).toEqual({
      'x-api-key': 'a:b',
      authorization: 'Bearer t',
    });
    for (const wrong of ['x', ': y', 'a b: c', 'a: b\nc: d'])
      expect(() => headersOf([wrong]), wrong).toThrow(UsageFailure);
  });

  test('names in a path are encoded', () => {
    expect(pathOf('getTopic', { topic: 'a' })).toBe('/topics/a');
    expect(pathOf('getConsumerGroup', { cluster_id: 'c', consumer_group_id: 'a/b ?' })).toContain(
      '/a%2Fb%20%3F',
    );
  });
});

describe('failures say what to do', () => {
  const url = 'http://127.0.0.1:8082';

  test('no answer, by its cause', () => {
    const refused = noAnswer(url, new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }));
    expect(refused.message).toContain('Nothing listens on http://127.0.0.1:8082');
    expect(refused.next).toContain('millrace serve');
    expect(refused.isPassing).toBe(true);
    const both = new TypeError('failed', { cause: new AggregateError([coded('ECONNREFUSED')]) });
    expect(noAnswer(url, both).message).toContain('Nothing listens');
    expect(noAnswer(url, new TypeError('failed', { cause: coded('ENOTFOUND') })).isPassing).toBe(false);
    expect(noAnswer(url, new DOMException('slow', 'TimeoutError')).next).toContain('--timeout');
  });

  test('an error of the door keeps its words, and gets what to do next', () => {
    const missing = failureOf(url, 404, '{"error_code":40401,"message":"Topic x not found."}', false);
    expect(missing).toMatchObject({
      message: 'Topic x not found.',
      status: 404,
      code: 40401,
      isPassing: false,
    });
    expect(missing.next).toContain('topics list');
    for (const status of [429, 500, 503, 504])
      expect(failureOf(url, status, `{"error_code":${status},"message":"m"}`, false).isPassing).toBe(true);
  });

  test('who has no right is told what is missing: a signature or a grant', () => {
    expect(failureOf(url, 403, '{"message":"Forbidden"}', false).next).toContain('--iam');
    expect(failureOf(url, 403, '{"message":"Forbidden"}', true).next).toContain('grantProduce');
  });

  test('a page of something else is not taken for an answer', () => {
    const strange = failureOf(url, 404, '<html>\n<b>nginx</b></html>', false);
    expect(strange.message).toContain('answered 404');
    expect(strange.next).toContain('Is this the address');
  });
});

const coded = (code: string): Error => Object.assign(new Error(code), { code });

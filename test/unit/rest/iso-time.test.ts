import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIsoTime, parseIsoTime } from '../../../shared/rest/iso-time.ts';

const any = { needsZone: false };

describe('times in ISO 8601', () => {
  test('what is written is read again', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (date) => {
          const timeMs = BigInt(date.getTime());
          expect(parseIsoTime(formatIsoTime(timeMs) ?? '', { needsZone: true })).toBe(timeMs);
        },
      ),
    );
  });

  test.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00.001Z', 1n],
    ['1970-01-01T00:00:00.0019999Z', 1n],
    ['1970-01-01T00:00:00,5Z', 500n],
    ['1970-01-01t00:01z', 60_000n],
    ['1970-01-01T01:00:00+01:00', 0n],
    ['1970-01-01T01:30:00+0130', 0n],
    ['1969-12-31T22:00:00-02', 0n],
    ['1970-01-02', 86_400_000n],
    ['1970-01-01T00:00:01', 1000n],
    ['2000-02-29T00:00:00Z', 951_782_400_000n],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000n],
  ])('%s is %s', (text, timeMs) => {
    expect(parseIsoTime(text, any)).toBe(timeMs);
  });

  test.each([
    '',
    'now',
    '2001-02-29',
    '2001-13-01',
    '2001-00-01',
    '2001-01-32',
    '2001-1-1',
    '01-01-2001',
    '2001-01-01T',
    '2001-01-01T24:00Z',
    '2001-01-01T00:60Z',
    '2001-01-01T00:00:61Z',
    '2001-01-01T00:00:00+19:00',
    '2001-01-01T00:00:00.Z',
    '2001-01-01Z',
    '12345',
    '2001-01-01T00:00:00 Z',
  ])('%j is none', (text) => {
    expect(parseIsoTime(text, any)).toBeUndefined();
  });

  test('a zone can be demanded', () => {
    expect(parseIsoTime('1970-01-01T00:00:00', { needsZone: true })).toBeUndefined();
    expect(parseIsoTime('1970-01-01', { needsZone: true })).toBeUndefined();
  });

  test('a time that no date can say is not written', () => {
    expect(formatIsoTime(2n ** 63n - 1n)).toBeUndefined();
    expect(formatIsoTime(-(2n ** 63n))).toBeUndefined();
  });
});

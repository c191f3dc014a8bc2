import { describe, expect, test } from 'vitest';
import { Placeholders } from '../../../shared/storage/aws/expressions.ts';
import { type KeyRange, keyConditionText, keyRangeOf } from '../../../shared/storage/aws/key-range.ts';
import type { Query } from '../../../shared/storage/metadata-store.ts';

describe('key ranges', () => {
  const bounds = { from: 'd', through: 'm' };

  test.each<[string, Omit<Query, 'pk'>, KeyRange | undefined]>([
    ['no bounds', {}, {}],
    ['both bounds', bounds, bounds],
    ['reversed bounds', { from: 'm', through: 'd' }, undefined],
    ['one key', { from: 'd', through: 'd' }, { from: 'd', through: 'd' }],
    ['an empty lower bound', { from: '', through: 'm' }, { through: 'm' }],
    ['an empty upper bound', { through: '' }, undefined],
    ['up, on from inside', { ...bounds, startAfter: 'f' }, { ...bounds, startAfter: 'f' }],
    ['up, on from the lower bound', { ...bounds, startAfter: 'd' }, { ...bounds, startAfter: 'd' }],
    ['up, on from below', { ...bounds, startAfter: 'a' }, bounds],
    ['up, on from the upper bound', { ...bounds, startAfter: 'm' }, undefined],
    ['up, on from above', { ...bounds, startAfter: 'x' }, undefined],
    ['up, on from nothing', { startAfter: '' }, {}],
    [
      'down, on from inside',
      { ...bounds, startAfter: 'f', descending: true },
      { ...bounds, startAfter: 'f' },
    ],
    [
      'down, on from the upper bound',
      { ...bounds, startAfter: 'm', descending: true },
      { ...bounds, startAfter: 'm' },
    ],
    ['down, on from above', { ...bounds, startAfter: 'x', descending: true }, bounds],
    ['down, on from the lower bound', { ...bounds, startAfter: 'd', descending: true }, undefined],
    ['down, on from below', { ...bounds, startAfter: 'a', descending: true }, undefined],
    ['down, on from nothing', { startAfter: '', descending: true }, undefined],
    [
      'bounds in the order of UTF-8, not of UTF-16',
      { from: '\uffff', through: '\u{10000}' },
      { from: '\uffff', through: '\u{10000}' },
    ],
  ])('%s', (_, query, range) => {
    expect(keyRangeOf({ pk: 'p', ...query })).toEqual(range);
  });

  test.each<[KeyRange, string]>([
    [{}, '#n0 = :v0'],
    [{ from: 'a' }, '#n0 = :v0 AND #n1 >= :v1'],
    [{ through: 'z' }, '#n0 = :v0 AND #n1 <= :v1'],
    [{ from: 'a', through: 'z' }, '#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2'],
    [{ from: 'a', through: 'a' }, '#n0 = :v0 AND #n1 BETWEEN :v1 AND :v1'],
  ])('the key condition of %j', (range, text) => {
    expect(keyConditionText('p', range, new Placeholders())).toBe(text);
  });
});

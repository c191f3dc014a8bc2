import { describe, expect, test } from 'vitest';
import { advertisedApis } from '../../shared/protocol/api-versions.ts';
import { apiByKey, apis } from '../../shared/protocol/messages/index.ts';

const rangeOf = (key: number): (number | undefined)[] => {
  const api = advertisedApis().find(({ apiKey }) => apiKey === key);
  return [api?.minVersion, api?.maxVersion];
};

describe('what is advertised', () => {
  test('every API once, in the order of keys', () => {
    const keys = advertisedApis().map(({ apiKey }) => apiKey);
    expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
    expect(keys).toEqual([...apiByKey.keys()]);
    expect(keys.length).toBe(apis.length);
  });

  test('Produce and SaslHandshake from version 0 on, though it is not served', () => {
    expect(rangeOf(0)).toEqual([0, 11]);
    expect(rangeOf(17)).toEqual([0, 1]);
  });

  test('the single versions by which librdkafka up to 2.11 tells features are inside', () => {
    const asked = [
      [0, 3],
      [0, 7],
      [1, 4],
      [1, 10],
      [2, 1],
      [8, 2],
      [9, 1],
      [10, 0],
      [11, 0],
      [12, 0],
      [13, 0],
      [14, 0],
      [22, 0],
      [23, 2],
    ];
    for (const [key = 0, version = 0] of asked) {
      const [min = 99, max = 0] = rangeOf(key);
      expect(min <= version && version <= max, `${key} v${version}`).toBe(true);
    }
  });

  test('nothing that would start transactions of the second version or metrics pushed by clients', () => {
    expect([rangeOf(0)[1], rangeOf(26)[1], rangeOf(28)[1], rangeOf(24)[1]]).toEqual([11, 4, 4, 3]);
    for (const key of [71, 72, 27, 55, 57, 45, 76]) expect(rangeOf(key)).toEqual([undefined, undefined]);
  });

  test('only what a broker serves, where it says so', () => {
    expect(advertisedApis((name) => name === 'Fetch')).toEqual([
      { apiKey: 1, minVersion: 4, maxVersion: 17 },
    ]);
  });
});

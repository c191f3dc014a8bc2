import { describe, expect, test } from 'vitest';
import { reachesPageBoundary, wholePageLength } from '../../../shared/log/page-out.ts';

const limits = { pageEntries: 4, pageBytes: 100 };
const entries = (...sizes: number[]): Uint8Array[] => sizes.map((size) => new Uint8Array(size));

describe('pages', () => {
  test.each<[number[], number]>([
    [[], 0],
    [[10, 10, 10], 0],
    [[10, 10, 10, 10], 4],
    [[10, 10, 10, 10, 10], 4],
    [[60, 40, 10], 2],
    [[150], 1],
    [[99], 0],
  ])('the next page of entries of %j bytes takes %i', (sizes, length) => {
    expect(wholePageLength(limits, entries(...sizes))).toBe(length);
  });

  test('only the update that makes a page whole pages out', () => {
    expect(reachesPageBoundary(limits, entries(10, 10, 10), 1)).toBe(false);
    expect(reachesPageBoundary(limits, entries(10, 10, 10, 10), 1)).toBe(true);
    expect(reachesPageBoundary(limits, entries(10, 10, 10, 10, 10), 1)).toBe(false);
    expect(reachesPageBoundary(limits, entries(10, 10, 10, 10, 10), 2)).toBe(true);
    expect(reachesPageBoundary(limits, entries(100), 1)).toBe(true);
    expect(reachesPageBoundary(limits, entries(10, 10), 2)).toBe(false);
  });
});

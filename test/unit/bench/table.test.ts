import { expect, test } from 'vitest';
import { comparisonTable, median, rowsOf } from '../../../bench/against-kafka/table.ts';

const comparison = {
  load: 'some',
  what: 'some load',
  servers: [
    { server: 'ours', runs: [{ 'MB/s': 10 }, { 'MB/s': 30 }, { 'MB/s': 20 }] },
    { server: 'kafka', runs: [{ 'MB/s': 20 }, { 'MB/s': 10 }, { 'MB/s': 20 }] },
    { server: 'kafka-synced', runs: [{ 'MB/s': 5 }], error: 'it died' },
  ],
};

test('a ratio is taken turn by turn, not between medians', () => {
  const [row] = rowsOf([comparison]);
  expect(row?.medians).toEqual({ ours: 20, kafka: 20, 'kafka-synced': 5 });
  expect(row?.ratios).toEqual({
    kafka: { median: 1, least: 0.5, most: 3 },
    'kafka-synced': { median: 2, least: 2, most: 2 },
  });
});

test('a server that never answered leaves its cells empty', () => {
  const dead = { ...comparison, servers: [comparison.servers[0], { server: 'kafka', runs: [] }] };
  const lines = comparisonTable(rowsOf([dead as typeof comparison])).split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatch(/^\| some load\s+\| MB\/s\s+\| 20\.0\s+\|/);
});

test('the median of an even number is between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
});

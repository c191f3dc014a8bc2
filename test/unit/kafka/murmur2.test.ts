import { describe, expect, test } from 'vitest';
import { utf8Encode } from '../../../shared/base/bytes.ts';
import { murmur2, partitionForKey } from '../../../shared/kafka/murmur2.ts';

// Computed with org.apache.kafka.common.utils.Utils of kafka-clients 4.1.1: key, hash, partition of seven.
const fromJava: [string, number, number][] = [
  ['', 275646681, 2],
  ['a', -1563381124, 5],
  ['ab', 316155434, 0],
  ['abc', 479470107, 4],
  ['abcd', -1323649548, 5],
  ['21', -973932308, 3],
  ['foobar', -790332482, 0],
  ['a-little-bit-long-string', -985981536, 1],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971, 3],
  ['grüße, 世界', -1008847008, 1],
];

describe('keys go to the partitions the Java client chooses', () => {
  test.each(fromJava)('%j', (key, hash, partition) => {
    expect(murmur2(utf8Encode(key))).toBe(hash);
    expect(partitionForKey(utf8Encode(key), 7)).toBe(partition);
  });

  test('bytes above 127 count as unsigned', () => {
    expect(murmur2(new Uint8Array([0x80, 0xff, 0x7f, 1, 0xfe]))).toBe(-1588761525);
  });

  test('every length from 0 to 64', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i * 37 + 11);
    let sum = 0;
    for (let length = 0; length <= 64; length++)
      sum = (Math.imul(sum, 31) + murmur2(bytes.subarray(0, length))) | 0;
    expect(sum).toBe(-501316425);
  });
});

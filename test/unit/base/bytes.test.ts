import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter, joinBytes, MalformedBytes } from '../../../shared/base/bytes.ts';

describe('bytes', () => {
  test('parts that lie one behind the other are joined without a copy, others with one', () => {
    const all = Uint8Array.from({ length: 10 }, (_, place) => place);
    const parts = [all.subarray(2, 5), all.subarray(5, 5), all.subarray(5, 9)];
    const joined = joinBytes(parts);
    expect([...joined]).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(joined.buffer).toBe(all.buffer);
    const apart = joinBytes([all.subarray(2, 5), all.subarray(6, 9)]);
    expect([...apart]).toEqual([2, 3, 4, 6, 7, 8]);
    expect([...joinBytes([all.subarray(2, 5), Uint8Array.of(5)])]).toEqual([2, 3, 4, 5]);
    expect([...joinBytes([])]).toEqual([]);
  });

  test('what a writer of any capacity wrote, a reader reads', () => {
    const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
    const values = fc.record({
      capacity: fc.integer({ min: 1, max: 40 }),
      a: int(8),
      b: int(16),
      c: int(32),
      d: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
      e: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      raw: fc.uint8Array({ maxLength: 100 }),
    });
    fc.assert(
      fc.property(values, ({ capacity, a, b, c, d, e, raw }) => {
        const writer = new ByteWriter(capacity).int8(a).int16(b).int32(c).int64(d).uint32(e);
        writer.varint(c).varlong(d).uvarint(e).uvarint(raw.length).raw(raw);
        const reader = new ByteReader(writer.finish());
        expect([reader.int8(), reader.int16(), reader.int32(), reader.int64(), reader.uint32()]).toEqual([
          a,
          b,
          c,
          d,
          e,
        ]);
        expect([reader.varint(), reader.varlong(), reader.uvarint()]).toEqual([c, d, e]);
        expect(reader.raw(reader.uvarint())).toEqual(raw);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test('a read past the end, a negative length and an endless varint are refused', () => {
    expect(() => new ByteReader(new Uint8Array(3)).int32()).toThrow(MalformedBytes);
    expect(() => new ByteReader(new Uint8Array(3)).raw(-1)).toThrow(MalformedBytes);
    expect(() => new ByteReader(new Uint8Array(9).fill(0xff)).uvarint()).toThrow(MalformedBytes);
    expect(() => new ByteReader(new Uint8Array(12).fill(0xff)).uvarlong()).toThrow(MalformedBytes);
  });

  test('text of any length and script is read, and what is not UTF-8 is replaced', () => {
    for (const text of [
      '',
      'orders',
      'é',
      'x'.repeat(24),
      'x'.repeat(25),
      `${'x'.repeat(23)}é`,
      '🚋'.repeat(9),
    ]) {
      const bytes = Buffer.from(`<${text}>`);
      const reader = new ByteReader(new Uint8Array(bytes)); // no Buffer
      reader.position = 1;
      expect(reader.text(bytes.length - 2)).toBe(text);
      expect(reader.remaining).toBe(1);
    }
    expect(new ByteReader(Buffer.from([0x61, 0xff, 0x62])).text(3)).toBe('a\ufffdb');
    expect(() => new ByteReader(new Uint8Array(3)).text(4)).toThrow(MalformedBytes);
    expect(() => new ByteReader(new Uint8Array(3)).text(-1)).toThrow(MalformedBytes);
  });

  test('a count of elements is taken only if they fit, and all counts together only up to the limit', () => {
    const reader = new ByteReader(new Uint8Array(100), 30);
    expect(() => reader.elements(26, 4)).toThrow(/26 elements in 100 bytes/);
    expect(() => reader.elements(-2, 4)).toThrow(MalformedBytes);
    expect(() => reader.elements(2 ** 31 - 1, 2 ** 31)).toThrow(MalformedBytes);
    expect([reader.elements(25, 4), reader.elements(5, 1)]).toEqual([25, 5]);
    expect(() => reader.elements(1, 1)).toThrow(/1 elements where at most 0 more are taken/);
  });
});

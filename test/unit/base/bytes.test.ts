import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter, MalformedBytes } from '../../../shared/base/bytes.ts';

describe('bytes', () => {
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
});

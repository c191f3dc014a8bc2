import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedBytes } from '../../../shared/base/bytes.ts';
import { decodeItem, encodeItem } from '../../../shared/storage/embedded/item-codec.ts';
import type { Item } from '../../../shared/storage/item.ts';

const digits38 = 10n ** 38n - 1n;
const attribute = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.bigInt({ min: -digits38, max: digits38 }),
    fc.bigInt({ min: -300n, max: 300n }),
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
    fc.uint8Array(),
    fc.array(fc.uint8Array()),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      tie('value'),
    ),
  ),
})).value;
const item = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__'),
  attribute,
) as fc.Arbitrary<Item>;

describe('items as bytes', () => {
  test('every item comes back', () => {
    fc.assert(
      fc.property(item, (before) => {
        expect(decodeItem(encodeItem(before))).toEqual(before);
      }),
    );
  });

  test('an item cut short is refused', () => {
    fc.assert(
      fc.property(item, fc.nat(), (before, cut) => {
        const bytes = encodeItem(before);
        expect(() => decodeItem(bytes.subarray(0, cut % bytes.length))).toThrow(MalformedBytes);
      }),
    );
  });

  test('any bytes are an item or are refused as malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeItem(Uint8Array.from([1, ...bytes]));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes);
        }
      }),
    );
  });

  test('another format is refused by its number', () => {
    expect(() => decodeItem(Uint8Array.of(2, 0))).toThrow('format 2');
  });

  test('what cannot be stored is refused', () => {
    expect(() => encodeItem({ n: digits38 + 1n })).toThrow('38 digits');
    expect(() => encodeItem({ n: 1.5 as unknown as bigint })).toThrow('a number cannot be stored');
    expect(() => encodeItem({ m: { n: undefined as unknown as bigint } })).toThrow('undefined');
    expect(() => encodeItem(JSON.parse('{"__proto__": {}}'))).toThrow('__proto__');
  });

  test('a tail of 48 entries of 48 bytes takes little more than its bytes', () => {
    const tail = Array.from({ length: 48 }, () => new Uint8Array(48));
    expect(encodeItem({ tail }).length).toBeLessThan(48 * 49 + 12);
  });
});

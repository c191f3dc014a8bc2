import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareUtf8, firstAtLeast } from '../../../shared/storage/utf8-order.ts';

const text = fc.string({ unit: 'grapheme' });
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('texts are ordered as their bytes are', () => {
  fc.assert(fc.property(text, text, (a, b) => Math.sign(compareUtf8(a, b)) === byBytes(a, b)));
  expect(compareUtf8('～', '😀')).toBeLessThan(0);
  expect('～' < '😀').toBe(false);
});

test('the first key that is not below another is found', () => {
  fc.assert(
    fc.property(fc.array(text), text, (texts, key) => {
      const keys = texts.toSorted(byBytes);
      const expected = keys.findIndex((other) => byBytes(other, key) >= 0);
      return firstAtLeast(keys, key) === (expected === -1 ? keys.length : expected);
    }),
  );
});

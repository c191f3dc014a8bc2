import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toAttributeValue, toItem, toItemValues } from '../../../shared/storage/aws/attribute-values.ts';
import type { Attribute } from '../../../shared/storage/item.ts';

const key = { pk: 'p', sk: 's' };
const throughTheWire = (value: Attribute) => toItem(toItemValues(key, { value })).value;

describe('attribute values', () => {
  test('every attribute comes back as it was sent', () => {
    const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
    const limit = 10n ** 38n - 1n;
    const { attribute } = fc.letrec<{ attribute: Attribute }>((tie) => ({
      attribute: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.bigInt({ min: -limit, max: limit }),
        fc.boolean(),
        fc.uint8Array(),
        fc.array(tie('attribute')),
        fc.dictionary(name, tie('attribute'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(attribute, (value) => {
        expect(throughTheWire(value)).toEqual(value);
      }),
    );
  });

  test('the whole int64 range keeps every digit', () => {
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n])
      expect(throughTheWire(value)).toBe(value);
  });

  test('numbers in the notation with an exponent are read', () => {
    const read = (N: string) => toItem({ n: { N } }).n;
    expect(read('1E+37')).toBe(10n ** 37n);
    expect(read('-1.25e2')).toBe(-125n);
    expect(read('0')).toBe(0n);
  });

  test.each(['1.5', '1e-3', '1.25E1', 'NaN', '', '1e99'])(
    'a number %j that is no integer is refused',
    (N) => {
      expect(() => toItem({ n: { N } })).toThrow('was not written by Millrace');
    },
  );

  test('a type that the port does not have is refused by name', () => {
    expect(() => toItem({ set: { SS: ['a'] } })).toThrow('type SS');
    expect(() => toItem({ nothing: { NULL: true } })).toThrow('type NULL');
  });

  test.each([
    ['a number of 39 digits', 10n ** 38n, '38 digits'],
    ['a float', 1.5 as unknown as Attribute, 'a number cannot be stored'],
    ['undefined', undefined as unknown as Attribute, 'a undefined cannot be stored'],
    ['a member named __proto__', JSON.parse('{"__proto__":"x"}') as Attribute, '__proto__'],
  ])('%s is refused', (_, value, message) => {
    expect(() => toAttributeValue(value)).toThrow(message);
  });

  test('the key is not part of the item, and an attribute cannot take its name', () => {
    expect(toItemValues(key, { a: 'x' })).toEqual({ pk: { S: 'p' }, sk: { S: 's' }, a: { S: 'x' } });
    expect(toItem({ pk: { S: 'p' }, sk: { S: 's' }, a: { S: 'x' } })).toEqual({ a: 'x' });
    expect(() => toItemValues(key, { pk: 'other' })).toThrow('may not be named pk');
  });
});

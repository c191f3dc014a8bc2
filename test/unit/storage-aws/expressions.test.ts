import { describe, expect, test } from 'vitest';
import {
  conditionText,
  guardsOf,
  Placeholders,
  simplify,
  updateText,
} from '../../../shared/storage/aws/expressions.ts';
import {
  absent,
  add,
  all,
  any,
  append,
  attribute,
  type Change,
  type Condition,
  dropFirst,
  equals,
  exists,
  isAbove,
  isAtLeast,
  isAtMost,
  isBelow,
  set,
  setFrom,
  sizeOf,
  unset,
} from '../../../shared/storage/metadata-store.ts';

function condition(of: Condition): unknown {
  const simplified = simplify(of);
  if (typeof simplified === 'boolean') return simplified;
  const placeholders = new Placeholders();
  const text = conditionText(simplified, placeholders);
  const { ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = placeholders.parameters();
  return [text, Object.values(ExpressionAttributeNames), Object.values(ExpressionAttributeValues)];
}

describe('condition expressions', () => {
  const a = exists(['a']);
  const b = exists(['b']);
  const c = absent(['c']);
  const isA = 'attribute_exists(#n0)';
  const isB = 'attribute_exists(#n1)';
  const isC = 'attribute_not_exists(#n2)';

  test.each<[string, Condition, string, string[], object[]]>([
    ['exists', exists(['a']), 'attribute_exists(#n0)', ['a'], []],
    ['exists in a map', exists(['m', '5.x']), 'attribute_exists(#n0.#n1)', ['m', '5.x'], []],
    ['absent', absent(['a']), 'attribute_not_exists(#n0)', ['a'], []],
    ['=', equals(['a'], 1n), '#n0 = :v0', ['a'], [{ N: '1' }]],
    ['<', isBelow(['a'], 's'), '#n0 < :v0', ['a'], [{ S: 's' }]],
    ['<=', isAtMost(['a'], 1n), '#n0 <= :v0', ['a'], [{ N: '1' }]],
    ['>', isAbove(['a'], 1n), '#n0 > :v0', ['a'], [{ N: '1' }]],
    ['>=', isAtLeast(['a'], 1n), '#n0 >= :v0', ['a'], [{ N: '1' }]],
    ['two attributes', isBelow(['a'], attribute(['m', 'x'])), '#n0 < #n1.#n2', ['a', 'm', 'x'], []],
    ['a size', isBelow(sizeOf(['l']), 48n), 'size(#n0) < :v0', ['l'], [{ N: '48' }]],
    ['a size and an attribute', equals(sizeOf(['l']), attribute(['n'])), 'size(#n0) = #n1', ['l', 'n'], []],
    ['an equal map', equals(['m'], { x: 1n }), '#n0 = :v0', ['m'], [{ M: { x: { N: '1' } } }]],
    ['one name twice', all(exists(['a', 'a'])), 'attribute_exists(#n0.#n0)', ['a'], []],
    [
      'one value twice',
      all(isBelow(['a'], 1n), isBelow(['b'], 1n), isBelow(['c'], '1')),
      '#n0 < :v0 AND #n1 < :v0 AND #n2 < :v1',
      ['a', 'b', 'c'],
      [{ N: '1' }, { S: '1' }],
    ],
  ])('%s', (_, of, text, names, values) => {
    expect(condition(of)).toEqual([text, names, values]);
  });

  test.each<[string, Condition, string]>([
    ['all', all(a, b), `${isA} AND ${isB}`],
    ['any', any(a, b), `${isA} OR ${isB}`],
    ['any in all, which needs parentheses', all(any(a, b), c), `(${isA} OR ${isB}) AND ${isC}`],
    ['all in any, which needs none', any(all(a, b), c), `${isA} AND ${isB} OR ${isC}`],
    ['all in all', all(a, all(b, all(c))), `${isA} AND ${isB} AND ${isC}`],
    ['any in any', any(any(a, b), any(c)), `${isA} OR ${isB} OR ${isC}`],
    ['one alone in any in all', all(any(a), any(b)), `${isA} AND ${isB}`],
    ['what is always true', all(a, all(), any(all(), b)), isA],
    ['what is never true', any(a, any(), all(any(), b)), isA],
  ])('joined: %s', (_, of, text) => {
    expect(condition(of)).toEqual([text, expect.any(Array), []]);
  });

  test.each<[string, Condition, boolean]>([
    ['nothing to fulfil', all(), true],
    ['no way to fulfil it', any(), false],
    ['a false part', all(a, any()), false],
    ['a true part', any(a, all()), true],
    ['two literals, equal', equals({ value: 1n }, 1n), true],
    ['two literals, in order', isBelow({ value: 2n }, 1n), false],
    ['the order of a boolean', isBelow(['a'], true), false],
    ['the order of a map', isAtLeast(['a'], { x: 1n }), false],
    ['the order of a list', isAbove(['a'], [1n]), false],
    ['a size that is a text', equals(sizeOf(['a']), '3'), false],
  ])('decided without the item: %s', (_, of, is) => {
    expect(condition(of)).toBe(is);
  });

  test('a comparison with itself, which DynamoDB refuses, is refused by name', () => {
    expect(() => condition(equals(['m', 'x'], attribute(['m', 'x'])))).toThrow('with itself');
    expect(() => condition(equals(sizeOf(['m']), sizeOf(['m'])))).toThrow('with itself');
    expect(condition(equals(sizeOf(['m']), attribute(['m'])))).toEqual(['size(#n0) = #n0', ['m'], []]);
  });

  test('the key has no place in a condition', () => {
    expect(() => condition(absent(['pk']))).toThrow('part of the key');
    expect(() => condition(exists(['sk']))).toThrow('part of the key');
  });
});

describe('update expressions', () => {
  function update(...changes: Change[]): unknown {
    const placeholders = new Placeholders();
    const text = updateText(changes, placeholders);
    const { ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = placeholders.parameters();
    return [text, Object.values(ExpressionAttributeNames), Object.values(ExpressionAttributeValues)];
  }
  const bytes = new Uint8Array([1, 2]);

  test.each<[string, Change, string, string[], object[]]>([
    ['set', set(['a'], 'x'), 'SET #n0 = :v0', ['a'], [{ S: 'x' }]],
    ['set in a map', set(['m', '7'], 1n), 'SET #n0.#n1 = :v0', ['m', '7'], [{ N: '1' }]],
    ['set from', setFrom(['m', '7'], ['next']), 'SET #n0.#n1 = #n2', ['m', '7', 'next'], []],
    ['add', add(['a'], -3n), 'SET #n0 = #n0 + :v0', ['a'], [{ N: '-3' }]],
    ['append', append(['l'], [bytes]), 'SET #n0 = list_append(#n0, :v0)', ['l'], [{ L: [{ B: bytes }] }]],
    ['drop first', dropFirst(['l'], 3), 'REMOVE #n0[2], #n0[1], #n0[0]', ['l'], []],
    ['drop none', dropFirst(['l'], 0), '', [], []],
    ['remove', unset(['a']), 'REMOVE #n0', ['a'], []],
    ['remove from a map', unset(['m', '7']), 'REMOVE #n0.#n1', ['m', '7'], []],
  ])('%s', (_, change, text, names, values) => {
    expect(update(change)).toEqual([text, names, values]);
  });

  test('a page-out: one SET and one REMOVE, in whatever order the changes come', () => {
    expect(
      update(dropFirst(['tail'], 2), set(['paged'], 16n), unset(['x']), add(['tailBytes'], -96n)),
    ).toEqual([
      'SET #n0 = :v0, #n1 = #n1 + :v1 REMOVE #n2[1], #n2[0], #n3',
      ['paged', 'tailBytes', 'tail', 'x'],
      [{ N: '16' }, { N: '-96' }],
    ]);
  });

  test('no change is no text', () => {
    expect(update()).toEqual(['', [], []]);
  });

  test('two changes of one path are refused', () => {
    expect(() => update(append(['tail'], [1n]), dropFirst(['tail'], 1))).toThrow('touch tail and tail');
    expect(() => update(set(['m'], {}), unset(['m', 'x']))).toThrow('touch m and m.x');
  });

  test('a drop carries the condition that there is enough to drop', () => {
    expect(guardsOf([set(['a'], 1n), dropFirst(['l'], 3)])).toEqual([isAtLeast(sizeOf(['l']), 3n)]);
  });
});

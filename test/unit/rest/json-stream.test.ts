import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSplitter } from '../../../shared/rest/json-stream.ts';

const split = (pieces: readonly string[]): string[] => {
  const splitter = new JsonSplitter();
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.finish()];
};

/** The text in pieces that end at the given places. */
const cut = (text: string, places: readonly number[]): string[] => {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...ends, text.length].map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end));
};

describe('JsonSplitter', () => {
  test('finds the same values however the text is cut', () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 8 });
    const separators = fc.constantFrom('', ' ', '\r\n');
    fc.assert(
      fc.property(objects, separators, fc.array(fc.nat(), { maxLength: 8 }), (values, separator, places) => {
        const texts = values.map((value) => JSON.stringify(value));
        expect(split(cut(texts.join(separator), places))).toEqual(texts);
      }),
    );
  });

  test.each([
    ['1 2', ['1', '2']],
    ['1{}2[]"a"true', ['1', '{}', '2', '[]', '"a"', 'true']],
    ['nope{}', ['nope', '{}']],
    ['{},{}', ['{}', ',', '{}']],
    ['"a\\"b""c"', ['"a\\"b"', '"c"']],
    ['{"a":"}{"}{', ['{"a":"}{"}', '{']],
    [']]{}', [']]', '{}']],
    ['[}', ['[}']],
    [' \n', []],
    ['', []],
  ])('splits %j', (text, values) => {
    expect(split([text])).toEqual(values);
    expect(split([...text])).toEqual(values);
  });

  test('says how much of an unfinished value it holds', () => {
    const splitter = new JsonSplitter();
    expect(splitter.push('{} {"a":')).toEqual(['{}']);
    expect(splitter.pendingLength).toBe(5);
    expect(splitter.push('1}')).toEqual(['{"a":1}']);
    expect(splitter.pendingLength).toBe(0);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSyntaxError, parseJson } from '../../../shared/rest/json-text.ts';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const isRead = (text: string): boolean => {
  try {
    parseJson(text);
    return true;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false;
    throw error;
  }
};

/** JSON with white space where it may be. */
const spaced = (value: unknown): string => JSON.stringify(value, null, '\t').replaceAll('\n', ' \r\n');

describe('parseJson', () => {
  test('reads what JSON.parse reads, and writes it as short', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const node = parseJson(` ${spaced(value)} `);
        expect(node.plain()).toEqual(JSON.parse(spaced(value)));
        expect(node.compact()).toBe(JSON.stringify(value));
      }),
    );
  });

  test('refuses exactly what JSON.parse refuses', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '0',
      '.',
      'e5',
      'true',
      'nul',
      '\\',
      ' ',
      '\n',
      '\u0001',
      '\\u00',
    ];
    const texts = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join('')),
      fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...pieces)).map(([json, at, piece]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + piece + json.slice(place + 1);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(isRead(text), text).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    '01',
    '+1',
    '.5',
    '1.',
    '1e',
    '0x1',
    'NaN',
    'Infinity',
    "'a'",
    '"\\x"',
    '"\\u12g4"',
    '"a\nb"',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '{"a" 1}',
    '',
    ' ',
    '[',
    '{"a"',
    '"a',
    '1 2',
    '\ufeff1',
    '\u00a01',
    '//x\n1',
    'True',
  ])('refuses %j', (text) => {
    expect(isRead(text)).toBe(false);
  });

  test('keeps repeated members and names of every object', () => {
    const node = parseJson('{"a":1,"__proto__":2,"a":{"constructor":3}}');
    expect([...node.members()].map(([name, value]) => [name, value.raw])).toEqual([
      ['a', '1'],
      ['__proto__', '2'],
      ['a', '{"constructor":3}'],
    ]);
    expect(node.memberMap().get('a')?.raw).toBe('{"constructor":3}');
    expect(Object.keys(node.plain() as object)).toEqual(['a', '__proto__']);
  });

  test('a number that a double would change stays text in plain values', () => {
    expect(parseJson('[1,1.5,1.0,9007199254740993,1e400,-0]').plain()).toEqual([
      1,
      1.5,
      '1.0',
      '9007199254740993',
      '1e400',
      '-0',
    ]);
  });

  test('strings are spelled in one way', () => {
    expect(parseJson('"\\u0061\\/\\u00e9\\n\\u0000\\ud83d\\ude00\\ud800 x"').compact()).toBe(
      '"a/é\\n\\u0000😀\\ud800 x"',
    );
  });

  test('depth is bounded by a number, not by the call stack', () => {
    const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;
    expect(parseJson(nested(1000)).compact()).toBe(nested(1000));
    expect(() => parseJson(nested(1002))).toThrow(/1000 levels/);
    expect(() => parseJson('['.repeat(5_000_000))).toThrow(JsonSyntaxError);
    expect(parseJson(nested(100_000), 100_000).kind).toBe('array');
  });

  test('a long string of escapes or digits is read in time', () => {
    expect(parseJson(`"${'\\u0041'.repeat(300_000)}"`).compact()).toHaveLength(300_002);
    expect(parseJson('1'.repeat(2_000_000)).raw).toHaveLength(2_000_000);
  });
});

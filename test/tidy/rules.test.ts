import { describe, expect, test } from 'vitest';
import { report, violationsOf } from './rules.ts';

const messagesOf = (text: string, path = 'shared/log/made-up.ts'): string[] =>
  violationsOf({ path, text }).map(({ line, message }) => `${line}: ${message}`);

const lines = (count: number): string => '\n'.repeat(count);

describe('the tidy rules', () => {
  test.each([
    ['const at = Date.now();', /Clock\.nowMs/],
    ['const at = new Date();', /Clock\.nowMs/],
    ['setTimeout(() => {}, 5);', /Clock\.sleep/],
    ['const wait = setInterval;', /Clock\.sleep/],
    ["import { setTimeout as sleep } from 'node:timers/promises';", /Clock\.sleep/],
    ['const dice = Math.random();', /Random/],
    ["console.log('here');", /Log of shared/],
    ['const x = y as any;', /narrow from unknown/],
    ['enum Colour { red }', /union of words/],
    ['const head = JSON.parse(text);', /items or objects/],
    [`// ${'TO'}${'DO'} later`, /do it now/],
    [`// ${'a'.repeat(110)}`, /113 columns/],
    [`const message = '${'a'.repeat(170)}';`, /189 columns/],
    [`call(${'a, '.repeat(50)}'text');`, /163 columns/],
    [`function long() {${lines(60)}}`, /61 lines/],
    [`const long = () => {${lines(60)}};`, /61 lines/],
    [lines(401), /401 lines/],
    ["test.only('x', () => {});", /every test runs/],
    ["describe.skip('x', () => {});", /every test runs/],
    ["test.each([1]).only('x', () => {});", /every test runs/],
  ])('%s is refused', (text, reason) => {
    expect(messagesOf(text).join('\n')).toMatch(reason);
  });

  test.each([
    ['a member of a banned name', 'const sets = { console: 1 }; reader.skip(4); bytes.enum;'],
    ['a banned name in a comment or a text', "// Date.now\nconst text = 'Math.random()';"],
    ['a date of a given time', 'const day = new Date(0);'],
    ['a line of 110 signs, however many bytes they have', `// ${'€'.repeat(107)}`],
    ['a line that a text makes long', `const message = '${'a'.repeat(110)}';`],
    ['a function of 60 lines', `function short() {${lines(59)}}`],
    ['a long callback of describe, whose tests are short', `describe('x', () => {${lines(80)}});`],
  ])('%s is no violation', (_name, text) => {
    expect(messagesOf(text)).toEqual([]);
  });

  test('a banned name may be used in its one home', () => {
    expect(messagesOf('Date.now(); setTimeout(f, 1);', 'shared/base/clock.ts')).toEqual([]);
    expect(messagesOf('Math.random();', 'shared/base/random.ts')).toEqual([]);
    expect(messagesOf('JSON.parse(body);', 'shared/rest/made-up.ts')).toEqual([]);
  });

  test('a long suite function holds tests, a long test in it is still too long', () => {
    const path = 'test/contract/made-up.suite.ts';
    expect(messagesOf(`export function rowSuite() {${lines(80)}}`, path)).toEqual([]);
    const long = `export function rowSuite() {\ntest('x', () => {${lines(60)}});\n}`;
    expect(messagesOf(long, path).join()).toMatch(/61 lines/);
  });

  test.each([
    'test/support/Servers.ts',
    'shared/log/log_context.ts',
    'shared/log/log-utils.ts',
    'local/helpers.ts',
  ])('the file name %s is refused', (path) => {
    expect(messagesOf('', path)).not.toEqual([]);
  });

  test('the report groups violations by file and names the line', () => {
    const violations = violationsOf({ path: 'shared/log/made-up.ts', text: 'a;\nMath.random();' });
    expect(report(violations)).toBe(
      'shared/log/made-up.ts\n  2: Math.random: use Random of shared/base/random.ts',
    );
  });
});

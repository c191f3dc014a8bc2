import { describe, expect, test } from 'vitest';
import { recordFormat } from '../../../cli/consume/format-string.ts';
import { jsonFormat } from '../../../cli/consume/json-format.ts';
import { jsonLine, parseKeepingDigits } from '../../../cli/output/json-line.ts';
import { counted, progressLine, sizeText } from '../../../cli/output/progress.ts';
import { fields, table } from '../../../cli/output/table.ts';

const record = {
  topic: 'orders',
  partition: 2,
  offset: 9_007_199_254_740_993n,
  timestampMs: 1_700_000_000_000n,
  key: Buffer.from('k'),
  value: Buffer.from('väl'),
  headers: [
    { key: 'a', value: Buffer.from('1') },
    { key: 'b', value: null },
  ],
};

const written = (format: string, nullText?: string, other = {}): string =>
  Buffer.from(recordFormat(format, nullText)({ ...record, ...other })).toString('latin1');

describe('formats of records', () => {
  test('every letter of kcat stands for its part', () => {
    expect(written('%t %p %o %T %k %K %S %h %%\\n')).toBe(
      'orders 2 9007199254740993 1700000000000 k 1 4 a=1,b=NULL %\n',
    );
    expect(written('%s')).toBe(Buffer.from('väl').toString('latin1'));
    expect(written('%v\\t%R\\x41')).toBe(`${Buffer.from('väl').toString('latin1')}\t\0\0\0\x04A`);
  });

  test('null has length -1 and is written as one likes', () => {
    const nulls = { key: null, value: null };
    expect(written('[%k|%s|%K|%S]', undefined, nulls)).toBe('[||-1|-1]');
    expect(written('[%k|%s]', 'NULL', nulls)).toBe('[NULL|NULL]');
    expect(written('[%k|%s]', 'NULL', { key: Buffer.alloc(0), value: Buffer.alloc(0) })).toBe('[|]');
  });

  test('a letter that means nothing is refused by name', () => {
    expect(() => recordFormat('%k %x')).toThrow(/not "%x"/);
    expect(() => recordFormat('100%')).toThrow(/not "%"/);
  });

  test('bytes that are no text, or no JSON, stand as base64 in a member of their own', () => {
    const line = (value: Buffer | null, valueFormat: 'text' | 'json' | 'binary'): unknown =>
      JSON.parse(
        Buffer.from(jsonFormat({ keyFormat: 'text', valueFormat })({ ...record, value })).toString(),
      );
    expect(line(Buffer.from([0xff]), 'text')).toMatchObject({ value_base64: '/w==' });
    expect(line(Buffer.from('{"a": 1}'), 'text')).toMatchObject({ value: '{"a": 1}' });
    expect(line(Buffer.from('{"a": 1}'), 'json')).toMatchObject({ value: { a: 1 } });
    expect(line(Buffer.from('{a'), 'json')).toMatchObject({ value_base64: 'e2E=' });
    expect(line(Buffer.from('a'), 'binary')).toMatchObject({ value_base64: 'YQ==' });
    expect(line(null, 'json')).toMatchObject({ value: null });
  });

  test('JSON is written with every digit of an offset and of a value', () => {
    const value = Buffer.from('{"n": 1.10, "m": 123456789012345678901234567890}');
    const line = Buffer.from(jsonFormat({ keyFormat: 'text', valueFormat: 'json' })({ ...record, value }));
    expect(String(line)).toContain('"offset":9007199254740993');
    expect(String(line)).toContain('{"n":1.10,"m":123456789012345678901234567890}');
  });
});

describe('JSON for programs', () => {
  test('a bigint keeps its digits, in and out', () => {
    expect(jsonLine({ a: 1n, b: [2n ** 63n - 1n], c: 'x' })).toBe(
      '{"a":1,"b":[9223372036854775807],"c":"x"}\n',
    );
    expect(parseKeepingDigits('{"a":9223372036854775807,"b":"1234567890123456789","c":1}')).toEqual({
      a: '9223372036854775807',
      b: '1234567890123456789',
      c: 1,
    });
  });

  test('digits inside of texts, escaped quotes and fractions stay what they are', () => {
    const text = '{"a":"\\"1234567890123456789","b":1.1234567890123456789,"c":12345678901234567890}';
    expect(parseKeepingDigits(text)).toEqual({
      a: '"1234567890123456789',
      b: 1.1234567890123457,
      c: '12345678901234567890',
    });
  });
});

describe('tables', () => {
  const columns = [{ title: 'NAME' }, { title: 'N' }];

  test('columns are aligned, numbers to the right, and nothing stands behind the last', () => {
    expect(
      table(
        columns,
        [
          ['a', 5],
          ['longer', 1000n],
        ],
        false,
      ),
    ).toBe('NAME       N\na          5\nlonger  1000\n');
    expect(table(columns, [], false)).toBe('NAME  N\n');
  });

  test('what is not there is a dash, and only a terminal gets bold titles', () => {
    expect(table(columns, [[null, undefined]], true)).toBe('\u001b[1mNAME  N\u001b[0m\n-     -\n');
  });

  test('a name cannot move the cursor', () => {
    expect(table(columns, [['a\u001b[2J\n', 1]], false)).toContain('a\\x1b[2J\\x0a  1\n');
    expect(fields([['x', 'a\rb']])).toBe('x  a\\x0db\n');
  });
});

test('progress says how much, how fast and how far', () => {
  expect(progressLine({ records: 12_000, bytes: 3_100_000, bytesOfAll: 10_000_000 }, 3_000)).toBe(
    '12,000 records, 3.1 MB, 4,000 records/s, 31%',
  );
  expect(progressLine({ records: 1, bytes: 5 }, 0)).toBe('1 record, 5 B, - records/s');
  expect(sizeText(999_999)).toBe('1000.0 kB');
  expect(counted(2n, 'topic')).toBe('2 topics');
});

import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { jsonFormat } from '../../../cli/consume/json-format.ts';
import { type InputRecord, type ReadOptions, readRecord } from '../../../cli/produce/read-record.ts';
import { splitInput } from '../../../cli/produce/split-input.ts';
import { partitionForKey } from '../../../shared/kafka/murmur2.ts';

async function split(
  chunks: readonly (string | Uint8Array)[],
  delimiter?: string,
): Promise<[number, string][]> {
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const found: [number, string][] = [];
  const parting = delimiter === undefined ? undefined : Buffer.from(delimiter);
  for await (const pieces of splitInput(stream, parting))
    for (const { line, bytes } of pieces) found.push([line, bytes.toString('latin1')]);
  return found;
}

const plain: ReadOptions = {
  isRecords: false,
  keySeparator: undefined,
  key: undefined,
  keyFormat: 'text',
  valueFormat: 'text',
  emptyIsNull: false,
  headers: [],
  partition: undefined,
  timestampMs: undefined,
};

const read = (text: string | Uint8Array, options: Partial<ReadOptions> = {}): InputRecord =>
  readRecord({ line: 7, bytes: Buffer.from(text) }, { ...plain, ...options });

const records = { isRecords: true } as const;

describe('parting the input', () => {
  test('lines are the same wherever the chunks end', async () => {
    const text = 'one\n\nthree\nfour';
    const whole = await split([text], '\n');
    expect(whole).toEqual([
      [1, 'one'],
      [2, ''],
      [3, 'three'],
      [4, 'four'],
    ]);
    for (let at = 0; at <= text.length; at++)
      expect(await split([text.slice(0, at), text.slice(at)], '\n')).toEqual(whole);
    expect(await split([...text], '\n')).toEqual(whole);
  });

  test('a delimiter at the end begins no further record', async () => {
    expect(await split(['a\nb\n'], '\n')).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(await split([], '\n')).toEqual([]);
  });

  test('a delimiter of several bytes may lie across chunks', async () => {
    const text = 'a||b|c||||d';
    for (let at = 0; at <= text.length; at++)
      expect((await split([text.slice(0, at), text.slice(at)], '||')).map(([, piece]) => piece)).toEqual([
        'a',
        'b|c',
        '',
        'd',
      ]);
  });

  test('bytes that are no text, and carriage returns, come through as they are', async () => {
    const found = await split([Uint8Array.of(0xff, 0x0d, 0x0a, 0xc3)], '\n');
    expect(found).toEqual([
      [1, '\u00ff\r'],
      [2, '\u00c3'],
    ]);
  });

  test('without a delimiter the input is one record, also an empty one', async () => {
    expect(await split(['a\n', 'b\n'])).toEqual([[1, 'a\nb\n']]);
    expect(await split([])).toEqual([[1, '']]);
  });

  test('a line beyond 32 MiB is refused by its number', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    const lines = ['first\n', ...Array.from({ length: 33 }, () => mebibyte)];
    await expect(split(lines, '\n')).rejects.toThrow(/Line 2 is longer/);
  });
});

describe('reading a record', () => {
  test('the first separator parts key and value', () => {
    const { key, value } = read('a:b:c', { keySeparator: Buffer.from(':') });
    expect([String(key), String(value)]).toEqual(['a', 'b:c']);
    expect(() => read('abc', { keySeparator: Buffer.from(':') })).toThrow(/Line 7 has no key separator ":"/);
  });

  test('an empty key is a key, and null only when asked for', () => {
    const keySeparator = Buffer.from(':');
    expect(read(':v', { keySeparator }).key).toEqual(Buffer.alloc(0));
    expect(read(':v', { keySeparator, emptyIsNull: true }).key).toBeNull();
    expect(read('', { emptyIsNull: true }).value).toBeNull();
    expect(read('').value).toEqual(Buffer.alloc(0));
    expect(read('v').key).toBeNull();
  });

  test('JSON is stored compact with every digit, and what is no JSON is refused', () => {
    const long = '{ "n" : 12345678901234567890.10, "t" : "a b\\" c" }';
    expect(String(read(long, { valueFormat: 'json' }).value)).toBe(
      '{"n":12345678901234567890.10,"t":"a b\\" c"}',
    );
    expect(() => read('{', { valueFormat: 'json' })).toThrow(/Line 7 has a value that is not JSON/);
  });

  test('base64 is strict', () => {
    expect(read('AP8=', { valueFormat: 'binary' }).value).toEqual(Buffer.from([0, 255]));
    for (const wrong of ['AP8', 'A P8=', 'AP_='])
      expect(() => read(wrong, { valueFormat: 'binary' })).toThrow(/not base64/);
  });

  test('a record as consume writes it is read with all its parts', () => {
    const line = JSON.stringify({
      topic: 'a',
      offset: 3,
      partition: 2,
      timestamp: 5,
      key: 'k',
      value_base64: '/w==',
      headers: [
        { key: 'h', value: 'x' },
        { key: 'n', value: null },
      ],
    });
    expect(read(line, records)).toEqual({
      line: 7,
      key: Buffer.from('k'),
      value: Buffer.from([255]),
      headers: [
        { key: 'h', value: Buffer.from('x') },
        { key: 'n', value: null },
      ],
      partition: 2,
      timestampMs: 5,
    });
  });

  test('a JSON value in a record keeps every digit, whatever stands around it', () => {
    const line =
      '{"headers":[{"key":"value","value":"{"}], "value": {"a":[1.50, 98765432109876543210]}, "key": 7}';
    const { key, value } = read(line, records);
    expect([String(key), String(value)]).toEqual(['7', '{"a":[1.50,98765432109876543210]}']);
  });

  test.each([
    ['[]', 'not a JSON object'],
    ['nonsense', 'not a JSON object'],
    ['{"valve":1}', 'a member "valve"'],
    ['{"partition":-1}', 'a partition that is not a number'],
    ['{"timestamp":"now"}', 'a timestamp that is not a number'],
    ['{"value_base64":"%"}', 'not base64'],
    ['{"value":"a","value_base64":"YQ=="}', 'a value besides'],
    ['{"headers":{}}', 'headers that are not a list'],
    ['{"headers":[{"value":"x"}]}', 'a header without a key'],
  ])('the record %s is refused by its line: %s', (line, why) => {
    expect(() => read(line, records)).toThrow(`Line 7 `);
    expect(() => read(line, records)).toThrow(why);
  });

  test('what consume writes as JSON, produce reads back the same', () => {
    const record = {
      topic: 't',
      partition: 1,
      offset: 2n ** 60n,
      timestampMs: 9n,
      key: Buffer.from([0xff]),
      value: Buffer.from('{"x":1.0}'),
      headers: [{ key: 'a', value: Buffer.from([0xfe]) }],
    };
    for (const valueFormat of ['text', 'json', 'binary'] as const) {
      const line = jsonFormat({ keyFormat: 'text', valueFormat })(record).toString().trimEnd();
      expect(line).toContain(`"offset":${2n ** 60n}`);
      const { key, value, headers } = read(line, records);
      expect({ key, value, headers }).toEqual({
        key: record.key,
        value: record.value,
        headers: record.headers,
      });
    }
  });

  test('keys go where the Java client sends them', () => {
    expect(partitionForKey(Buffer.from('hello'), 3)).toBe(
      partitionForKey(read('hello').value ?? Buffer.alloc(0), 3),
    );
  });
});

import { CommandFailure } from '../failure.ts';
import { compactJson, isJson } from '../output/json-line.ts';
import type { Piece } from './split-input.ts';

export type RecordHeader = { readonly key: string; readonly value: Buffer | null };

/** A record as it will be sent; null is Kafka's null. */
export type InputRecord = {
  readonly line: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** Undefined: by the key. */
  readonly partition: number | undefined;
  /** Milliseconds since 1970. Undefined: when it is stored. */
  readonly timestampMs: number | undefined;
};

export const dataFormats = ['text', 'json', 'binary'] as const;
/** How keys and values are spelled in the input: as they are, as JSON, as base64. */
export type DataFormat = (typeof dataFormats)[number];

export type ReadOptions = {
  /** Each piece is a JSON object, as `consume --json` writes them. */
  readonly isRecords: boolean;
  readonly keySeparator: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly keyFormat: DataFormat;
  readonly valueFormat: DataFormat;
  readonly emptyIsNull: boolean;
  readonly headers: readonly RecordHeader[];
  readonly partition: number | undefined;
  readonly timestampMs: number | undefined;
};

/** The record of a piece of the input. Throws a `CommandFailure` that names the line. */
export function readRecord(piece: Piece, options: ReadOptions): InputRecord {
  return options.isRecords ? readObject(piece, options) : readLine(piece, options);
}

function readLine({ line, bytes }: Piece, options: ReadOptions): InputRecord {
  const { keySeparator, keyFormat, valueFormat, emptyIsNull, headers, partition, timestampMs } = options;
  let key = options.key ?? null;
  let value: Buffer = bytes;
  if (keySeparator !== undefined) {
    const at = bytes.indexOf(keySeparator);
    if (at < 0) throw notRead(line, `has no key separator "${keySeparator}"`);
    key = bytes.subarray(0, at);
    value = bytes.subarray(at + keySeparator.length);
  }
  const readPart = (part: Buffer | null, format: DataFormat, what: string): Buffer | null =>
    part === null || (emptyIsNull && part.length === 0) ? null : readBytes(line, part, format, what);
  return {
    line,
    key: readPart(key, keyFormat, 'key'),
    value: readPart(value, valueFormat, 'value'),
    headers,
    partition,
    timestampMs,
  };
}

const readers: Readonly<Record<DataFormat, (bytes: Buffer) => Buffer | undefined>> = {
  text: (bytes) => bytes,
  json: (bytes) => {
    const text = bytes.toString('utf8');
    return isJson(text) ? Buffer.from(compactJson(text)) : undefined;
  },
  binary: (bytes) => readBase64(bytes.toString('latin1')),
};

const formatNames: Readonly<Record<DataFormat, string>> = { text: 'text', json: 'JSON', binary: 'base64' };

function readBytes(line: number, bytes: Buffer, format: DataFormat, what: string): Buffer {
  const read = readers[format](bytes);
  if (read === undefined) throw notRead(line, `has a ${what} that is not ${formatNames[format]}`);
  return read;
}

const notRead = (line: number, why: string): CommandFailure =>
  new CommandFailure(`Line ${line} ${why}; it was not sent, nor what follows it.`);

const base64Text = /^[A-Za-z0-9+/]*={0,2}$/;

/** The bytes of a strict base64 text (RFC 4648, 4). */
export const readBase64 = (text: string): Buffer | undefined =>
  text.length % 4 === 0 && base64Text.test(text) ? Buffer.from(text, 'base64') : undefined;

type Members = Readonly<Record<string, unknown>>;

/** Where a record comes from is no part of it: what `consume --json` wrote can be produced elsewhere. */
const ignored = new Set(['topic', 'offset']);
const known = new Set([
  'key',
  'key_base64',
  'value',
  'value_base64',
  'headers',
  'partition',
  'timestamp',
  ...ignored,
]);

function readObject({ line, bytes }: Piece, options: ReadOptions): InputRecord {
  const text = bytes.toString('utf8');
  const record = parseObject(line, text);
  const stranger = Object.keys(record).find((name) => !known.has(name));
  if (stranger !== undefined) throw notRead(line, `has a member "${stranger}" that no record has`);
  const { partition, timestamp } = record;
  const raw = (name: string): string => rawMembers(text).get(name) ?? 'null';
  if (partition !== undefined && !isWhole(partition, 2 ** 31 - 1)) {
    throw notRead(line, 'has a partition that is not a number');
  }
  if (timestamp !== undefined && !isWhole(timestamp, Number.MAX_SAFE_INTEGER)) {
    throw notRead(line, 'has a timestamp that is not a number of milliseconds');
  }
  return {
    line,
    key: readMember(line, record, 'key', raw) ?? options.key ?? null,
    value: readMember(line, record, 'value', raw),
    headers: [...options.headers, ...readHeaders(line, record.headers)],
    partition: options.partition ?? (partition as number | undefined),
    timestampMs: options.timestampMs ?? (timestamp as number | undefined),
  };
}

function parseObject(line: number, text: string): Members {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Members;
  } catch {
    // Said below, with the line.
  }
  throw notRead(line, 'is not a JSON object');
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/** The members of an object as they are written, without white space: a number keeps every digit. */
export function rawMembers(object: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let raw = '';
  for (const [part] of object.matchAll(token)) {
    const isEnd = depth === 1 && (part === ',' || part === '}');
    if (isEnd && name !== undefined) {
      members.set(name, raw);
      name = undefined;
      raw = '';
    } else if (depth === 1 && name === undefined && part.startsWith('"')) {
      name = JSON.parse(part) as string;
    } else if (depth > 1 || (depth === 1 && !(part === ':' && raw === ''))) {
      raw += part;
    }
    if (part === '{' || part === '[') depth++;
    if (part === '}' || part === ']') depth--;
  }
  return members;
}

const isWhole = (value: unknown, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;

/** A text as UTF-8, another JSON value as its JSON, or the base64 of its own member. */
function readMember(
  line: number,
  record: Members,
  name: string,
  raw: (name: string) => string,
): Buffer | null {
  const base64 = record[`${name}_base64`];
  const value = record[name];
  if (base64 !== undefined) {
    const read = typeof base64 === 'string' && value === undefined ? readBase64(base64) : undefined;
    if (read === undefined)
      throw notRead(line, `has a ${name}_base64 that is not base64, or a ${name} besides`);
    return read;
  }
  if (value === undefined || value === null) return null;
  return Buffer.from(typeof value === 'string' ? value : raw(name));
}

function readHeaders(line: number, headers: unknown): RecordHeader[] {
  if (headers === undefined || headers === null) return [];
  if (!Array.isArray(headers)) throw notRead(line, 'has headers that are not a list');
  return headers.map((header: unknown) => {
    const members = (header ?? {}) as Members;
    if (typeof members.key !== 'string') throw notRead(line, 'has a header without a key');
    const asJson = (name: string): string => JSON.stringify(members[name]);
    return { key: members.key, value: readMember(line, members, 'value', asJson) };
  });
}

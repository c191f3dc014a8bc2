import { unescaped } from '../arguments.ts';
import { UsageFailure } from '../failure.ts';
import type { ConsumedRecord } from './consumed-record.ts';

type Part = (record: ConsumedRecord) => string | Uint8Array;

const nothing = Buffer.alloc(0);
const lengthOf = (bytes: Buffer | null): number => bytes?.length ?? -1;

function bigEndianLength(bytes: Buffer | null): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(lengthOf(bytes));
  return length;
}

/** What each letter stands for, as in kcat; `%v` is rpk's name of `%s`. */
const letters: Readonly<Record<string, Part>> = {
  s: ({ value }) => value ?? nothing,
  v: ({ value }) => value ?? nothing,
  S: ({ value }) => String(lengthOf(value)),
  R: ({ value }) => bigEndianLength(value),
  k: ({ key }) => key ?? nothing,
  K: ({ key }) => String(lengthOf(key)),
  t: ({ topic }) => topic,
  p: ({ partition }) => String(partition),
  o: ({ offset }) => String(offset),
  T: ({ timestampMs }) => String(timestampMs ?? -1),
  h: ({ headers }) =>
    headers.map(({ key, value }) => `${key}=${value?.toString('utf8') ?? 'NULL'}`).join(','),
  '%': () => '%',
};

const known = Object.keys(letters)
  .map((letter) => `%${letter}`)
  .join(' ');

/** Writes a record as bytes. */
export type RecordFormat = (record: ConsumedRecord) => Uint8Array;

/**
 * A format in kcat's language: `%k %s %o …`, with `\n`, `\t`, `\xNN`. With `nullText`, a null key or value is
 * written so. Throws `UsageFailure` for a letter that means nothing.
 */
export function recordFormat(text: string, nullText?: string): RecordFormat {
  const parts: Part[] = [];
  for (const [found, letter] of text.matchAll(/%(.?)|[^%]+/gs)) {
    if (letter === undefined) {
      const literal = unescaped(found);
      parts.push(() => literal);
      continue;
    }
    const part = letters[letter];
    if (part === undefined) throw new UsageFailure(`--format knows ${known}, not "${found}".`);
    parts.push(nullText === undefined ? part : withNull(letter, part, nullText));
  }
  return (record) =>
    Buffer.concat(
      parts.map((part) => {
        const written = part(record);
        return typeof written === 'string' ? Buffer.from(written) : written;
      }),
    );
}

function withNull(letter: string, part: Part, nullText: string): Part {
  if (letter === 'k') return (record) => (record.key === null ? nullText : part(record));
  if (letter === 's' || letter === 'v') return (record) => (record.value === null ? nullText : part(record));
  return part;
}

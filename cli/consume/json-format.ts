import { compactJson, isJson } from '../output/json-line.ts';
import type { DataFormat } from '../produce/read-record.ts';
import type { ConsumedRecord } from './consumed-record.ts';
import type { RecordFormat } from './format-string.ts';

export type JsonFormatOptions = { readonly keyFormat: DataFormat; readonly valueFormat: DataFormat };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * A member as text, as JSON or as base64. What is not of the format stands as base64 in a member of its own
 * name, so that a program is never told one thing for another. JSON keeps every digit.
 */
function member(name: string, bytes: Buffer | null, format: DataFormat): string {
  if (bytes === null) return `"${name}":null`;
  const text = format === 'binary' ? undefined : textOf(bytes);
  if (text !== undefined && format === 'text') return `"${name}":${JSON.stringify(text)}`;
  if (text !== undefined && isJson(text)) return `"${name}":${compactJson(text)}`;
  return `"${name}_base64":"${bytes.toString('base64')}"`;
}

/** Writes a record as one line of JSON, which `produce --records` reads. */
export const jsonFormat =
  ({ keyFormat, valueFormat }: JsonFormatOptions): RecordFormat =>
  ({ topic, partition, offset, timestampMs, key, value, headers }: ConsumedRecord) => {
    const headersText = headers.map(
      (header) => `{"key":${JSON.stringify(header.key)},${member('value', header.value, 'text')}}`,
    );
    const members = [
      `"topic":${JSON.stringify(topic)}`,
      `"partition":${partition}`,
      `"offset":${offset}`,
      ...(timestampMs === undefined ? [] : [`"timestamp":${timestampMs}`]),
      member('key', key, keyFormat),
      member('value', value, valueFormat),
      `"headers":[${headersText.join(',')}]`,
    ];
    return Buffer.from(`{${members.join(',')}}\n`);
  };

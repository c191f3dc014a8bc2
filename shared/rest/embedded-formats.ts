import { badRequest, type RestError, unprocessable } from './errors.ts';
import { type JsonNode, JsonSyntaxError, parseJson } from './json-text.ts';
import { type Json, RawJson } from './json-writer.ts';

/** How the bytes of keys and values are spelled in JSON. */
export type EmbeddedFormat = 'binary' | 'json' | 'text';

// A byte order mark at the beginning is part of the data.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const base64Text = /^[A-Za-z0-9+/]*={0,2}$/;

/** The bytes that a base64 text stands for (RFC 4648, 4, with padding), undefined when it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  return text.length % 4 === 0 && base64Text.test(text) ? Buffer.from(text, 'base64') : undefined;
}

export const encodeBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** The UTF-8 of a text, undefined when it has half a surrogate pair, which no UTF-8 can say. */
export const encodeText = (text: string): Uint8Array | undefined =>
  loneSurrogate.test(text) ? undefined : Buffer.from(text, 'utf8');
const loneSurrogate = /\p{Surrogate}/u;

const readers: Record<EmbeddedFormat, (node: JsonNode, what: string) => Uint8Array> = {
  binary: (node, what) => {
    const bytes = node.kind === 'string' ? decodeBase64(node.string()) : undefined;
    if (!bytes) throw badRequest(`${what} is not a base64 text.`);
    return bytes;
  },
  text: (node, what) => {
    const bytes = node.kind === 'string' ? encodeText(node.string()) : undefined;
    if (!bytes) throw badRequest(`${what} is not a text of Unicode characters.`);
    return bytes;
  },
  json: (node) => Buffer.from(node.compact(), 'utf8'),
};

/** The bytes to store for a key or a value; null for null or none. `what` names it in the error (400). */
export const readEmbedded = (
  format: EmbeddedFormat,
  node: JsonNode | undefined,
  what: string,
): Uint8Array | null => (node === undefined || node.isNull ? null : readers[format](node, what));

/** The value of a record's header: a base64 text, or null. Throws 400. */
export function readHeaderValue(node: JsonNode | undefined, what: string): Uint8Array | null {
  if (node === undefined || node.isNull) return null;
  const bytes = node.kind === 'string' ? decodeBase64(node.string()) : undefined;
  if (!bytes) throw badRequest(`${what} is not a base64 text.`);
  return bytes;
}

const writers: Record<EmbeddedFormat, (bytes: Uint8Array, what: string) => Json> = {
  binary: encodeBase64,
  text: (bytes, what) => decodeUtf8(bytes, what, 42207),
  json: (bytes, what) => {
    const text = decodeUtf8(bytes, what, 42203);
    try {
      // As compact as it would be stored: white space is no part of the value.
      return new RawJson(parseJson(text).compact());
    } catch (error) {
      if (error instanceof JsonSyntaxError) throw notOfFormat(what, 'JSON', 42203);
      throw error;
    }
  },
};

function decodeUtf8(bytes: Uint8Array, what: string, code: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw notOfFormat(what, 'UTF-8', code);
  }
}

const notOfFormat = (what: string, format: string, code: number): RestError =>
  unprocessable(`${what} is not ${format}; the binary format reads any bytes.`, code);

/** A stored key or value in an answer. Throws 422 when the bytes are not of the format. */
export const writeEmbedded = (format: EmbeddedFormat, bytes: Uint8Array | null, what: string): Json =>
  bytes === null ? null : writers[format](bytes, what);

import { DecompressionStream } from 'node:stream/web';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { badRequest, tooLarge, unsupportedMediaType } from './errors.ts';
import type { MediaType } from './negotiate.ts';

const inflate = promisify(gunzip);

/** The part of a request that is read here. */
type Sent = Pick<Request, 'headers' | 'body'>;

/** The bodies that are read; `null` stands for a body as it is. */
function encodingOf(headers: Headers): 'gzip' | null {
  const encoding = (headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return null;
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip';
  throw unsupportedMediaType(`Content-Encoding ${encoding} is not read here; gzip is.`);
}

const charsets: Readonly<Record<string, 'utf-8' | 'latin1'>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'latin1',
  latin1: 'latin1',
};

/** How the body's text is written. Throws 400 for a charset that is not read. */
export function charsetOf(contentType: MediaType | undefined): 'utf-8' | 'latin1' {
  const named = contentType?.parameters.get('charset') ?? 'utf-8';
  const charset = Object.hasOwn(charsets, named.toLowerCase()) ? charsets[named.toLowerCase()] : undefined;
  if (!charset) throw badRequest(`The charset ${named} is not read here; UTF-8 and ISO-8859-1 are.`);
  return charset;
}

const bodyTooLarge = (bytesMax: number): Error =>
  tooLarge(`The body is larger than ${bytesMax} bytes, which is all that is taken here.`);

/**
 * The whole body as text. Throws 413 above `bytesMax` (after decompression too), 400 and 415 for what is
 * unreadable.
 */
export async function readBodyText(
  request: Sent,
  contentType: MediaType | undefined,
  bytesMax: number,
): Promise<string> {
  const charset = charsetOf(contentType);
  const encoding = encodingOf(request.headers);
  const bytes = await readBytes(request, bytesMax);
  const plain = encoding === null ? bytes : await inflated(bytes, bytesMax);
  if (charset === 'latin1') return plain.toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch {
    throw notUtf8();
  }
}

const notUtf8 = (): Error => badRequest('The body is not UTF-8.');

/**
 * Of a refused body so many times the limit are read and thrown away, so that the caller, who still sends,
 * comes to read the answer and may use the connection again.
 */
const discardedTimes = 4;

async function readBytes(request: Sent, bytesMax: number): Promise<Buffer> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > bytesMax * discardedTimes) throw bodyTooLarge(bytesMax);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(request.body)) {
    length += chunk.length;
    if (length > bytesMax * discardedTimes) break;
    if (length > bytesMax) chunks.length = 0;
    else chunks.push(chunk);
  }
  if (length > bytesMax) throw bodyTooLarge(bytesMax);
  return Buffer.concat(chunks, length);
}

/** Reading stops with an error of the caller's when the connection breaks: nobody is there to hear of it. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let isAtEnd = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isAtEnd = done;
      if (done) return;
      yield value;
    }
  } catch (error) {
    isAtEnd = true;
    throw badRequest(`The body could not be read to its end: ${(error as Error).message}`);
  } finally {
    // Not cancelled: that would break a connection on which the rest of the body is still arriving.
    if (!isAtEnd) void discard(reader);
  }
}

/** What nobody wants any more, up to a bound; then the server closes the connection. */
async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let bytesLeft = discardedBytesMax;
  try {
    while (bytesLeft > 0) {
      const { done, value } = await reader.read();
      if (done) return;
      bytesLeft -= value.length;
    }
    await reader.cancel();
  } catch {
    // The connection is gone, as it would be after the bound.
  }
}

const discardedBytesMax = 64 * 1024 * 1024;

async function inflated(bytes: Buffer, bytesMax: number): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(bytesMax);
    throw badRequest('The body is not gzip, though Content-Encoding says so.');
  }
}

/** The body as text while it comes, of any length. Throws as `readBodyText`, but knows no size. */
export async function* readBodyPieces(
  request: Sent,
  contentType: MediaType | undefined,
): AsyncGenerator<string> {
  const charset = charsetOf(contentType);
  const encoding = encodingOf(request.headers);
  const decoder = new TextDecoder(charset === 'latin1' ? 'latin1' : 'utf-8', { fatal: true });
  for await (const chunk of chunksOf(encoding === null ? request.body : inflating(request.body))) {
    yield decoded(() => decoder.decode(chunk, { stream: true }));
  }
  yield decoded(() => decoder.decode());
}

function decoded(decode: () => string): string {
  try {
    return decode();
  } catch {
    throw notUtf8();
  }
}

const inflating = (body: ReadableStream<Uint8Array> | null): ReadableStream<Uint8Array> | null =>
  body?.pipeThrough(new DecompressionStream('gzip') as unknown as TransformStream<Uint8Array, Uint8Array>) ??
  null;

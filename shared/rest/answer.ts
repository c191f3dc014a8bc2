import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { RestError } from './errors.ts';
import { type Json, writeJson } from './json-writer.ts';
import { acceptsGzip } from './negotiate.ts';
import type { Answer } from './rest-request.ts';

const deflate = promisify(gzip);

/** Below this a compressed answer saves no packet on the wire. */
const compressAboveBytes = 1024;

export type Negotiated = { readonly answerType: string; readonly headers: Headers };

/** An answer, or an error, as HTTP sends it. Nothing of it may be kept by a cache: the log moves on. */
export async function answerResponse(
  answer: Answer | RestError,
  { answerType, headers: asked }: Negotiated,
): Promise<Response> {
  const { status, body, headers: own } = answer instanceof RestError ? errorAnswer(answer) : answer;
  const headers = new Headers({ 'cache-control': 'no-store', vary: 'Accept, Accept-Encoding', ...own });
  if (body === undefined) return new Response(null, { status, headers });
  headers.set('content-type', answerType);
  if (body instanceof ReadableStream) return new Response(body, { status, headers });
  const text = Buffer.from(writeJson(body), 'utf8');
  if (text.length < compressAboveBytes || !acceptsGzip(asked.get('accept-encoding'))) {
    return new Response(text, { status, headers });
  }
  headers.set('content-encoding', 'gzip');
  return new Response(await deflate(text), { status, headers });
}

const errorAnswer = ({ status, code, message, headers }: RestError): Answer & { body: Json } => ({
  status,
  body: { error_code: code, message },
  headers,
});

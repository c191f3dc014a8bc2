/**
 * The headers by which a browser lets a page of an allowed origin read an answer (Fetch standard, CORS); none
 * for any other caller. `*` allows every origin.
 */
export function corsHeaders(headers: Headers, origins: readonly string[]): Record<string, string> {
  const origin = headers.get('origin');
  if (origin === null || origins.length === 0) return {};
  const exposed = 'Location, Retry-After, Millrace-Poll-After';
  if (origins.includes('*')) {
    return { 'access-control-allow-origin': '*', 'access-control-expose-headers': exposed };
  }
  if (!origins.includes(origin)) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposed,
    vary: 'Accept, Accept-Encoding, Origin',
  };
}

/** What the door reads, and what a signed call to AWS carries. */
const allowedHeaders = [
  'Accept',
  'Authorization',
  'Content-Encoding',
  'Content-Type',
  'Millrace-Producer',
  'X-Amz-Content-Sha256',
  'X-Amz-Date',
  'X-Amz-Security-Token',
].join(', ');

/** The answer to a browser that asks whether it may send a request; undefined for any other request. */
export function preflight(request: Request, cors: Readonly<Record<string, string>>): Response | undefined {
  const isPreflight = request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
  if (!isPreflight || cors['access-control-allow-origin'] === undefined) return undefined;
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': '3600',
    },
  });
}

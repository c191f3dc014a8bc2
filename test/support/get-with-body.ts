import { request } from 'node:http';

/** Sends what the REST Proxy reads and `fetch` cannot send. */
export function getWithBody(url: string, body: string, headers: Record<string, string>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'GET',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const got = Object.entries(response.headers).flatMap(([name, value]): [string, string][] =>
          value === undefined ? [] : [[name, String(value)]],
        );
        resolve(new Response(Buffer.concat(chunks), { status: response.statusCode ?? 500, headers: got }));
      });
    });
    sent.end(body);
  });
}

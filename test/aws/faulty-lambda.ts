import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of an invocation: `lost` runs and the answer is dropped, `vanished` never arrives. */
export type Passage = 'passed' | 'throttled' | 'lost' | 'vanished';

export type FaultyLambda = { readonly url: string; close(): Promise<void> };

/**
 * Stands between a gateway and the endpoint of Lambda, and does to each invocation what `fate` says. What
 * passes is unchanged: the signature does not cover the address.
 */
export async function openFaultyLambda(
  endpoint: string,
  fate: (functionName: string) => Passage,
): Promise<FaultyLambda> {
  const server = createServer((incoming, outgoing) => {
    const [, name = ''] = /\/functions\/([^/]+)\/invocations/.exec(incoming.url ?? '') ?? [];
    const becomes = fate(decodeURIComponent(name));
    if (becomes === 'throttled') return throttle(incoming, outgoing);
    if (becomes === 'vanished') return void incoming.socket.destroy();
    forward(endpoint, incoming, outgoing, becomes === 'lost');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function throttle(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  outgoing.writeHead(429, {
    'content-type': 'application/json',
    'x-amzn-errortype': 'TooManyRequestsException',
  });
  outgoing.end(JSON.stringify({ Type: 'User', message: 'Rate Exceeded.' }));
}

function forward(
  endpoint: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isLost: boolean,
): void {
  const { hostname, port } = new URL(endpoint);
  const { method, url: path, headers } = incoming;
  const sent = request({ hostname, port, method, path, headers }, (answer) => {
    if (isLost) {
      answer.resume();
      answer.on('end', () => incoming.socket.destroy());
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  sent.on('error', () => incoming.socket.destroy());
  incoming.pipe(sent);
}

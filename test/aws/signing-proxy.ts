import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

export type SigningProxyOptions = {
  /** Where the emulator listens. */
  readonly endpoint: string;
  /** What the emulator puts before the path of a request to the API, without a slash at the end. */
  readonly pathPrefix: string;
  /** What a client of the API itself sees before the path: the stage of a REST API, else nothing. */
  readonly stagePrefix: string;
  readonly service: 'execute-api' | 'lambda';
  readonly region: string;
  /** Undefined: requests go unsigned. */
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
};

export type SigningProxy = { readonly url: string; close(): Promise<void> };

/**
 * A door on loopback that signs what passes (Signature Version 4) and sends it to a deployed API, so that
 * suites and examples which know nothing of AWS can speak to it.
 */
export async function openSigningProxy(options: SigningProxyOptions): Promise<SigningProxy> {
  const server = createServer((incoming, outgoing) => {
    forward(options, incoming, outgoing).catch((error: unknown) => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${options.stagePrefix}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Of one connection only; the proxy has its own. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'expect',
  'upgrade',
  'content-length',
]);

async function forward(
  options: SigningProxyOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await bodyOf(incoming);
  const path = `${options.pathPrefix}${(incoming.url ?? '/').slice(options.stagePrefix.length)}`;
  const headers = await signed(options, incoming, path, body);
  const { hostname, port } = new URL(options.endpoint);
  await new Promise<void>((resolve, reject) => {
    const sent = request(
      { hostname, port, method: incoming.method, path, headers, setHost: false },
      (answer) => {
        const received = answer.rawHeaders.filter((_, place, all) => {
          const name = place % 2 === 0 ? all[place] : all[place - 1];
          return !hopByHop.has((name ?? '').toLowerCase());
        });
        outgoing.writeHead(answer.statusCode ?? 502, received);
        answer.pipe(outgoing);
        answer.on('end', resolve);
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The client's headers as API Gateway would hand them on, with the signature. */
async function signed(
  { credentials, service, region }: SigningProxyOptions,
  incoming: IncomingMessage,
  path: string,
  body: Buffer,
): Promise<Record<string, string>> {
  const own = Object.entries(incoming.headers).filter(([name]) => !hopByHop.has(name));
  const headers: Record<string, string> = {
    ...Object.fromEntries(
      own.map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]),
    ),
    'x-forwarded-proto': 'http',
    ...(body.length > 0 || incoming.method === 'POST' ? { 'content-length': String(body.length) } : {}),
  };
  if (!credentials) return headers;
  const [pathname = '/', query = ''] = path.split('?', 2);
  const parameters: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    parameters[name] = [...(parameters[name] ?? []), value];
  }
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256, applyChecksum: true });
  const method = incoming.method ?? 'GET';
  const whole = { method, protocol: 'http:', hostname: '', path: pathname, query: parameters, headers, body };
  return (await signer.sign(whole)).headers;
}

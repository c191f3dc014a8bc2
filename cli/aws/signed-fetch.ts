import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { logIn } from '../../shared/runtime/aws-advice.ts';
import { credentialsOf } from '../../shared/runtime/aws-stack.ts';
import { awsDoorOf } from '../door/door-address.ts';
import { CommandFailure, messageOf } from '../failure.ts';

export type SigningOptions = {
  readonly url: string;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly fetch: typeof fetch;
};

type Bytes = string | ArrayBuffer | ArrayBufferView;

/** SHA-256 as the signer wants it: plain, or keyed (HMAC) when it is given a secret. */
class Sha256 {
  private readonly hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: Bytes) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Bytes): void {
    this.hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error('a digest is taken once');
  }
}

const bytesOf = (data: Bytes): Uint8Array => {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
};

/**
 * `fetch`, signed as IAM wants it (AWS Signature Version 4) with the credentials that AWS's own tools would
 * find: environment, profile, single sign-on, container, instance.
 */
export function signedFetch(options: SigningOptions): typeof fetch {
  const { url, region, profile, environment } = options;
  const door = awsDoorOf(new URL(url).hostname);
  const where = region ?? door?.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  if (!where) {
    throw new CommandFailure(`The region of ${url} is not known.`, 'Name it with --region or AWS_REGION.');
  }
  const signer = new SignatureV4({
    service: door?.service ?? 'execute-api',
    region: where,
    credentials: credentialsOf(profile),
    sha256: Sha256,
  });
  return async (input, init = {}) =>
    options.fetch(input, { ...init, headers: await sign(signer, input, init) });
}

async function sign(
  signer: SignatureV4,
  input: string | URL | Request,
  { method = 'GET', headers, body }: RequestInit,
): Promise<Record<string, string>> {
  const url = new URL(String(input));
  const request = {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, ...(headers as Record<string, string>) },
    ...(body === undefined ? {} : { body }),
  };
  try {
    return (await signer.sign(request)).headers;
  } catch (error) {
    throw new CommandFailure(`No credentials of AWS can be found: ${messageOf(error)}.`, logIn, error);
  }
}

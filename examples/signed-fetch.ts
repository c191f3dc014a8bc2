import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`--sign needs ${name} in the environment`);
}

/**
 * `fetch`, signed as IAM wants it (AWS Signature Version 4) with the credentials of the environment. API
 * Gateway and function URLs have names of their own in the signature.
 */
export async function signedFetch(address: string): Promise<typeof fetch> {
  const sessionToken = process.env.AWS_SESSION_TOKEN;
  const signer = new SignatureV4({
    service: /\.lambda-url\./.test(new URL(address).hostname) ? 'lambda' : 'execute-api',
    region: process.env.AWS_REGION ?? fromEnvironment('AWS_DEFAULT_REGION'),
    credentials: {
      accessKeyId: fromEnvironment('AWS_ACCESS_KEY_ID'),
      secretAccessKey: fromEnvironment('AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken ? { sessionToken } : {}),
    },
    sha256: Sha256,
  });
  return async (input, init = {}) => {
    const url = new URL(String(input));
    const headers = { host: url.host, ...(init.headers as Record<string, string>) };
    const { headers: signed } = await signer.sign({
      method: init.method ?? 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers,
      ...(init.body === undefined ? {} : { body: init.body }),
    });
    return fetch(url, { ...init, headers: signed });
  };
}

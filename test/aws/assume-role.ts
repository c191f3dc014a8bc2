import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Emulator } from './emulator.ts';

export type SessionCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string };

/** Credentials of a role, for whoever deployed. */
export async function assumeRole(emulator: Emulator, roleArn: string): Promise<SessionCredentials> {
  const { endpoint, region, credentials } = emulator;
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: 'test',
  }).toString();
  const { host } = new URL(endpoint);
  const signer = new SignatureV4({ credentials, region, service: 'sts', sha256: Sha256 });
  const headers = { host, 'content-type': 'application/x-www-form-urlencoded' };
  const request = { method: 'POST', protocol: 'http:', hostname: host, path: '/', query: {}, headers, body };
  const signed = await signer.sign(request);
  const answer = await fetch(endpoint, { method: 'POST', headers: signed.headers, body });
  const text = await answer.text();
  const member = (name: string): string => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? '';
  if (!answer.ok || member('AccessKeyId') === '') throw new Error(`AssumeRole: ${answer.status} ${text}`);
  return {
    accessKeyId: member('AccessKeyId'),
    secretAccessKey: member('SecretAccessKey'),
    sessionToken: member('SessionToken'),
  };
}

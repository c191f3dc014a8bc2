import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { signedFetch } from '../../cli/aws/signed-fetch.ts';
import { type Running, start } from '../../local/start.ts';
import { commandLine } from '../support/command-line.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' };

function logIn(): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', credentials.sessionToken);
}
afterEach(() => vi.unstubAllEnvs());

/** What another implementation of the hash makes of the same call at the same time. */
async function expected(url: URL, init: RequestInit, service: string, region: string): Promise<string> {
  const sent = new Headers(init.headers);
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(sent.get('x-amz-date') ?? '') ?? [];
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const { headers } = await signer.sign(
    {
      method: init.method ?? 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, accept: sent.get('accept') ?? '' },
      ...(init.body ? { body: init.body } : {}),
    },
    { signingDate: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) },
  );
  return headers.authorization ?? '';
}

describe('signed calls', () => {
  test.each([
    ['https://abc.execute-api.eu-central-1.amazonaws.com', 'execute-api', 'eu-central-1'],
    ['https://abc.lambda-url.us-east-1.on.aws', 'lambda', 'us-east-1'],
    ['https://log.example.com', 'execute-api', 'eu-west-3'],
  ])(
    '%s gets the signature of %s in %s, also over a path and a query with odd characters',
    async (base, service, region) => {
      logIn();
      const calls: { url: URL; init: RequestInit }[] = [];
      const send = signedFetch({
        url: base,
        environment: { AWS_REGION: 'eu-west-3' },
        fetch: async (input, init = {}) => {
          calls.push({ url: new URL(String(input)), init });
          return new Response('{}');
        },
      });
      const url = new URL(`${base}/consumers/a%2Fb%20%C3%A4?offset=2026-01-01T00%3A00%3A00%2B02%3A00&x=a+b`);
      await send(url, { method: 'POST', headers: { accept: 'application/json' }, body: '{"ä":1}' });
      await send(url, { headers: { accept: '*/*' } });
      for (const call of calls) {
        const authorization = new Headers(call.init.headers).get('authorization');
        expect(authorization).toContain(`/${region}/${service}/aws4_request`);
        expect(authorization).toBe(await expected(call.url, call.init, service, region));
        expect(new Headers(call.init.headers).get('x-amz-security-token')).toBe('token');
      }
      expect(calls.length).toBe(2);
    },
  );
});

describe('a stack by its name', () => {
  let broker: Running;
  let aws: Server;
  let outputs: Record<string, string> = {};
  const asked: string[] = [];

  /** CloudFormation, as far as it is asked here. */
  function describeStacks(body: string): { status: number; xml: string } {
    asked.push(body);
    if (!body.includes('StackName=Mine')) {
      const message = 'Stack with id Other does not exist';
      const error = `<Error><Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message></Error>`;
      return { status: 400, xml: `<ErrorResponse>${error}</ErrorResponse>` };
    }
    const members = Object.entries(outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    const stack = `<member><StackName>Mine</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${members.join('')}</Outputs></member>`;
    const result = `<DescribeStacksResult><Stacks>${stack}</Stacks></DescribeStacksResult>`;
    return { status: 200, xml: `<DescribeStacksResponse>${result}</DescribeStacksResponse>` };
  }

  beforeAll(async () => {
    broker = await start();
    aws = createServer(async (request: IncomingMessage, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { status, xml } = describeStacks(body);
      response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
    });
    await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    aws.close();
    await broker.stop();
  });

  const millrace = (args: readonly string[], send: typeof fetch = fetch, input = '') => {
    logIn();
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(aws.address() as AddressInfo).port}`);
    return commandLine([...args, '--region', 'eu-central-1'], { fetch: send, input });
  };

  test('is found by its outputs, and called with a signature', async () => {
    outputs = { Url: `${broker.restUrl}/`, TableName: 't' };
    const signatures: (string | null)[] = [];
    const send: typeof fetch = (input, init) => {
      signatures.push(new Headers(init?.headers).get('authorization'));
      return fetch(input, init);
    };
    expect((await millrace(['topics', 'create', 'orders', '--stack', 'Mine'], send)).stdout).toContain(
      'orders made',
    );
    expect(asked.at(-1)).toContain('Action=DescribeStacks');
    expect(signatures.length).toBeGreaterThan(0);
    for (const signature of signatures) expect(signature).toContain('/eu-central-1/execute-api/');
  });

  test('with three function URLs, each call goes to the function that serves it', async () => {
    const url = (name: string): string => `${broker.restUrl.replace('127.0.0.1', name)}`;
    outputs = { Url: url('127.0.0.1'), ProduceUrl: url('127.0.0.2'), FetchUrl: url('127.0.0.3') };
    const calls: string[] = [];
    const send: typeof fetch = (input, init) => {
      const to = new URL(String(input));
      calls.push(`${init?.method} ${to.hostname} ${to.pathname}`);
      return fetch(`${broker.restUrl}${to.pathname}${to.search}`, init);
    };
    await commandLine(['topics', 'create', 'parted'], { url: broker.restUrl });
    await millrace(['produce', 'parted', '--stack', 'Mine'], send, 'tea\n');
    const { stdout } = await millrace(['consume', 'parted', '-e', '--stack', 'Mine'], send);
    expect(stdout).toBe('tea\n');
    expect(calls).toContain('POST 127.0.0.1 /producers');
    expect(calls).toContain('POST 127.0.0.2 /topics/parted/partitions/0');
    expect(calls).toContain('GET 127.0.0.3 /topics/parted/partitions/0/records');
    expect(calls).toContain('GET 127.0.0.1 /topics/parted/partitions');
  });

  test.each([
    [['topics', 'list', '--stack', 'Other'], 1, /no stack Other in eu-central-1\.\n.*--region/],
    [['topics', 'list', '--stack', 'Mine', '--url', 'http://x'], 2, /exclude each other/],
  ])('%j ends with %d', async (args, code, said) => {
    const outcome = await millrace(args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(said);
  });

  test('that is none of Millrace is refused', async () => {
    outputs = { BucketName: 'b' };
    const { code, stderr } = await millrace(['topics', 'list', '--stack', 'Mine']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('has no output Url')]);
  });
});

import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServerProcess } from './server-process.ts';

export type MiniStack = {
  endpoint: string;
  /** What AWS clients and command-line tools need in their environment to speak with it. */
  environment: Record<string, string>;
  stop(): Promise<void>;
};

const here = dirname(fileURLToPath(import.meta.url));
const executable = join(here, '../../.cache/ministack-venv/bin/ministack');
const advice =
  'Install it with `node test/support/install-ministack.mjs`, which needs Python 3.10 or newer with venv.';

/** The AWS emulator, on loopback only; on a free port, unless one is given. Nothing outlives it. */
export async function startMiniStack(
  options: { port?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<MiniStack> {
  if (!existsSync(executable)) throw new Error(`MiniStack is not installed. ${advice}`);
  const port = options.port ?? (await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  const environment = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
  };
  const server = await startServerProcess({
    name: 'MiniStack',
    command: executable,
    arguments: [],
    env: {
      ...process.env,
      ...environment,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      // Doors that nobody here uses, each with a port of its own.
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      ...options.env,
    },
    whenReady: () => isReady(endpoint),
    deadlineMs: 60_000,
    advice,
  });
  return { endpoint, environment, stop: server.stop };
}

async function isReady(endpoint: string): Promise<string | undefined> {
  const answer = await fetch(`${endpoint}/_ministack/ready`).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer?.ok ? endpoint : undefined;
}

/** A port of the loopback interface that nobody listens on now. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

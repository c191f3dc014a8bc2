import { startMiniStack } from '../support/ministack.ts';
import type { EmulatorName } from './capabilities.ts';

/** An emulator of AWS that runs, as plain data: it is handed to every test file. */
export type Emulator = {
  readonly name: EmulatorName;
  readonly endpoint: string;
  readonly region: string;
  readonly account: string;
  /** Who deploys: may do everything. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

declare module 'vitest' {
  interface ProvidedContext {
    emulator: Emulator;
  }
}

const common = {
  region: 'us-east-1',
  account: '000000000000',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};

/** Of `npm run test:localstack`: where somebody has started LocalStack. */
function localStackAddress(): string | undefined {
  const { LOCALSTACK_ENDPOINT, npm_lifecycle_event } = process.env;
  return (
    LOCALSTACK_ENDPOINT ?? (npm_lifecycle_event === 'test:localstack' ? 'http://127.0.0.1:4566' : undefined)
  );
}

/** LocalStack, which somebody else started; else MiniStack, started here. */
export async function openEmulator(): Promise<{ emulator: Emulator; stop(): Promise<void> }> {
  const address = localStackAddress();
  if (address) {
    await answers(address);
    return { emulator: { ...common, name: 'LocalStack', endpoint: address }, stop: async () => {} };
  }
  // With AUTH it judges signatures, the policies of callers and the roles of functions.
  const server = await startMiniStack({ env: { AUTH: 'true' } });
  return { emulator: { ...common, name: 'MiniStack', endpoint: server.endpoint }, stop: server.stop };
}

async function answers(address: string): Promise<void> {
  const health = await fetch(new URL('/_localstack/health', address)).catch((error: unknown) =>
    String(error),
  );
  if (typeof health === 'string' || !health.ok) {
    const reason = typeof health === 'string' ? health : `it answers ${health.status}`;
    throw new Error(
      `no LocalStack at ${address} (${reason}): start it, or name another address in LOCALSTACK_ENDPOINT`,
    );
  }
  await health.arrayBuffer();
}

/**
 * What AWS clients and the CDK need in their environment to speak with the emulator, and with nobody else.
 */
export const environmentOf = ({ endpoint, region, credentials }: Emulator): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_REGION: region,
  AWS_ENDPOINT_URL: endpoint,
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  CDK_DISABLE_VERSION_CHECK: '1',
  CDK_DISABLE_CLI_TELEMETRY: 'true',
  CI: 'true',
});

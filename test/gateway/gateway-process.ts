import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { s3Client } from '../../shared/storage/aws/clients.ts';
import { repository } from '../clients/client-program.ts';
import { createTable } from '../engines/aws-engine.ts';
import { testAccount } from '../support/dynamodb-local.ts';
import type { MiniStack } from '../support/ministack.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

/** A table and a bucket of their own on the emulator: what a deployed stack would have. */
export type Data = { readonly tableName: string; readonly bucketName: string };

export async function createData({ endpoint }: MiniStack): Promise<Data> {
  const options = { endpoint, ...testAccount };
  const bucketName = `millrace-${crypto.randomUUID()}`;
  const client = s3Client(options);
  await client.send(new CreateBucketCommand({ Bucket: bucketName }));
  client.destroy();
  return { tableName: await createTable(options), bucketName };
}

export type GatewayProcess = ServerProcess & { readonly bootstrap: string; readonly port: number };

/** A gateway in a process of its own; `given` as `npm run gateway --` takes them. */
export const startGatewayProcess = (
  emulator: MiniStack,
  { tableName, bucketName }: Data,
  ...given: string[]
): Promise<GatewayProcess> =>
  startStackGateway(emulator, '--table', tableName, '--bucket', bucketName, ...given);

/** The same, without a table and a bucket that are named for it. */
export async function startStackGateway(emulator: MiniStack, ...given: string[]): Promise<GatewayProcess> {
  const port = given.includes('--port') ? [] : ['--port', '0'];
  const server = await startServerProcess({
    name: 'the gateway',
    command: `${repository}cli/run.mjs`,
    arguments: ['gateway', ...port, ...given],
    cwd: repository,
    env: { ...process.env, ...emulator.environment },
    whenReady: (output) => /^millrace gateway ready kafka=(\S+)$/m.exec(output)?.[1],
    deadlineMs: 60_000,
    advice: 'Run npm run gateway and see.',
  });
  return { ...server, bootstrap: server.ready, port: Number(server.ready.split(':').at(-1)) };
}

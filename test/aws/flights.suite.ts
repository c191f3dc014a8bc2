import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { readBatchHeader } from '../../shared/records/record-batch.ts';
import { listAll } from '../../shared/storage/object-store.ts';
import { eventually } from '../support/eventually.ts';
import { root } from './cdk.ts';
import type { Deployment } from './deployment.ts';

type Report = { flights: number; airports: number; partitions: number; violations: string[] };

/** Runs the example as a user does. Throws with what it said when it ends with an error. */
async function runFlights(address: string, options: readonly string[]): Promise<Report> {
  const args = ['--import', 'tsx', 'examples/flights.ts', address, '--json', ...options];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [printed, said]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (part: Buffer) => printed.push(part));
  child.stderr.on('data', (part: Buffer) => said.push(part));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the example ended with ${code}:\n${Buffer.concat(said)}`);
  return JSON.parse(Buffer.concat(printed).toString()) as Report;
}

/** Records that lie in segment objects. */
async function rolledRecords(deployment: Deployment, topicId: string): Promise<number> {
  const stores = deployment.openStores();
  let records = 0;
  for await (const { key, sizeBytes } of listAll(stores.objects, `log/${topicId}/`)) {
    const bytes = await stores.objects.getRange(key, 0, sizeBytes);
    if (!bytes) continue;
    for (let position = 0; position < bytes.length; ) {
      const header = readBatchHeader(bytes, position);
      records += header.recordCount;
      position += header.sizeBytes;
    }
  }
  await stores.close();
  return records;
}

/** Real input through the deployed door: most of it is read back from segments in S3. */
export function flightsSuite(deployment: () => Deployment, options: readonly string[]): void {
  test('every flight comes back once, each airport in one partition, in the order sent', async () => {
    const door = await deployment().openDoor();
    try {
      const report = await runFlights(door.url, options);
      expect(report.violations).toEqual([]);
      expect(report.partitions).toBe(6);
      const stores = deployment().openStores();
      const topic = await stores.metadata.get({ pk: 'catalog', sk: 'topic#flights' });
      await stores.close();
      const records = await eventually(
        'most flights to be in segments',
        () => rolledRecords(deployment(), String(topic?.id)),
        (count) => count > report.flights / 2,
      );
      expect(records).toBeLessThanOrEqual(report.flights);
    } finally {
      await door.close();
    }
  }, 300_000);
}

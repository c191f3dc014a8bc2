import { randomUUID } from 'node:crypto';
import { CreateTableCommand, UpdateTimeToLiveCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { type ClientOptions, dynamoDbClient, s3Client } from '../../shared/storage/aws/clients.ts';
import { DynamoDbMetadataStore } from '../../shared/storage/aws/dynamodb-metadata-store.ts';
import { createMetadataTableInput, metadataTable } from '../../shared/storage/aws/metadata-table.ts';
import { awsThresholds, openAwsStores } from '../../shared/storage/aws/open-aws-stores.ts';
import { MemoryObjectStore } from '../../shared/storage/memory/memory-object-store.ts';
import { stagingByPut } from '../../shared/storage/staging-by-put.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import { testAccount } from '../support/dynamodb-local.ts';

/** A fresh table of the deployed form; answers its name. */
export async function createTable(options: ClientOptions): Promise<string> {
  const tableName = `millrace-${randomUUID()}`;
  const client = dynamoDbClient(options);
  await client.send(new CreateTableCommand(createMetadataTableInput(tableName)));
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: tableName });
  const expiry = { Enabled: true, AttributeName: metadataTable.ttl };
  await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: expiry }));
  client.destroy();
  return tableName;
}

async function createBucket(options: ClientOptions): Promise<string> {
  const bucketName = `millrace-${randomUUID()}`;
  const client = s3Client(options);
  await client.send(new CreateBucketCommand({ Bucket: bucketName }));
  client.destroy();
  return bucketName;
}

/** The AWS engine on a fresh table and bucket of the emulator at `endpoint`. */
export async function openOnEmulator(endpoint: string): Promise<Stores & { close(): Promise<void> }> {
  const options = { endpoint, ...testAccount };
  const [tableName, bucketName] = await Promise.all([createTable(options), createBucket(options)]);
  const doors = { clock: systemClock, random: systemRandom, log: silentLog };
  return openAwsStores({ ...options, ...doors, tableName, bucketName, objectPrefix: 'cluster/one/' });
}

/** DynamoDB with the objects in memory, for a server that has no S3. */
export async function openOnDynamoDb(endpoint: string): Promise<Stores & { close(): Promise<void> }> {
  const tableName = await createTable({ endpoint, ...testAccount });
  const client = dynamoDbClient({ endpoint, ...testAccount });
  const doors = { clock: systemClock, random: systemRandom };
  const metadata = new DynamoDbMetadataStore(client, { ...doors, tableName });
  const objects = new MemoryObjectStore(systemClock, systemRandom);
  const staging = stagingByPut(awsThresholds, metadata, objects, doors);
  return { metadata, objects, staging, close: async () => client.destroy() };
}

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { StagingThresholds } from '../staging.ts';
import { stagingByPut } from '../staging-by-put.ts';
import type { Stores } from '../stores.ts';
import { type ClientOptions, dynamoDbClient, s3Client } from './clients.ts';
import { DynamoDbMetadataStore } from './dynamodb-metadata-store.ts';
import { S3ObjectStore } from './s3-object-store.ts';

export type AwsStoresOptions = ClientOptions & {
  tableName: string;
  bucketName: string;
  /** Put before every object's key: empty (default), or ending with a slash. */
  objectPrefix?: string;
  clock: Clock;
  random: Random;
  log: Log;
};

/**
 * A head is charged whole with each update, by the KB, and one item takes 1,000 write units a second
 * (storage.md). Below 8 KB an item that expires by itself is cheaper than an object and its deletion.
 */
export const awsThresholds: StagingThresholds = {
  entryBytesMax: 160,
  itemBytesMax: 8_192,
  expires: true,
  groupEntriesMax: 32,
  groupBytesMax: 1_024,
  tailEntriesMax: 48,
  tailBytesMax: 2_048,
};

/**
 * The engine on DynamoDB and S3. Opens no connection: the first call does. Without `endpoint`, `region` and
 * `credentials` the AWS client takes what the environment says.
 */
export function openAwsStores(options: AwsStoresOptions): Stores & { close(): Promise<void> } {
  const { tableName, bucketName, objectPrefix = '', clock, random, log } = options;
  const dynamoDb = dynamoDbClient(options);
  const s3 = s3Client(options);
  const metadata = new DynamoDbMetadataStore(dynamoDb, { tableName, clock, random });
  const objects = new S3ObjectStore(s3, { bucketName, objectPrefix, clock, random });
  log.info('stores on AWS', { tableName, bucketName, objectPrefix, endpoint: options.endpoint ?? 'aws' });
  return {
    metadata,
    objects,
    staging: stagingByPut(awsThresholds, metadata, objects, { clock, random }),
    close: async () => {
      dynamoDb.destroy();
      s3.destroy();
    },
  };
}

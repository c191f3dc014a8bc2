import { type Clock, systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { Topics } from '../catalog/topics.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../log/partition-logs.ts';
import { openPortableCodecs } from '../records/codecs-portable.ts';
import type { RecordCodecs } from '../records/compression.ts';
import { openAwsStores } from '../storage/aws/open-aws-stores.ts';
import type { Stores } from '../storage/stores.ts';
import { openAwsLog } from './aws-log.ts';
import { keepTopicLonger } from './jobs.ts';
import { type AwsSettings, awsLimits, readAwsSettings } from './settings.ts';

/** What every function stands on: opened once for each environment that Lambda starts. */
export type AwsRuntime = {
  readonly settings: AwsSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly codecs: RecordCodecs;
  readonly stores: Stores;
  readonly logs: OpenPartitionLogs;
  readonly topics: Topics;
};

/** Other environments hear of a changed config this much later. */
const topicCacheMs = 5_000;
/** A function ends after 15 s, whatever its caller waits: it must have answered before. */
const throttledMsMax = 10_000;

/**
 * The log and the catalog on DynamoDB and S3. Throws `MissingSetting`. Opens no connection: the first call
 * does.
 */
export async function openAwsRuntime(): Promise<AwsRuntime> {
  const settings = readAwsSettings(process.env);
  const [clock, random] = [systemClock, systemRandom];
  const log = openAwsLog({
    clock,
    level: process.env.AWS_LAMBDA_LOG_LEVEL,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    write: writeLine,
  });
  const codecs = await openPortableCodecs();
  const { tableName, bucketName } = settings;
  const stores = openAwsStores({ tableName, bucketName, clock, random, log });
  const world = { stores, clock, random, log };
  const logs = openPartitionLogs({ ...world, codecs, settings: { throttledMsMax } });
  const topics = new Topics({
    ...world,
    settings: {
      defaultPartitions: 1,
      cacheMs: topicCacheMs,
      cacheElsewhereMs: topicCacheMs,
      messageBytesCap: awsLimits.batchBytesMax,
    },
    keepLonger: (topic) => keepTopicLonger(logs.context, topic),
  });
  return { ...world, settings, codecs, topics, logs };
}

/** Past Lambda's own console, which would wrap the line once more. */
export const writeLine = (line: string): void => {
  process.stdout.write(line);
};

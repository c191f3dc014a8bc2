import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { openAwsStores } from '../storage/aws/open-aws-stores.ts';
import { readStackOutputs, requiredOutputs } from './aws-stack.ts';
import { type GatewayRuntime, type GatewayRuntimeOptions, openGatewayRuntime } from './gateway-runtime.ts';

/** Which table and bucket, and where; region, endpoint and credentials default to the AWS environment. */
export type AwsDataOptions = {
  readonly tableName?: string;
  readonly bucketName?: string;
  /** A deployed stack whose outputs say what is not given. */
  readonly stack?: string;
  readonly region?: string;
  readonly endpoint?: string;
};

/** Neither named nor to be found. */
export class DataNotNamed extends Error {
  override name = 'DataNotNamed';
}

export type AwsGatewayOptions = AwsDataOptions &
  Omit<GatewayRuntimeOptions, 'stores' | 'clock' | 'random'> & { readonly log: Log };

/**
 * A broker in this process on DynamoDB and S3, with the rights of whoever runs it. Throws `DataNotNamed`,
 * `StackNotUsable`, or the store's error when table or bucket cannot be used.
 */
export async function openAwsGateway(options: AwsGatewayOptions): Promise<GatewayRuntime> {
  const world = { clock: systemClock, random: systemRandom, log: options.log };
  const data = await dataOf(options);
  const stores = openAwsStores({ ...data, ...placeOf(options), ...world });
  try {
    return await openGatewayRuntime({ ...options, ...world, stores });
  } catch (error) {
    await stores.close();
    throw error;
  }
}

const placeOf = ({ region, endpoint }: AwsDataOptions) => ({
  ...(region === undefined ? {} : { region }),
  ...(endpoint === undefined ? {} : { endpoint }),
});

/** What is named goes before what the stack says. */
async function dataOf(options: AwsDataOptions): Promise<{ tableName: string; bucketName: string }> {
  const { tableName, bucketName, stack } = options;
  if (tableName !== undefined && bucketName !== undefined) return { tableName, bucketName };
  if (stack === undefined) {
    throw new DataNotNamed('Name the stack (--stack), or its table and its bucket (--table, --bucket).');
  }
  const outputs = await readStackOutputs(stack, placeOf(options));
  const found = requiredOutputs(stack, outputs, ['TableName', 'BucketName']);
  return { tableName: tableName ?? found.TableName, bucketName: bucketName ?? found.BucketName };
}

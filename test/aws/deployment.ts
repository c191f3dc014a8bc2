import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { DeleteBucketPolicyCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { dynamoDbClient, s3Client } from '../../shared/storage/aws/clients.ts';
import { openAwsStores } from '../../shared/storage/aws/open-aws-stores.ts';
import type { OpenStores } from '../contract/engine.ts';
import { canShow } from './capabilities.ts';
import { type Context, deploy, destroy } from './cdk.ts';
import type { Emulator } from './emulator.ts';
import { openSigningProxy, type SigningProxy, type SigningProxyOptions } from './signing-proxy.ts';

/** A deployed stack with one Millrace. */
export type Deployment = {
  readonly stack: string;
  readonly tableName: string;
  readonly bucketName: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** The stores that its functions use, with the rights of whoever deployed it. */
  openStores(): OpenStores;
  /** A door on loopback that signs as `credentials` (default: whoever deployed) and passes on to the API. */
  openDoor(options?: DoorOptions): Promise<SigningProxy>;
  /** Invokes `pump` as the hourly rule does. Throws when it fails. */
  pumpHourly(): Promise<void>;
  hasData(): Promise<boolean>;
  destroy(): Promise<void>;
};

export type DoorOptions = {
  readonly credentials?: NonNullable<SigningProxyOptions['credentials']>;
  readonly isUnsigned?: boolean;
  /** Which of the addresses that the stack printed. */
  readonly output?: string;
};

/** Deploys with the CDK; `app` is another app than that of cdk.json, which prints the same outputs. */
export async function deployStack(
  emulator: Emulator,
  stack: string,
  context: Context,
  app?: string,
): Promise<Deployment> {
  const outputs = await deploy(emulator, stack, context, app);
  const { TableName: tableName = '', BucketName: bucketName = '' } = outputs;
  const client = { endpoint: emulator.endpoint, region: emulator.region, credentials: emulator.credentials };
  // The policy asks for TLS, and an emulator that judges policies would refuse every call.
  if (!canShow(emulator.name, 'encrypted transport')) {
    await s3Client(client).send(new DeleteBucketPolicyCommand({ Bucket: bucketName }));
  }
  const world = { clock: systemClock, random: systemRandom, log: silentLog };
  return {
    stack,
    tableName,
    bucketName,
    outputs,
    openStores: () => openAwsStores({ ...client, ...world, tableName, bucketName }),
    openDoor: (options = {}) => openSigningProxy(proxyOptions(emulator, outputs, options)),
    pumpHourly: () => invokePump(emulator, stack),
    hasData: () => hasData(client, tableName, bucketName),
    destroy: () => destroy(emulator, stack, context, app),
  };
}

/**
 * Emulators serve an API below a path of their own address, for hosts like AWS's cannot be resolved on
 * loopback.
 */
function proxyOptions(
  emulator: Emulator,
  outputs: Readonly<Record<string, string>>,
  { credentials = emulator.credentials, isUnsigned = false, output = 'Url' }: DoorOptions,
): SigningProxyOptions {
  const { hostname, pathname } = new URL(outputs[output] ?? '');
  const [id = '', service] = hostname.split('.');
  const stage = pathname === '/' ? '' : pathname;
  const common = {
    endpoint: emulator.endpoint,
    region: emulator.region,
    stagePrefix: stage,
    ...(isUnsigned ? {} : { credentials }),
  };
  return service === 'lambda-url'
    ? { ...common, service: 'lambda', pathPrefix: `/_aws/lambda-url/${id}` }
    : { ...common, service: 'execute-api', pathPrefix: `/_aws/execute-api/${id}${stage || '/$default'}` };
}

async function invokePump({ endpoint, region, credentials }: Emulator, stack: string): Promise<void> {
  const client = new LambdaClient({ endpoint, region, credentials, maxAttempts: 1 });
  const { Functions = [] } = await client.send(new ListFunctionsCommand({ MaxItems: 50 }));
  const name = Functions.map(({ FunctionName = '' }) => FunctionName).find(
    (name) => name.startsWith(`${stack}-`) && name.includes('PumpFunction'),
  );
  if (name === undefined) throw new Error(`no pump function of ${stack}`);
  const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
  const answer = await client.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }));
  client.destroy();
  if (answer.FunctionError) throw new Error(`pump failed: ${Buffer.from(answer.Payload ?? []).toString()}`);
}

async function hasData(
  client: Parameters<typeof s3Client>[0],
  tableName: string,
  bucketName: string,
): Promise<boolean> {
  const isThere = (call: Promise<unknown>): Promise<boolean> =>
    call.then(
      () => true,
      () => false,
    );
  const [table, bucket] = await Promise.all([
    isThere(dynamoDbClient(client).send(new DescribeTableCommand({ TableName: tableName }))),
    isThere(s3Client(client).send(new HeadBucketCommand({ Bucket: bucketName }))),
  ]);
  if (table !== bucket)
    throw new Error(`of table and bucket only one is there: ${table ? 'table' : 'bucket'}`);
  return table;
}

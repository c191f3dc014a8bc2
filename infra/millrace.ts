import { Tags } from 'aws-cdk-lib';
import type { EndpointConfiguration } from 'aws-cdk-lib/aws-apigateway';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable, PolicyDocument } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type FunctionName, settingNames } from '../shared/runtime/settings.ts';
import { Alarms, type Metrics, metricsOf } from './constructs/alarms.ts';
import { BrokerFunction } from './constructs/broker-function.ts';
import { checkTopicPattern, type Door, type Throttle } from './constructs/door.ts';
import { Drivers } from './constructs/drivers.ts';
import { emptyOnDestruction } from './constructs/empty-bucket.ts';
import { adoptData, type ExistingData } from './constructs/existing-data.ts';
import { FunctionUrlDoor } from './constructs/function-url-door.ts';
import { type GatewayMode, grantGateway } from './constructs/gateway-rights.ts';
import { HttpApiDoor, type Jwt } from './constructs/http-api-door.ts';
import { newLogBucket } from './constructs/log-bucket.ts';
import { newMetadataTable } from './constructs/metadata-table.ts';
import { RestApiDoor } from './constructs/rest-api-door.ts';
import { type Data, rightsOf, statementsOf, wildcardsOf } from './constructs/rights.ts';

export type MillraceProps = {
  /**
   * The door: `http` (API Gateway HTTP API, rights per topic), `rest` (REST API: WAF, private endpoints,
   * resource policies) or `functionUrl` (three function URLs, no price of their own). Default `http`.
   */
  readonly api?: 'http' | 'rest' | 'functionUrl';
  /**
   * What becomes of table and bucket when the stack is destroyed. Default `retain`; `destroy` is for tests.
   */
  readonly removal?: 'retain' | 'destroy';
  /** Take over what a destroyed stack left behind. */
  readonly existing?: ExistingData;
  /** A key of your own for table and bucket ($1 a month). Default: AWS's. */
  readonly encryptionKey?: IKey;
  /** Days for which table and objects can be brought back, 1 to 35. Default 7. */
  readonly recoveryDays?: number;
  /** Where six alarms report. Default: none ($0.10 a month each beyond ten an account). */
  readonly alarms?: ITopic | false;
  /** Reserved concurrency of each of produce, fetch, rest and control. Default: none. */
  readonly maxConcurrency?: number;
  /** Origins that browsers may call from. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** Default 1,000 requests a second, bursts of 500. Function URLs have no throttle: see `maxConcurrency`. */
  readonly throttle?: Throttle;
  /** `http` only: tokens of this issuer instead of IAM. */
  readonly jwt?: Jwt;
  /** `rest` only: names of API keys to make; calls then need one besides their IAM signature. */
  readonly apiKeys?: readonly string[];
  /** `rest` only: who may call from other accounts or through which endpoint. */
  readonly resourcePolicy?: PolicyDocument;
  /** `rest` only: e.g. a private endpoint. Default: regional. */
  readonly endpoint?: EndpointConfiguration;
  /** How long the functions' logs are kept. Default two weeks. */
  readonly logRetention?: RetentionDays;
};

/** Memory, time and purpose of each function. One CPU comes with 1,769 MB. */
const sizes: Readonly<
  Record<FunctionName, { memoryMb: number; timeoutSeconds: number; description: string }>
> = {
  produce: { memoryMb: 512, timeoutSeconds: 15, description: 'appends records' },
  fetch: { memoryMb: 512, timeoutSeconds: 15, description: 'reads records' },
  rest: { memoryMb: 512, timeoutSeconds: 29, description: 'everything else of the HTTP API' },
  control: { memoryMb: 512, timeoutSeconds: 29, description: 'all of Kafka but Produce and Fetch' },
  pump: { memoryMb: 256, timeoutSeconds: 60, description: 'starts the jobs that are due' },
  roll: { memoryMb: 1_769, timeoutSeconds: 900, description: 'moves batches into segments in S3' },
  retain: { memoryMb: 1_769, timeoutSeconds: 900, description: 'removes what retention lets go' },
  sweep: { memoryMb: 1_769, timeoutSeconds: 900, description: 'removes what nothing names' },
};

/**
 * A whole Millrace: a log with Kafka's semantics on Lambda, DynamoDB and S3, without anything that runs while
 * nothing flows. Nobody may call it until a grant says so.
 */
export class Millrace extends Construct {
  readonly table: ITable;
  readonly bucket: IBucket;
  /** Events and jobs that failed for good. */
  readonly failures: IQueue;
  /** The addresses, by the name under which a stack prints them. */
  readonly urls: Readonly<Record<string, string>>;
  /** The HTTP API, REST API or function URLs. */
  readonly door: Door;
  readonly functions: Readonly<Record<FunctionName, BrokerFunction>>;
  private readonly encryptionKey: IKey | undefined;
  private readonly metrics: Metrics;

  constructor(scope: Construct, id: string, props: MillraceProps = {}) {
    super(scope, id);
    checkProps(props);
    const recoveryDays = props.recoveryDays ?? 7;
    const { table, bucket } = this.newData(props, recoveryDays);
    this.table = table;
    this.bucket = bucket;
    this.encryptionKey = props.encryptionKey;
    const data = { table, bucket, ...(props.encryptionKey ? { encryptionKey: props.encryptionKey } : {}) };
    this.functions = this.newFunctions(props, data, recoveryDays);
    if (props.removal === 'destroy') this.emptyBucketAfterUse(props);
    const { pump, produce, roll, retain, sweep } = this.functions;
    const drivers = new Drivers(this, 'Drivers', { table, pump, jobs: [roll, retain, sweep] });
    this.failures = drivers.failures;
    this.door = this.newDoor(props);
    this.urls = this.door.urls;
    this.metrics = metricsOf({ table, failures: this.failures, pump, produce });
    if (props.alarms) new Alarms(this, 'Alarms', this.metrics, props.alarms);
    Tags.of(this).add('millrace:cluster', this.node.path);
  }

  private newData(props: MillraceProps, recoveryDays: number): { table: ITable; bucket: IBucket } {
    if (props.existing) return adoptData(this, props.existing, logRetentionOf(props));
    const common = {
      removal: props.removal ?? 'retain',
      recoveryDays,
      ...(props.encryptionKey ? { encryptionKey: props.encryptionKey } : {}),
    };
    const table = newMetadataTable(this, 'Table', common);
    const bucket = newLogBucket(this, 'Bucket', common);
    return { table, bucket };
  }

  /** On destruction what depends on another thing goes first: nobody writes while the bucket is emptied. */
  private emptyBucketAfterUse(props: MillraceProps): void {
    const emptying = emptyOnDestruction(this, this.bucket, logRetentionOf(props));
    for (const broker of Object.values(this.functions)) broker.function.node.addDependency(emptying);
  }

  private newFunctions(
    props: MillraceProps,
    data: Data,
    recoveryDays: number,
  ): Record<FunctionName, BrokerFunction> {
    const told = {
      [settingNames.tableName]: data.table.tableName,
      [settingNames.bucketName]: data.bucket.bucketName,
      [settingNames.recoveryDays]: String(recoveryDays),
    };
    const newFunction = (name: FunctionName, { environment, ...more }: MoreOfFunction = {}): BrokerFunction =>
      new BrokerFunction(this, capitalised(name), {
        name,
        ...sizes[name],
        statements: statementsOf(rightsOf[name], data),
        acknowledged: wildcardsOf(rightsOf[name], data),
        environment: { ...told, ...environment },
        logRetention: logRetentionOf(props),
        ...more,
      });
    const atDoor = {
      ...(props.maxConcurrency === undefined ? {} : { maxConcurrency: props.maxConcurrency }),
      // The other doors add these headers themselves.
      ...(props.api === 'rest' && props.corsOrigins?.length
        ? { environment: { [settingNames.corsOrigins]: props.corsOrigins.join(',') } }
        : {}),
    };
    const [roll, retain, sweep] = [newFunction('roll'), newFunction('retain'), newFunction('sweep')];
    const environment = {
      [settingNames.rollFunction]: roll.function.functionName,
      [settingNames.retainFunction]: retain.function.functionName,
      [settingNames.sweepFunction]: sweep.function.functionName,
    };
    return {
      produce: newFunction('produce', atDoor),
      fetch: newFunction('fetch', atDoor),
      rest: newFunction('rest', atDoor),
      control: newFunction('control', atDoor),
      pump: newFunction('pump', { environment }),
      ...{ roll, retain, sweep },
    };
  }

  private newDoor(props: MillraceProps): Door {
    const { produce, fetch, rest } = this.functions;
    const common = {
      functions: { produce, fetch, rest },
      throttle: props.throttle ?? { rateLimit: 1_000, burstLimit: 500 },
      corsOrigins: props.corsOrigins ?? [],
    };
    switch (props.api ?? 'http') {
      case 'http':
        return new HttpApiDoor(this, 'Door', { ...common, ...(props.jwt ? { jwt: props.jwt } : {}) });
      case 'rest':
        return new RestApiDoor(this, 'Door', {
          ...common,
          apiKeys: props.apiKeys ?? [],
          ...(props.resourcePolicy ? { policy: props.resourcePolicy } : {}),
          ...(props.endpoint ? { endpoint: props.endpoint } : {}),
        });
      case 'functionUrl':
        return new FunctionUrlDoor(this, 'Door', common);
    }
  }

  /**
   * Lets a principal produce: to every topic, to one, or to those that a name ending in `*` begins. On
   * function URLs only to every topic.
   */
  grantProduce(grantee: IGrantable, topic = '*'): Grant {
    return this.door.grantProduce(grantee, checkTopicPattern(topic));
  }

  /** Lets a principal read topics and their records; `topic` as in `grantProduce`. */
  grantConsume(grantee: IGrantable, topic = '*'): Grant {
    return this.door.grantConsume(grantee, checkTopicPattern(topic));
  }

  /** Lets a principal call everything: create, change and delete topics, produce and read. */
  grantManage(grantee: IGrantable): Grant {
    return this.door.grantManage(grantee);
  }

  /**
   * Lets a principal run a Kafka gateway. `direct`: it holds rights on table and bucket; `invoke`: it may
   * invoke three functions and nothing else. Either way it is trusted like a broker.
   */
  grantGateway(grantee: IGrantable, mode: GatewayMode = 'direct'): Grant {
    const { table, bucket, encryptionKey, functions } = this;
    return grantGateway(
      grantee,
      mode,
      { table, bucket, ...(encryptionKey ? { encryptionKey } : {}) },
      functions,
    );
  }

  /**
   * Milliseconds since the oldest page that should be in a segment and is not was written. Reported while one
   * waits.
   */
  metricOldestUnrolledPageAge(): Metric {
    return this.metrics.oldestUnrolledPageAge;
  }

  /** Writes that DynamoDB refused because one key got too many. */
  metricThrottledWrites(): Metric {
    return this.metrics.throttledWrites;
  }

  metricTransactionConflicts(): Metric {
    return this.metrics.transactionConflicts;
  }

  /** Milliseconds by which the table's stream is read late. */
  metricStreamIteratorAge(): Metric {
    return this.metrics.streamIteratorAge;
  }

  /** Messages in the dead-letter queue. */
  metricFailures(): Metric {
    return this.metrics.failures;
  }

  metricProduceErrors(): Metric {
    return this.metrics.produceErrors;
  }
}

type MoreOfFunction = { environment?: Record<string, string>; maxConcurrency?: number };

const logRetentionOf = ({ logRetention = RetentionDays.TWO_WEEKS }: MillraceProps): RetentionDays =>
  logRetention;

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Refuses props that contradict each other, rather than leaving one without effect. */
function checkProps(props: MillraceProps): void {
  const api = props.api ?? 'http';
  const { recoveryDays = 7 } = props;
  if (!Number.isInteger(recoveryDays) || recoveryDays < 1 || recoveryDays > 35) {
    throw new Error(`recoveryDays must be a whole number from 1 to 35, not ${recoveryDays}`);
  }
  if (props.jwt && api !== 'http') throw new Error(`jwt is for api: "http", not "${api}"`);
  for (const name of ['apiKeys', 'resourcePolicy', 'endpoint'] as const) {
    if (props[name] && api !== 'rest') throw new Error(`${name} is for api: "rest", not "${api}"`);
  }
  if (props.throttle && api === 'functionUrl') {
    throw new Error('function URLs have no throttle: use maxConcurrency');
  }
  if (props.existing && props.removal === 'destroy') {
    throw new Error('existing data is never destroyed with the stack: leave removal out');
  }
  if (props.corsOrigins?.includes('*')) {
    throw new Error('corsOrigins must name origins: "*" would open the API to every web page');
  }
}

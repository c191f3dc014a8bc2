import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  Effect,
  type IGrantable,
  type IPrincipal,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type FunctionName, settingNames } from '../../shared/runtime/settings.ts';
import { functionBundle } from '../function-bundles.ts';
import { type Data, rightsOf, statementsOf, wildcardsOf } from './rights.ts';

export type BrokerFunctionProps = {
  readonly name: FunctionName;
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly data: Data;
  readonly recoveryDays: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
  /** Reserved concurrency: not set by default, because new accounts have small quotas. */
  readonly maxConcurrency?: number;
};

/** One function of the broker: its bundle, its role with the rights of `rights.ts`, its log group. */
export class BrokerFunction extends Construct implements IGrantable {
  readonly function: LambdaFunction;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: BrokerFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.newRole(props, logGroup);
    this.grantPrincipal = role;
    this.function = new LambdaFunction(this, 'Function', {
      description: `Millrace: ${props.description}`,
      code: Code.fromAsset(functionBundle(props.name), { exclude: ['*.map'] }),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      role,
      logGroup,
      // Start and report lines are INFO: at a million calls they would cost nearly as much as the calls.
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      applicationLogLevelV2: ApplicationLogLevel.WARN,
      environment: {
        [settingNames.tableName]: props.data.table.tableName,
        [settingNames.bucketName]: props.data.bucket.bucketName,
        [settingNames.recoveryDays]: String(props.recoveryDays),
        ...props.environment,
      },
      ...(props.maxConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.maxConcurrency }),
    });
  }

  /** No managed policy: the basic one may write to every log group of the account. */
  private newRole(props: BrokerFunctionProps, logGroup: LogGroup): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Millrace: what ${props.name} may do`,
    });
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    const rights = rightsOf[props.name];
    for (const statement of statementsOf(rights, props.data)) role.addToPolicy(statement);
    const reason = 'The function may touch what lies below this prefix, and nothing else in the bucket.';
    for (const id of wildcardsOf(rights, props.data)) Validations.of(role).acknowledge({ id, reason });
    return role;
  }
}

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
import type { BundleName } from '../../shared/runtime/settings.ts';
import { functionBundle } from '../function-bundles.ts';

export type BrokerFunctionProps = {
  readonly name: BundleName;
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** All that it may do, besides writing its log. */
  readonly statements: readonly PolicyStatement[];
  /** Findings of cdk-nag on these statements, each with the reason why it may stand. */
  readonly acknowledged: readonly { readonly id: string; readonly reason: string }[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
  /** Reserved concurrency: not set by default, because new accounts have small quotas. */
  readonly maxConcurrency?: number;
};

/** One function: its bundle, its role, its log group. */
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
      environment: { ...props.environment },
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
    for (const statement of props.statements) role.addToPolicy(statement);
    if (props.acknowledged.length > 0) Validations.of(role).acknowledge(...props.acknowledged);
    return role;
  }
}

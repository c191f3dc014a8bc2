import { CustomResource, Duration } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { DeploymentTask } from '../../shared/runtime/settings.ts';
import { BrokerFunction } from './broker-function.ts';

export type DeploymentTaskProps = {
  readonly task: DeploymentTask;
  /** What the task needs to know; a change runs it again. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
  readonly acknowledged: readonly { readonly id: string; readonly reason: string }[];
  readonly logRetention: RetentionDays;
};

/**
 * What CloudFormation cannot do by itself, done by a function of ours while a stack is deployed or destroyed.
 * The CDK has functions for such things; theirs bring managed policies and a runtime of their own.
 */
export function newDeploymentTask(scope: Construct, id: string, props: DeploymentTaskProps): CustomResource {
  const { task, parameters, ...rights } = props;
  const { function: lambda } = new BrokerFunction(scope, `${id}Function`, {
    ...rights,
    name: 'deployment',
    description: `for deployments: ${task}`,
    memoryMb: 256,
    timeoutSeconds: 600,
    environment: {},
  });
  return new CustomResource(scope, id, {
    serviceToken: lambda.functionArn,
    resourceType: `Custom::Millrace${task}`,
    properties: { task, ...parameters },
    serviceTimeout: Duration.minutes(15),
  });
}

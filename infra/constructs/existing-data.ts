import { Stack } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { newDeploymentTask } from './deployment-function.ts';

/** What a destroyed stack left behind, by the names that it printed. */
export type ExistingData = {
  readonly tableName: string;
  readonly bucketName: string;
  /** Saves the lookup of the table's stream during deployment. */
  readonly tableStreamArn?: string;
};

/** Takes over a table and a bucket, as they are: their settings stay those of the stack that made them. */
export function adoptData(
  scope: Construct,
  existing: ExistingData,
  logRetention: RetentionDays,
): { table: ITable; bucket: IBucket } {
  const { tableName, bucketName } = existing;
  const tableStreamArn = existing.tableStreamArn ?? lookUpStream(scope, tableName, logRetention);
  return {
    table: Table.fromTableAttributes(scope, 'Table', { tableName, tableStreamArn }),
    bucket: Bucket.fromBucketName(scope, 'Bucket', bucketName),
  };
}

/** The stream's ARN ends in the time of its making, so it does not follow from the table's name. */
function lookUpStream(scope: Construct, tableName: string, logRetention: RetentionDays): string {
  const tableArn = Stack.of(scope).formatArn({
    service: 'dynamodb',
    resource: 'table',
    resourceName: tableName,
  });
  const found = newDeploymentTask(scope, 'FindStream', {
    task: 'FindStream',
    parameters: { tableName },
    statements: [new PolicyStatement({ actions: ['dynamodb:DescribeTable'], resources: [tableArn] })],
    acknowledged: [],
    logRetention,
  });
  return found.getAttString('streamArn');
}

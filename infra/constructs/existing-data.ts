import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';

/** What a destroyed stack left behind, by the names that it printed. */
export type ExistingData = {
  readonly tableName: string;
  readonly bucketName: string;
  /** Saves the lookup of the table's stream during deployment. */
  readonly tableStreamArn?: string;
};

/**
 * Takes over a table and a bucket. They are used as they are: their settings stay those of the stack that
 * made them.
 */
export function adoptData(
  scope: Construct,
  existing: ExistingData,
  encryptionKey?: IKey,
): { table: ITable; bucket: IBucket } {
  const tableStreamArn = existing.tableStreamArn ?? lookUpStream(scope, existing.tableName);
  return {
    table: Table.fromTableAttributes(scope, 'Table', {
      tableName: existing.tableName,
      tableStreamArn,
      ...(encryptionKey ? { encryptionKey } : {}),
    }),
    bucket: Bucket.fromBucketName(scope, 'Bucket', existing.bucketName),
  };
}

/** The stream's ARN ends in the time of its making, so it does not follow from the table's name. */
function lookUpStream(scope: Construct, tableName: string): string {
  const stack = Stack.of(scope);
  const tableArn = stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: tableName });
  const call = {
    service: 'dynamodb',
    action: 'DescribeTable',
    parameters: { TableName: tableName },
    outputPaths: ['Table.LatestStreamArn'],
    physicalResourceId: PhysicalResourceId.fromResponse('Table.LatestStreamArn'),
  };
  const lookup = new AwsCustomResource(scope, 'TableStream', {
    onUpdate: call,
    installLatestAwsSdk: false,
    policy: AwsCustomResourcePolicy.fromStatements([
      new PolicyStatement({ actions: ['dynamodb:DescribeTable'], resources: [tableArn] }),
    ]),
    logGroup: new LogGroup(scope, 'TableStreamLog', {
      retention: RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    }),
  });
  acknowledgeLookupFunction(stack);
  return lookup.getResponseField('Table.LatestStreamArn');
}

/** The CDK's own function for such calls; its role and runtime are the CDK's. */
function acknowledgeLookupFunction(stack: Stack): void {
  const provider = stack.node.children.find((child) =>
    child.node.id.startsWith('AWS679f53fac002430cb0da5b7982bd2287'),
  );
  if (!provider) return;
  const reason =
    "The CDK's own lookup function runs during deployments only; the CDK chooses its role and runtime.";
  const managed = 'arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
  Validations.of(provider).acknowledge(
    { id: `AwsSolutions-IAM4[Policy::${managed}]`, reason },
    { id: 'AwsSolutions-L1', reason },
  );
}

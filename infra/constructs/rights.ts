import { CfnElement, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { type FunctionName, keyPatterns, objectPrefixes } from '../../shared/runtime/settings.ts';

type ItemFamily = keyof typeof keyPatterns;
type ObjectFamily = keyof typeof objectPrefixes;
type ItemAction =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem';
type ObjectAction = 'GetObject' | 'PutObject' | 'DeleteObject';

/** What one function may do with the data, by family of keys. What is not named is not allowed. */
export type Rights = {
  readonly items: { readonly [family in ItemFamily]?: readonly ItemAction[] };
  readonly objects: { readonly [family in ObjectFamily]?: readonly ObjectAction[] };
  /**
   * Without the right to list, S3 answers 403 instead of 404 for an object that is gone, and a reader could
   * not tell "read again from a new head" from "not allowed".
   */
  readonly listObjects: boolean;
};

const read = ['GetItem', 'BatchGetItem', 'Query'] as const;

/** Least privilege, function by function. A test holds the template against this table, line by line. */
export const rightsOf: Readonly<Record<FunctionName, Rights>> = {
  // Stage, sequence, page out, move idle producers out, find a repeated batch again. It deletes nothing: a
  // staged batch that nobody names is left to the sweep.
  produce: {
    items: {
      catalog: ['GetItem', 'Query'],
      heads: ['GetItem', 'BatchGetItem', 'UpdateItem'],
      index: [...read, 'PutItem'],
      payloads: ['PutItem'],
    },
    objects: { staged: ['PutObject'], segments: ['GetObject'] },
    listObjects: true,
  },
  fetch: {
    items: { catalog: ['GetItem', 'Query'], heads: ['GetItem', 'BatchGetItem'], index: read, payloads: read },
    objects: { staged: ['GetObject'], segments: ['GetObject'] },
    listObjects: true,
  },
  // Everything of the HTTP API that is not a plain produce or fetch: topics with their heads, configs,
  // offsets, batches; consumer groups and the consumers of the HTTP API.
  rest: {
    items: {
      catalog: [...read, 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
      heads: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
      index: [...read, 'PutItem', 'UpdateItem'],
      // Updated when records are to be kept longer than they were staged for.
      payloads: [...read, 'PutItem', 'UpdateItem'],
      groups: [...read, 'PutItem', 'UpdateItem', 'DeleteItem'],
      instances: ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    },
    objects: { staged: ['GetObject', 'PutObject'], segments: ['GetObject'] },
    listObjects: true,
  },
  // Every call of Kafka's protocol but Produce and Fetch: topics, configs, offsets, groups, producer ids. It
  // appends nothing.
  control: {
    items: {
      catalog: [...read, 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
      heads: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
      index: [...read, 'PutItem', 'UpdateItem'],
      payloads: [...read, 'UpdateItem'],
      groups: [...read, 'PutItem', 'UpdateItem', 'DeleteItem'],
    },
    objects: { staged: ['GetObject'], segments: ['GetObject'] },
    listObjects: true,
  },
  // Looks at what is due and starts the jobs; it touches no data.
  pump: {
    items: { catalog: ['GetItem', 'Query'], heads: ['BatchGetItem'], index: ['Query'] },
    objects: {},
    listObjects: false,
  },
  roll: {
    items: {
      catalog: ['GetItem', 'Query'],
      heads: ['GetItem', 'BatchGetItem', 'UpdateItem'],
      index: [...read, 'PutItem', 'UpdateItem', 'DeleteItem'],
      payloads: [...read, 'DeleteItem'],
    },
    objects: { staged: ['GetObject'], segments: ['GetObject', 'PutObject'] },
    listObjects: true,
  },
  retain: {
    items: {
      catalog: ['GetItem', 'Query'],
      heads: ['GetItem', 'BatchGetItem', 'UpdateItem'],
      index: [...read, 'UpdateItem', 'DeleteItem'],
    },
    objects: { segments: ['DeleteObject'] },
    listObjects: false,
  },
  // Removes what nothing names, what deleted topics left, and what of groups ran out.
  sweep: {
    items: {
      catalog: [...read, 'PutItem', 'DeleteItem'],
      heads: ['GetItem', 'BatchGetItem', 'UpdateItem', 'DeleteItem'],
      index: [...read, 'UpdateItem', 'DeleteItem'],
      payloads: ['Query', 'DeleteItem'],
      groups: [...read, 'PutItem', 'UpdateItem', 'DeleteItem'],
      instances: ['GetItem', 'Query', 'DeleteItem'],
    },
    objects: { staged: ['GetObject', 'DeleteObject'], segments: ['DeleteObject'] },
    listObjects: true,
  },
};

export type Data = { readonly table: ITable; readonly bucket: IBucket; readonly encryptionKey?: IKey };

/** The rights as policy statements, one for each family of keys. */
export function statementsOf(rights: Rights, { table, bucket, encryptionKey }: Data): PolicyStatement[] {
  const statements: PolicyStatement[] = [];
  for (const [family, actions] of entriesOf(rights.items)) {
    statements.push(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [table.tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [keyPatterns[family]] } },
      }),
    );
  }
  for (const [family, actions] of entriesOf(rights.objects)) {
    statements.push(
      new PolicyStatement({
        actions: actions.map((action) => `s3:${action}`),
        resources: [bucket.arnForObjects(`${objectPrefixes[family]}*`)],
      }),
    );
  }
  if (rights.listObjects) {
    statements.push(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }));
  }
  return encryptionKey ? [...statements, keyStatement(encryptionKey, bucket)] : statements;
}

/** The only wildcards of the rights, as cdk-nag names them: they end a key prefix inside the one bucket. */
export const wildcardsOf = (rights: Rights, { bucket }: Data): { id: string; reason: string }[] =>
  entriesOf(rights.objects).map(([family]) => ({
    id: objectsFinding(bucket, `${objectPrefixes[family]}*`),
    reason: 'The function may touch what lies below this prefix, and nothing else in the bucket.',
  }));

/** The id of cdk-nag's finding on a pattern of objects of a bucket. */
export function objectsFinding(bucket: IBucket, pattern: string): string {
  const element = bucket.node.defaultChild;
  const arn =
    element && CfnElement.isCfnElement(element)
      ? `<${Stack.of(bucket).getLogicalId(element)}.Arn>`
      : `arn:<AWS::Partition>:s3:::${bucket.bucketName}`;
  return `AwsSolutions-IAM5[Resource::${arn}/${pattern}]`;
}

/** The key is used by DynamoDB and S3 on the function's behalf, never by the function itself. */
const keyStatement = (key: IKey, bucket: IBucket): PolicyStatement => {
  const { region, urlSuffix } = Stack.of(bucket);
  const services = ['dynamodb', 's3'].map((service) => `${service}.${region}.${urlSuffix}`);
  return new PolicyStatement({
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': services } },
  });
};

const entriesOf = <K extends string, V>(table: { readonly [key in K]?: readonly V[] }): [K, readonly V[]][] =>
  Object.entries(table) as [K, readonly V[]][];

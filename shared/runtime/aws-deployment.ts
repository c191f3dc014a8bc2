import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { dynamoDbClient, s3Client } from '../storage/aws/clients.ts';
import type { DeploymentTask } from './settings.ts';

/** What CloudFormation sends for a custom resource. */
export type DeploymentEvent = {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, string>>;
};

/** What the template may ask of the resource. */
type Attributes = Readonly<Record<string, string>>;
type Task = (event: DeploymentEvent) => Promise<Attributes>;

/**
 * Does the task and tells CloudFormation how it went. A failure is told too: else it would wait for its own
 * timeout.
 */
export async function handleDeployment(event: DeploymentEvent): Promise<void> {
  const outcome = await attempt(event);
  const { StackId, RequestId, LogicalResourceId } = event;
  const PhysicalResourceId = event.PhysicalResourceId ?? `${LogicalResourceId}-${RequestId}`;
  const answer = { ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  const { ok, status } = await fetch(event.ResponseURL, {
    method: 'PUT',
    // The address is signed for an empty content type.
    headers: { 'content-type': '' },
    body: JSON.stringify(answer),
  });
  if (!ok) throw new Error(`CloudFormation did not take the answer: ${status}`);
}

type Outcome = { Status: 'SUCCESS'; Data: Attributes } | { Status: 'FAILED'; Reason: string };

async function attempt(event: DeploymentEvent): Promise<Outcome> {
  const task = tasks[event.ResourceProperties.task as DeploymentTask];
  try {
    if (!task) throw new Error(`no such task: ${event.ResourceProperties.task}`);
    return { Status: 'SUCCESS', Data: await task(event) };
  } catch (error) {
    return { Status: 'FAILED', Reason: String(error).slice(0, 1_000) };
  }
}

const tasks: Readonly<Record<DeploymentTask, Task>> = {
  FindStream: async ({ RequestType, ResourceProperties: { tableName } }) => {
    if (RequestType === 'Delete') return {};
    const { Table } = await dynamoDbClient().send(new DescribeTableCommand({ TableName: tableName }));
    if (Table?.LatestStreamArn && Table.StreamSpecification?.StreamEnabled) {
      return { streamArn: Table.LatestStreamArn };
    }
    throw new Error(`the table ${tableName} has no stream: was it made by this construct?`);
  },
  EmptyBucket: async ({ RequestType, ResourceProperties: { bucketName } }) => {
    if (RequestType === 'Delete' && bucketName) await emptyBucket(bucketName);
    return {};
  },
};

/** Every version of every object, and every delete marker. */
async function emptyBucket(bucketName: string): Promise<void> {
  const client = s3Client();
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucketName }));
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    if (found.length === 0) return;
    const Objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucketName, Delete: { Objects, Quiet: true } }),
    );
    if (Errors.length > 0) throw new Error(`${Errors[0]?.Key} was not deleted: ${Errors[0]?.Message}`);
  }
}

import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testAccount } from '../support/dynamodb-local.ts';
import { type MiniStack, startMiniStack } from '../support/ministack.ts';
import { startGatewayProcess, startStackGateway } from './gateway-process.ts';
import { openKafka } from './kafkajs.ts';

let emulator: MiniStack;
beforeAll(async () => {
  emulator = await startMiniStack();
});
afterAll(() => emulator?.stop());

/** What a gateway needs of a stack: a table, a bucket, and their names among the outputs. */
const template = (outputs: object): string =>
  JSON.stringify({
    Resources: {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
        },
      },
      Bucket: { Type: 'AWS::S3::Bucket' },
    },
    Outputs: outputs,
  });

async function createStack(name: string, outputs: object): Promise<void> {
  const client = new CloudFormationClient({ endpoint: emulator.endpoint, ...testAccount });
  await client.send(new CreateStackCommand({ StackName: name, TemplateBody: template(outputs) }));
  await waitUntilStackCreateComplete(
    { client, minDelay: 1, maxDelay: 1, maxWaitTime: 30 },
    { StackName: name },
  );
  client.destroy();
}

describe('a gateway that is told the name of a stack', () => {
  test('finds its table and its bucket', async () => {
    await createStack('Shop', {
      TableName: { Value: { Ref: 'Table' } },
      BucketName: { Value: { Ref: 'Bucket' } },
    });
    const gateway = await startStackGateway(emulator, '--stack', 'Shop');
    const producer = openKafka([gateway.bootstrap]).producer();
    await producer.connect();
    await producer.send({ topic: 'orders', acks: -1, messages: [{ key: 'k', value: 'v'.repeat(20_000) }] });
    await producer.disconnect();
    await gateway.stop();
  });

  test('says what is wrong with one that is not there, or is of something else', async () => {
    await expect(startStackGateway(emulator, '--stack', 'Nobody')).rejects.toThrow('stack Nobody');
    await createStack('Other', { Name: { Value: { Ref: 'Table' } } });
    const other = startStackGateway(emulator, '--stack', 'Other');
    await expect(other).rejects.toThrow('no output TableName, BucketName');
  });

  test('says so when a table that was named is not there', async () => {
    const data = { tableName: 'nobody', bucketName: 'nobody' };
    await expect(startGatewayProcess(emulator, data)).rejects.toThrow('nobody');
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { handleDeployment } from '../../../shared/runtime/aws-deployment.ts';

/** Runs the handler against a listener in CloudFormation's place, and answers what it was told. */
async function told(properties: Record<string, string>, status = 200) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(`${request.method} ${Buffer.concat(parts)}`);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await handleDeployment({
      RequestType: 'Create',
      ResponseURL: `http://127.0.0.1:${port}/answer`,
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Resource',
      ResourceProperties: properties,
    });
    return bodies;
  } finally {
    server.close();
  }
}

const bodyOf = ([text]: string[]) => JSON.parse((text ?? '').replace(/^PUT /, ''));

test('CloudFormation is told that a task is done', async () => {
  expect(bodyOf(await told({ task: 'EmptyBucket', bucketName: 'b' }))).toEqual({
    Status: 'SUCCESS',
    Data: {},
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Resource',
    PhysicalResourceId: 'Resource-request',
  });
});

test('CloudFormation is told of a failure at once, rather than left to its timeout', async () => {
  const answer = bodyOf(await told({ task: 'Nonsense' }));
  expect(answer).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining('no such task: Nonsense'),
  });
});

test('an answer that was not taken is a failure of the function, so that it runs again', async () => {
  await expect(told({ task: 'EmptyBucket' }, 503)).rejects.toThrow('503');
});

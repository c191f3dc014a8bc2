import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { systemRandom } from '../../../shared/base/random.ts';
import { openAwsStores } from '../../../shared/storage/aws/open-aws-stores.ts';
import { add, set } from '../../../shared/storage/metadata-store.ts';

const key = { pk: 'p', sk: 's' };
const change = { changes: [add(['next'], 1n)] };
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const stops: (() => Promise<unknown>)[] = [];
beforeAll(() => void vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true'));
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Stores whose requests all go to one server that answers as told, once the request has arrived whole. */
async function storesOn(answer: Answer) {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => {
      requests.push(String(request.headers['x-amz-target'] ?? `${request.method} ${request.url}`));
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  const stores = openOn(`http://127.0.0.1:${port}`);
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { ...stores, server, requests };
}

function openOn(endpoint: string) {
  const stores = openAwsStores({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    answerMsMax: 300,
    tableName: 'millrace',
    bucketName: 'logs',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  stops.push(() => stores.close());
  return stores;
}

const json =
  (status: number, body: string): Answer =>
  (_, response) => {
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': body.length,
    });
    response.end(body);
  };
const failure = (status: number, type: string): Answer =>
  json(status, JSON.stringify({ __type: type, message: 'x' }));

describe('a write over a connection that fails', () => {
  test.each<[string, Answer]>([
    ['is reset after the request has arrived', (request) => request.socket.resetAndDestroy()],
    ['is closed without an answer', (request) => request.socket.destroy()],
    ['stays silent', () => {}],
    ['answers 500', failure(500, 'InternalServerError')],
    ['answers 503 without a body', json(503, '')],
    ['answers what cannot be read', json(200, '{"Attributes":')],
    [
      'breaks within the answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('{"Attributes"', () => request.socket.destroy());
      },
    ],
  ])('that %s: it was sent once, and is unknown', async (_, answer) => {
    const { metadata, requests } = await storesOn(answer);
    await expect(metadata.update(key, change)).rejects.toMatchObject({ kind: 'unknown' });
    expect(requests).toEqual(['DynamoDB_20120810.UpdateItem']);
  });

  test('that cannot be opened was surely not applied', async () => {
    const { server, metadata } = await storesOn(json(200, '{}'));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(metadata.update(key, change)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/cannot be reached .*ECONNREFUSED/),
    });
  });

  test('whose idle connections the service closes goes out on a new one', async () => {
    const closed: Promise<unknown>[] = [];
    const { metadata, requests } = await storesOn((request, response) => {
      closed.push(new Promise((resolve) => request.socket.once('close', resolve)));
      response.on('finish', () => request.socket.end());
      json(200, '{}')(request, response);
    });
    for (let count = 0; count < 5; count++) {
      await metadata.put(key, { count: BigInt(count) });
      await Promise.all(closed);
    }
    expect(requests).toHaveLength(5);
  });
});

describe('what the service refuses', () => {
  test.each([
    ['ConditionalCheckFailedException', 'conditionFailed'],
    ['ValidationException', 'unavailable'],
    ['ResourceNotFoundException', 'unavailable'],
    ['AccessDeniedException', 'unavailable'],
  ])('%s is %s, sent once', async (type, kind) => {
    const { metadata, requests } = await storesOn(failure(400, `com.amazonaws.dynamodb.v20120810#${type}`));
    await expect(metadata.update(key, { changes: [set(['a'], 1n)] })).rejects.toMatchObject({ kind });
    expect(requests).toHaveLength(1);
  });

  test('throttling is tried again for a while', async () => {
    const { metadata, requests } = await storesOn(failure(400, 'com.amazonaws.dynamodb#ThrottlingException'));
    await expect(metadata.put(key, {})).rejects.toMatchObject({ kind: 'throttled' });
    expect(requests.length).toBeGreaterThan(1);
  });
});

describe('reads and objects', () => {
  /** Fails the first time, then answers. */
  const onceBroken = (then: Answer): Answer => {
    let count = 0;
    return (request, response) => (count++ === 0 ? void request.socket.destroy() : then(request, response));
  };

  test('a read over a connection that breaks is asked again', async () => {
    const { metadata, requests } = await storesOn(onceBroken(json(200, '{"Item":{"n":{"N":"1"}}}')));
    expect(await metadata.get(key)).toEqual({ n: 1n });
    expect(requests).toHaveLength(2);
  });

  test('a range cut short is asked again', async () => {
    let count = 0;
    const { objects } = await storesOn((request, response) => {
      response.writeHead(206, { 'content-length': 4, 'content-range': 'bytes 0-3/4' });
      if (count++ > 0) response.end('data');
      else response.write('da', () => request.socket.destroy());
    });
    expect(Buffer.from((await objects.getRange('a', 0, 4)) ?? []).toString()).toBe('data');
    expect(count).toBe(2);
  });

  test('a put of an object over a connection that breaks is sent again: it is the same put', async () => {
    const { objects, requests } = await storesOn(onceBroken((_, response) => void response.end()));
    await objects.put('log/a', Uint8Array.of(1));
    expect(requests).toEqual(['PUT /logs/log/a?x-id=PutObject', 'PUT /logs/log/a?x-id=PutObject']);
  });
});

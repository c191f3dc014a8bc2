import { describe, expect, test } from 'vitest';
import { openRestDoor, type RestDoor, testClusterId } from '../../support/rest-door.ts';

const path = `/v3/clusters/${testClusterId}/topics/orders/records`;

async function openDoor(settings = {}): Promise<RestDoor> {
  const door = await openRestDoor({ settings });
  await door.deps.topics.create({ name: 'orders', partitions: 1 });
  return door;
}

/** A body that the test sends piece by piece. */
function openBody(): {
  stream: ReadableStream<Uint8Array>;
  send(piece: string | Uint8Array): void;
  end(): void;
  fail(): void;
} {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (own) => {
      controller = own;
    },
  });
  return {
    stream,
    send: (piece) => controller?.enqueue(Buffer.from(piece)),
    end: () => controller?.close(),
    fail: () => controller?.error(new Error('the connection broke')),
  };
}

const post = (door: RestDoor, body: ReadableStream<Uint8Array>): Promise<Response> =>
  door.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    duplex: 'half',
  } as RequestInit);

const codesIn = (text: string): number[] =>
  [...text.matchAll(/"error_code":(\d+)/g)].map(([, code]) => Number(code));

describe('a stream of records', () => {
  test('answers each record before the next is sent, for as long as the caller likes', async () => {
    const door = await openDoor();
    const body = openBody();
    const answering = post(door, body.stream);
    body.send('{"value":{"type":"STRING","da');
    body.send('ta":"0"}}');
    const response = await answering;
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let offset = 0; offset < 20; offset++) {
      const { value } = await reader.read();
      expect(JSON.parse(Buffer.from(value as Uint8Array).toString())).toMatchObject({
        error_code: 200,
        offset,
      });
      if (offset < 19) body.send(`{"value":{"type":"STRING","data":"${offset + 1}"}}`);
    }
    body.end();
    expect((await reader.read()).done).toBe(true);
  });

  test('a character that is cut in two is whole again', async () => {
    const door = await openDoor();
    const body = openBody();
    const answering = post(door, body.stream);
    const bytes = Buffer.from('{"value":{"type":"STRING","data":"é😀"}}');
    for (let at = 0; at < bytes.length; at++) body.send(bytes.subarray(at, at + 1));
    body.end();
    expect(await (await answering).json()).toMatchObject({ error_code: 200, value: { size: 6 } });
  });

  test('what was answered is stored when the connection breaks; the rest is not', async () => {
    const door = await openDoor();
    const body = openBody();
    const answering = post(door, body.stream);
    body.send('{"value":null}{"value":null}{"val');
    const response = await answering;
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(codesIn(Buffer.from((await reader.read()).value as Uint8Array).toString())).toEqual([200, 200]);
    body.fail();
    expect(codesIn(Buffer.from((await reader.read()).value as Uint8Array).toString())).toEqual([400]);
    expect((await reader.read()).done).toBe(true);
    const { highWatermark } = await offsets(door);
    expect(highWatermark).toBe(2n);
  });

  test('a record larger than the limit of a body ends the stream with 413', async () => {
    const door = await openDoor({ bodyBytesMax: 1000 });
    const body = openBody();
    const answering = post(door, body.stream);
    body.send('{"value":null}');
    const response = await answering;
    body.send(`{"value":{"type":"STRING","data":"${'x'.repeat(2000)}`);
    body.send('"}}');
    body.end();
    expect(codesIn(await response.text())).toEqual([200, 413]);
  });

  test('a caller that goes away stops the reading', async () => {
    const door = await openDoor();
    const body = openBody();
    const answering = post(door, body.stream);
    body.send('{"value":null}');
    const response = await answering;
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    const cancelled = reader.cancel();
    body.send('{"value":null}');
    body.end();
    await cancelled;
    expect((await offsets(door)).highWatermark).toBeLessThanOrEqual(2n);
  });
});

async function offsets(door: RestDoor) {
  const topic = await door.deps.topics.find('orders');
  return door.logs.offsets({ topicId: topic?.topicId ?? '', partition: 0 });
}

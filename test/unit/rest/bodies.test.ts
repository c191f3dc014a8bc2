import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { v2Json } from '../../support/rest-client.ts';
import { openRestDoor, type RestDoor, testClusterId } from '../../support/rest-door.ts';

const bytesMax = 10_000;

async function openDoor(): Promise<RestDoor> {
  const door = await openRestDoor({ settings: { bodyBytesMax: bytesMax } });
  await door.deps.topics.create({ name: 'orders', partitions: 1 });
  return door;
}

const post = (door: RestDoor, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  door.request('/topics/orders', {
    method: 'POST',
    headers: { 'content-type': v2Json, ...headers },
    body,
    duplex: 'half',
  } as RequestInit);

const bodyOf = (bytes: number): string => `{"records":[{"value":"${'x'.repeat(bytes - 26)}"}]}`;

/** Counts how much of an endless body was taken. */
function endlessBody(): { stream: ReadableStream<Uint8Array>; taken: () => number } {
  let taken = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      taken += 1000;
      controller.enqueue(new Uint8Array(1000).fill(0x20));
    },
  });
  return { stream, taken: () => taken };
}

describe('the limit of a body', () => {
  test('a body of the limit is taken, one byte more is 413 and stores nothing', async () => {
    const door = await openDoor();
    expect((await post(door, bodyOf(bytesMax))).status).toBe(200);
    const response = await post(door, bodyOf(bytesMax + 1));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error_code: 413 });
    const { highWatermark } = await door.logs.offsets({
      topicId: (await door.deps.topics.find('orders'))?.topicId ?? '',
      partition: 0,
    });
    expect(highWatermark).toBe(1n);
  });

  test('a body of unknown length is counted as it comes, and not read for ever', async () => {
    const door = await openDoor();
    const { stream, taken } = endlessBody();
    expect((await post(door, stream)).status).toBe(413);
    expect(taken()).toBeLessThan(10 * bytesMax);
  });

  test('what gzip becomes counts too', async () => {
    const door = await openDoor();
    const gzip = { 'content-encoding': 'gzip' };
    expect((await post(door, gzipSync(bodyOf(bytesMax)), gzip)).status).toBe(200);
    expect((await post(door, gzipSync(Buffer.alloc(50_000_000, 0x20)), gzip)).status).toBe(413);
  });

  test('a stream that inflates without end stops at its first record', async () => {
    const door = await openDoor();
    const bomb = gzipSync(
      Buffer.concat([Buffer.from('{"value":{"type":"STRING","data":"'), Buffer.alloc(20_000_000, 0x61)]),
    );
    const response = await door.request(`/v3/clusters/${testClusterId}/topics/orders/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: bomb,
    });
    expect(await response.json()).toMatchObject({ error_code: 413 });
  });

  test('other routes have the limit too', async () => {
    const door = await openDoor();
    for (const path of ['/topics', '/topics/orders/configs:alter', '/topics/orders/records:batch']) {
      const response = await door.request(`/v3/clusters/${testClusterId}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: ' '.repeat(bytesMax + 1),
      });
      expect(response.status).toBe(413);
    }
  });
});

describe('the limit of an answer where the platform has one', () => {
  const settings = { platformAnswerBytesMax: 20_000 };
  const endOf = async (door: RestDoor): Promise<bigint> => {
    const topic = await door.deps.topics.find('orders');
    return (await door.logs.offsets({ topicId: topic?.topicId ?? '', partition: 0 })).highWatermark;
  };

  test('more records than can be answered are refused before any is stored', async () => {
    const door = await openRestDoor({ settings });
    await door.deps.topics.create({ name: 'orders', partitions: 1 });
    const bodyOfMany = (count: number): string => `{"records":[${Array(count).fill('{}').join()}]}`;
    const response = await post(door, bodyOfMany(100));
    expect(response.status).toBe(200);
    expect((await response.text()).length).toBeLessThanOrEqual(20_000);
    expect((await post(door, bodyOfMany(101))).status).toBe(413);
    expect(await endOf(door)).toBe(100n);
  });

  test('a stream is answered as far as it can be, and no further stored', async () => {
    const door = await openRestDoor({ settings });
    await door.deps.topics.create({ name: 'orders', partitions: 1 });
    const response = await door.request(`/v3/clusters/${testClusterId}/topics/orders/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}'.repeat(1000),
    });
    const text = await response.text();
    expect(text.length).toBeLessThanOrEqual(20_000);
    const codes = [...text.matchAll(/"error_code":(\d+)/g)].map(([, code]) => Number(code));
    expect(codes.at(-1)).toBe(413);
    expect(BigInt(codes.filter((code) => code === 200).length)).toBe(await endOf(door));
    expect(codes.length).toBeGreaterThan(5);
  });
});

describe('charsets', () => {
  test('ISO-8859-1 is read as what it says', async () => {
    const door = await openDoor();
    const body = Buffer.from('{"records":[{"value":"é"}]}', 'latin1');
    expect((await post(door, body, { 'content-type': `${v2Json}; charset=ISO-8859-1` })).status).toBe(200);
    const stream = await door.request(`/v3/clusters/${testClusterId}/topics/orders/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=latin1' },
      body: Buffer.from('{"value":{"type":"STRING","data":"é"}}', 'latin1'),
    });
    expect(await stream.json()).toMatchObject({ value: { size: 2 } });
  });
});

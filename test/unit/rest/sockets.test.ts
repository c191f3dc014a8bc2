import http from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, start } from '../../../local/start.ts';
import { v2Json } from '../../support/rest-client.ts';

let running: Running;
let cluster: string;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  running = await start();
  const clusters = (await (await fetch(`${running.restUrl}/v3/clusters`)).json()) as {
    data: { cluster_id: string }[];
  };
  cluster = `/v3/clusters/${clusters.data[0]?.cluster_id}`;
  const body = JSON.stringify({ topic_name: 'orders' });
  await fetch(`${running.restUrl}${cluster}/topics`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
});
afterAll(async () => {
  agent.destroy();
  await running.stop();
});

const open = (
  path: string,
  headers: http.OutgoingHttpHeaders,
  answered: (answer: http.IncomingMessage) => void,
) => {
  const { hostname, port } = new URL(running.restUrl);
  return http.request({ agent, hostname, port, path, method: 'POST', headers }, answered);
};

const send = (
  body: Buffer,
  headers: http.OutgoingHttpHeaders,
): Promise<{ status: number; socket: unknown }> =>
  new Promise((resolve, reject) => {
    const request = open('/topics/orders', { 'content-type': v2Json, ...headers }, (answer) => {
      const { socket } = answer;
      answer.resume().on('end', () => resolve({ status: answer.statusCode ?? 0, socket }));
    });
    request.on('error', reject).end(body);
  });

const small = Buffer.from('{"records":[{"value":1}]}');
const large = Buffer.alloc(40 * 1024 * 1024, 0x20);

describe('over a socket', () => {
  test.each([
    ['of known length', { 'content-length': large.length }],
    ['that comes in chunks', { 'transfer-encoding': 'chunked' }],
  ])('a body %s over the limit is 413, and its connection goes on', async (_what, headers) => {
    const refused = await send(large, headers);
    const next = await send(small, { 'content-length': small.length });
    expect([refused.status, next.status]).toEqual([413, 200]);
    expect(next.socket).toBe(refused.socket);
  });

  test('HTTP/1.0, which knows no Host, is served', async () => {
    const { hostname, port } = new URL(running.restUrl);
    const socket = connect(Number(port), hostname);
    socket.write('GET /topics HTTP/1.0\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\["orders"\]$/);
  });

  test('a record of a stream is answered before the next one is sent', async () => {
    const offsets: number[] = [];
    await new Promise<void>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
      const request = open(`${cluster}/topics/orders/records`, headers, (answer) => {
        answer.on('data', (piece: Buffer) => {
          offsets.push((JSON.parse(piece.toString()) as { offset: number }).offset);
          if (offsets.length < 5) request.write('{"value":null}');
          else request.end();
        });
        answer.on('end', resolve);
      });
      request.on('error', reject).write('{"value":null}');
    });
    expect(offsets).toEqual(Array.from({ length: 5 }, (_, index) => (offsets[0] as number) + index));
  });
});

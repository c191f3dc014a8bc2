import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { danglingRefs, type OpenApi } from '../support/openapi-check.ts';
import { type RestClient, v2, v2Binary, v2Json } from '../support/rest-client.ts';

export function restConventionsSuite(rest: () => RestClient): void {
  const records = { records: [{ value: 1 }] };

  test.each([
    [undefined, v2],
    ['*/*', v2],
    ['application/*', v2],
    [v2, v2],
    ['application/json', 'application/json'],
    [`${v2};q=0.1, application/json`, 'application/json'],
    ['text/html, application/json;q=0.9, */*;q=0.1', 'application/json'],
    ['APPLICATION/JSON', 'application/json'],
    ['application/json;q=0, */*', v2],
  ])('Accept %s answers %s', async (accept, type) => {
    const reply = await rest().get('/topics', accept);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, type]);
  });

  test.each([
    'text/html',
    'application/xml',
    'application/vnd.kafka.avro.v2+json',
    'application/json;q=0',
    'image/*',
    'foo',
  ])('Accept %s is 406', async (accept) => {
    const topic = await rest().newTopic();
    for (const path of [
      '/topics',
      '/v3/clusters',
      `/topics/${topic}/partitions/0/records?offset=0&timeout=0`,
    ]) {
      expect((await rest().get(path, accept)).status).toBe(406);
    }
    const reply = await rest().post(`/topics/${topic}`, records, v2Json, { accept });
    expect(reply.status).toBe(406);
    expect((await rest().read(topic)).json).toEqual([]);
  });

  test.each([
    `${v2Json}; charset=utf-8`,
    `${v2Json};charset=UTF-8`,
    `${v2Json}; charset="utf-8"`,
    `${v2Json}; CHARSET="Utf-8"`,
    v2Json.toUpperCase(),
    `${v2Json} ; x=y`,
    'application/json; charset=iso-8859-1',
  ])('Content-Type %s is read', async (type) => {
    const topic = await rest().newTopic();
    expect((await rest().post(`/topics/${topic}`, records, type)).status).toBe(200);
  });

  test.each([
    '',
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    v2,
    'application/vnd.kafka.avro.v2+json',
    'application/vnd.kafka.protobuf.v2+json',
    'application/vnd.kafka.jsonschema.v2+json',
    'nonsense',
  ])('Content-Type %j is 415 and stores nothing', async (type) => {
    const topic = await rest().newTopic();
    expect((await rest().post(`/topics/${topic}`, records, type)).status).toBe(415);
    expect((await rest().post(`/topics/${topic}/partitions/0`, records, type)).status).toBe(415);
    expect((await rest().read(topic)).json).toEqual([]);
  });

  test('an unknown charset is 4xx and stores nothing', async () => {
    const topic = await rest().newTopic();
    for (const charset of ['deadbeef', 'utf-16', '__proto__']) {
      expect((await rest().post(`/topics/${topic}`, records, `${v2Json}; charset=${charset}`)).status).toBe(
        400,
      );
      const path = `${await rest().cluster()}/topics/${topic}/records`;
      expect((await rest().post(path, '{}', `application/json; charset=${charset}`)).status).toBe(400);
    }
    expect((await rest().read(topic)).json).toEqual([]);
  });

  test.each([
    '/nope',
    '/v3',
    '/v3/nope',
    '/topics/a/b',
    '/topics/a/partitions/0/nope',
    '//topics',
    '/topics//',
    '/Topics',
    '/consumers',
  ])('the path %s is 404 with code 404', async (path) => {
    const reply = await rest().get(path);
    expect([reply.status, reply.json.error_code, reply.headers.get('content-type')]).toEqual([
      404,
      404,
      'application/json',
    ]);
  });

  test.each([
    ['DELETE', '/topics'],
    ['PUT', '/topics/a'],
    ['POST', '/brokers'],
    ['PATCH', '/'],
    ['DELETE', '/topics/a/partitions/0/offsets'],
    ['GET', '/producers'],
    ['POST', '/v3/clusters'],
    ['PUT', '/v3/clusters/x/topics/a'],
    ['GET', '/v3/clusters/x/topics/a/records'],
    ['GET', '/v3/clusters/x/topics/a/configs:alter'],
  ])('%s %s is 405 and says what is allowed', async (method, path) => {
    const reply = await rest().send(method, path);
    expect([reply.status, reply.json.error_code]).toEqual([405, 405]);
    expect(reply.headers.get('allow')).toMatch(/GET|POST/);
  });

  test('HEAD answers as GET does, without a body', async () => {
    const reply = await rest().send('HEAD', '/topics');
    expect([reply.status, reply.text, reply.headers.get('content-type')]).toEqual([200, '', v2]);
    expect((await rest().send('HEAD', '/topics/no-such-topic')).status).toBe(404);
  });

  test('OPTIONS says what is allowed', async () => {
    if (!rest().traits.passesOptions) return;
    const reply = await rest().send('OPTIONS', '/topics');
    expect(reply.status).toBe(204);
    expect(reply.headers.get('allow')).toContain('GET');
  });

  test('a larger answer is compressed when asked for, a small one or one not asked for is not', async () => {
    const topic = await rest().newTopic();
    await rest().produce(
      topic,
      Array.from({ length: 50 }, () => ({ value: 'x'.repeat(100) })),
    );
    const path = `/topics/${topic}/partitions/0/records?offset=0&timeout=0`;
    const asked = { headers: { accept: v2Json, 'accept-encoding': 'gzip' } };
    const reply = await rest().send('GET', path, asked);
    expect(reply.json).toHaveLength(50);
    const plain = await rest().send('GET', path, {
      headers: { accept: v2Json, 'accept-encoding': 'gzip;q=0, identity' },
    });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  test('a gzip body is read; a broken one is 400, another encoding 415', async () => {
    const topic = await rest().newTopic();
    const body = gzipSync(JSON.stringify(records));
    expect(gunzipSync(body).length).toBeGreaterThan(0);
    const send = (bytes: Uint8Array, encoding: string) =>
      rest().post(`/topics/${topic}`, bytes, v2Json, { 'content-encoding': encoding });
    expect((await send(body, 'gzip')).status).toBe(200);
    expect((await send(body, 'GZIP')).status).toBe(200);
    expect((await send(Buffer.from(JSON.stringify(records)), 'identity')).status).toBe(200);
    expect((await send(Buffer.from(JSON.stringify(records)), 'gzip')).status).toBe(400);
    expect((await send(body.subarray(0, body.length - 9), 'gzip')).status).toBe(400);
    expect((await send(body, 'br')).status).toBe(415);
    expect((await send(body, 'gzip, gzip')).status).toBe(415);
    if (!rest().traits.keepsBytesOfJson) return;
    const path = `${await rest().cluster()}/topics/${topic}/records`;
    const stream = await rest().post(path, gzipSync('{"value":null}{"value":null}'), 'application/json', {
      'content-encoding': 'gzip',
    });
    expect(stream.values.map(({ error_code }) => error_code)).toEqual([200, 200]);
    expect((await rest().read(topic)).json).toHaveLength(5);
  });

  test('the API document has no dangling reference and declares every path parameter', async () => {
    const { json } = await rest().get('/openapi');
    expect((await rest().get('/openapi.json')).json).toEqual(json);
    const document = json as OpenApi;
    expect(document.openapi).toMatch(/^3\./);
    expect(danglingRefs(document)).toEqual([]);
    for (const [path, operations] of Object.entries(document.paths)) {
      const wanted = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      for (const [method, operation] of Object.entries(operations)) {
        const { parameters } = operation as unknown as {
          parameters: { name: string; in: string; required: boolean }[];
        };
        const inPath = parameters.filter((parameter) => parameter.in === 'path' && parameter.required);
        expect(
          inPath.map(({ name }) => name),
          `${method} ${path}`,
        ).toEqual(wanted);
      }
    }
    const ids = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).map(
        (operation) => (operation as unknown as { operationId: string }).operationId,
      ),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(document.paths)).toContain('/topics/{topic}/partitions/{partition}/records');
    expect(v2Binary).toMatch(/binary/);
  });
}

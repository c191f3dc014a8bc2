import { describe, expect, test } from 'vitest';
import {
  answer,
  type HttpEvent,
  httpHandler,
  MalformedRequest,
  receive,
} from '../../../shared/runtime/aws-http-events.ts';
import { caller, functionUrlEvent, httpApiEvent, restApiEvent } from '../../support/http-events.ts';

const doors: [name: string, event: HttpEvent, host: string, prefix: string][] = [
  ['REST API', restApiEvent(), 'abc123.execute-api.eu-west-1.amazonaws.com', '/prod'],
  ['HTTP API', httpApiEvent(), 'abc123.execute-api.eu-west-1.amazonaws.com', ''],
  ['function URL', functionUrlEvent(), 'xyz.lambda-url.eu-west-1.on.aws', ''],
];

describe('the three event shapes', () => {
  test.each(doors)(
    '%s: method, path, body, caller and base address arrive',
    async (_, event, host, prefix) => {
      const received = receive(event);
      expect(received.request.method).toBe('POST');
      expect(received.request.url).toBe(`https://${host}/topics/orders`);
      expect(await received.request.text()).toBe('{"records":[{"value":1}]}');
      expect(received.caller).toEqual({ principal: `User:${caller}` });
      expect(received.baseUrl).toBe(`https://${host}${prefix}`);
    },
  );

  test('repeated headers of payload 1.0 and joined ones of 2.0 read the same', () => {
    const accept = (event: HttpEvent) => receive(event).request.headers.get('accept')?.replaceAll(' ', '');
    expect(accept(restApiEvent())).toBe('application/vnd.kafka.v2+json,application/json;q=0.5');
    expect(accept(restApiEvent())).toBe(accept(httpApiEvent()));
  });

  test('payload 1.0 without the lists falls back to the single values', () => {
    const {
      multiValueHeaders: _,
      multiValueQueryStringParameters: __,
      ...event
    } = restApiEvent({
      queryStringParameters: { offset: 'earliest' },
    });
    const { request } = receive(event);
    expect(request.headers.get('content-type')).toBe('application/json');
    expect(new URL(request.url).searchParams.get('offset')).toBe('earliest');
  });

  test('cookies of payload 2.0 become one header', () => {
    const { request } = receive(httpApiEvent({ cookies: ['a=1', 'b=2'] }));
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
  });

  test('a binary body comes back byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
    const body = Buffer.from(bytes).toString('base64');
    for (const event of [restApiEvent, httpApiEvent, functionUrlEvent]) {
      const { request } = receive(event({ body, isBase64Encoded: true }));
      expect(new Uint8Array(await request.arrayBuffer())).toEqual(bytes);
    }
  });

  test('a GET has no body, whatever the event says', () => {
    expect(receive(restApiEvent({ httpMethod: 'GET', body: '' })).request.body).toBeNull();
  });

  test('a header that HTTP does not allow is a malformed request', () => {
    expect(() => receive(httpApiEvent({ headers: { 'x-name': 'a\nb' } }))).toThrow(MalformedRequest);
  });
});

describe('the query', () => {
  const values = (event: HttpEvent) => [...new URL(receive(event).request.url).searchParams];

  test('decoded values of payload 1.0 survive, repeats and signs included', () => {
    const event = restApiEvent({ multiValueQueryStringParameters: { t: ['a&b', 'c=d+e', '%41'], u: [''] } });
    expect(values(event)).toEqual([
      ['t', 'a&b'],
      ['t', 'c=d+e'],
      ['t', '%41'],
      ['u', ''],
    ]);
  });

  test('the raw query of payload 2.0 is taken as it is', () => {
    const event = httpApiEvent({ rawQueryString: 'offset=2026-11-01T00%3A00%3A00%2B01%3A00&offset=%26' });
    expect(values(event)).toEqual([
      ['offset', '2026-11-01T00:00:00+01:00'],
      ['offset', '&'],
    ]);
  });
});

describe('the path', () => {
  const path = (event: HttpEvent) => new URL(receive(event).request.url).pathname;
  const v2 = (rawPath: string) => path(httpApiEvent({ rawPath }));

  test('an escaped path stays as it is, a decoded one is escaped again', () => {
    expect(path(functionUrlEvent({ rawPath: '/consumers/a%2Fb%20c' }))).toBe('/consumers/a%2Fb%20c');
    expect(v2('/consumers/a b')).toBe('/consumers/a%20b');
    expect(v2('/consumers/ä')).toBe('/consumers/%C3%A4');
    expect(v2('/consumers/100%')).toBe('/consumers/100%25');
    expect(v2('/v3/clusters/c/topics/t/records:batch')).toBe('/v3/clusters/c/topics/t/records:batch');
  });

  test('a decoded question mark, hash, backslash or second slash cannot make another path of it', () => {
    expect(v2('/topics/a?b')).toBe('/topics/a%3Fb');
    expect(v2('/topics/a#b')).toBe('/topics/a%23b');
    expect(v2('/topics/a\\b')).toBe('/topics/a%5Cb');
    expect(v2('//topics/a')).toBe('//topics/a');
  });

  test.each([
    '/topics/orders/../secret',
    '/topics/./a',
    '/topics/%2e%2E/a',
    '/topics/.%2e',
    '/..',
    'topics',
    '',
  ])('IAM judged %s as it came, so it is refused', (rawPath) => {
    expect(() => v2(rawPath)).toThrow(MalformedRequest);
    expect(() => path(restApiEvent({ path: rawPath }))).toThrow(MalformedRequest);
  });

  test('the stage is taken away only where the event kept it in the path', () => {
    const restApi = (path: string, full: string) => {
      const event = restApiEvent();
      return restApiEvent({ path, requestContext: { ...event.requestContext, path: full } });
    };
    expect(path(restApi('/topics', '/prod/topics'))).toBe('/topics');
    expect(path(restApi('/prod/topics', '/prod/topics'))).toBe('/topics');
    expect(path(restApi('/prod', '/prod'))).toBe('/');
    expect(path(restApi('/prod/topics', '/prod/prod/topics'))).toBe('/prod/topics');
    expect(path(restApi('/production', '/production'))).toBe('/production');
  });

  test('a named stage of an HTTP API is part of its raw path', () => {
    const event = httpApiEvent({ rawPath: '/live/topics' });
    const named = { ...event, requestContext: { ...event.requestContext, stage: 'live' } };
    expect(path(named)).toBe('/topics');
    expect(receive(named).baseUrl).toBe('https://abc123.execute-api.eu-west-1.amazonaws.com/live');
  });
});

describe('who calls', () => {
  const principal = (event: HttpEvent) => receive(event).caller.principal;
  const v2 = (authorizer: object | null) => {
    const event = httpApiEvent();
    return principal({ ...event, requestContext: { ...event.requestContext, authorizer } });
  };

  test('a JWT names its subject, an API key its id, nothing names nobody', () => {
    expect(v2({ jwt: { claims: { sub: 'ada' } } })).toBe('User:ada');
    const { requestContext } = restApiEvent();
    const key = { ...requestContext, identity: { userArn: null, apiKeyId: 'k1' } };
    expect(principal(restApiEvent({ requestContext: key }))).toBe('User:k1');
    expect(v2(null)).toBe('User:ANONYMOUS');
  });

  test('neither headers nor body nor query can name a caller', () => {
    const headers = { 'x-amzn-iam-user-arn': 'arn:root', authorization: 'Basic cm9vdDo=', principal: 'root' };
    const event = httpApiEvent({ headers, rawQueryString: 'principal=root', body: '{"principal":"root"}' });
    expect(principal(event)).toBe(`User:${caller}`);
  });
});

describe('answers', () => {
  const json = (body: string, headers: Record<string, string> = {}) =>
    new Response(body, { headers: { 'content-type': 'application/vnd.kafka.v2+json', ...headers } });

  test('text stays text in both payload versions', async () => {
    expect(await answer(httpApiEvent(), json('{"ä":1}'))).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/vnd.kafka.v2+json' },
      body: '{"ä":1}',
      isBase64Encoded: false,
    });
    expect((await answer(restApiEvent(), json('{}'))).multiValueHeaders).toEqual({
      'content-type': ['application/vnd.kafka.v2+json'],
    });
  });

  test('bytes, and whatever is compressed, go as base64', async () => {
    const bytes = Uint8Array.of(0, 255, 1);
    for (const headers of [{ 'content-type': 'application/octet-stream' }, { 'content-encoding': 'gzip' }]) {
      const given = await answer(httpApiEvent(), new Response(bytes, { headers }));
      expect(given.isBase64Encoded).toBe(true);
      expect(Buffer.from(given.body, 'base64')).toEqual(Buffer.from(bytes));
    }
  });

  test('cookies stay apart from each other', async () => {
    const response = () => {
      const given = new Response('', { status: 200 });
      given.headers.append('set-cookie', 'a=1');
      given.headers.append('set-cookie', 'b=2');
      return given;
    };
    expect((await answer(httpApiEvent(), response())).cookies).toEqual(['a=1', 'b=2']);
    expect((await answer(restApiEvent(), response())).multiValueHeaders?.['set-cookie']).toEqual([
      'a=1',
      'b=2',
    ]);
  });

  test('a 204 has an empty body', async () => {
    const given = await answer(httpApiEvent(), new Response(null, { status: 204 }));
    expect(given).toMatchObject({ statusCode: 204, body: '', isBase64Encoded: false });
  });

  test('the largest answer fits into the 6 MB of a function, even if every byte is a quote', async () => {
    const given = await answer(httpApiEvent(), json('"'.repeat(4_400_000)));
    expect(given.statusCode).toBe(200);
    expect(Buffer.byteLength(JSON.stringify(given))).toBeLessThan(6 * 1024 * 1024);
  });

  test('a larger answer is an error that says so', async () => {
    const given = await answer(httpApiEvent(), json('x'.repeat(4_400_001)));
    expect(given.statusCode).toBe(500);
    expect(JSON.parse(given.body)).toEqual({
      error_code: 500,
      message: expect.stringContaining('4400001 bytes'),
    });
  });
});

describe('the handler', () => {
  const options = { afterAnswer: async () => {}, failed: () => {} };

  test('a malformed request is a 400 and never reaches the app', async () => {
    let served = 0;
    const serve = async () => {
      served++;
      return new Response();
    };
    const given = await httpHandler({ ...options, serve })(httpApiEvent({ rawPath: '/topics/../x' }));
    expect(given.statusCode).toBe(400);
    expect(JSON.parse(given.body)).toMatchObject({ error_code: 400 });
    expect(served).toBe(0);
  });

  test('an unexpected failure is told to the log and hidden from the client', async () => {
    const heard: unknown[] = [];
    const serve = () => Promise.reject(new Error('table secret-name is on fire'));
    const broken = httpHandler({ ...options, serve, failed: (error) => heard.push(error) });
    const given = await broken(httpApiEvent());
    expect(given.statusCode).toBe(500);
    expect(given.body).not.toContain('secret-name');
    expect(heard).toEqual([new Error('table secret-name is on fire')]);
  });

  test('what goes on behind the answer ends before the answer leaves', async () => {
    const order: string[] = [];
    const body = new ReadableStream({
      pull(controller) {
        order.push('body read');
        controller.close();
      },
    });
    const serve = async () => new Response(body);
    const afterAnswer = async () => void order.push('drained');
    await httpHandler({ ...options, serve, afterAnswer })(httpApiEvent());
    expect(order).toEqual(['body read', 'drained']);
  });
});

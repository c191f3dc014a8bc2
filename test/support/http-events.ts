import type { HttpEventV1, HttpEventV2 } from '../../shared/runtime/aws-http-events.ts';

/** Events as AWS documents and sends them, shortened to what matters; tests change single members. */

export const caller = 'arn:aws:sts::111122223333:assumed-role/orders-producer/session';

/** API Gateway REST, payload 1.0, IAM authorisation, stage `prod`. */
export const restApiEvent = (changes: Partial<HttpEventV1> = {}): HttpEventV1 => ({
  ...{ resource: '/{proxy+}', pathParameters: { proxy: 'topics/orders' }, stageVariables: null },
  httpMethod: 'POST',
  path: '/topics/orders',
  headers: { Host: 'abc123.execute-api.eu-west-1.amazonaws.com', 'Content-Type': 'application/json' },
  multiValueHeaders: {
    Host: ['abc123.execute-api.eu-west-1.amazonaws.com'],
    'Content-Type': ['application/json'],
    'X-Forwarded-Proto': ['https'],
    Accept: ['application/vnd.kafka.v2+json', 'application/json;q=0.5'],
  },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  body: '{"records":[{"value":1}]}',
  isBase64Encoded: false,
  requestContext: {
    ...{ resourcePath: '/{proxy+}', httpMethod: 'POST', accountId: '111122223333', apiId: 'abc123' },
    path: '/prod/topics/orders',
    stage: 'prod',
    domainName: 'abc123.execute-api.eu-west-1.amazonaws.com',
    identity: { userArn: caller, apiKeyId: null },
  },
  ...changes,
});

/** API Gateway HTTP, payload 2.0, IAM authorisation, the stage `$default`. */
export const httpApiEvent = (changes: Partial<HttpEventV2> = {}): HttpEventV2 => ({
  ...{ routeKey: 'POST /topics/{topic}', pathParameters: { topic: 'orders' } },
  version: '2.0',
  rawPath: '/topics/orders',
  rawQueryString: '',
  headers: {
    accept: 'application/vnd.kafka.v2+json,application/json;q=0.5',
    'content-type': 'application/json',
    host: 'abc123.execute-api.eu-west-1.amazonaws.com',
    'x-forwarded-proto': 'https',
  },
  body: '{"records":[{"value":1}]}',
  isBase64Encoded: false,
  requestContext: {
    ...{ accountId: '111122223333', apiId: 'abc123', routeKey: 'POST /topics/{topic}', requestId: 'r-1' },
    stage: '$default',
    domainName: 'abc123.execute-api.eu-west-1.amazonaws.com',
    http: { method: 'POST' },
    authorizer: { iam: { userArn: caller } },
  },
  ...changes,
});

/**
 * A function URL: payload 2.0, always `$default`, the path still escaped, the body in base64 unless it is
 * known text.
 */
export const functionUrlEvent = (changes: Partial<HttpEventV2> = {}): HttpEventV2 =>
  httpApiEvent({
    body: Buffer.from('{"records":[{"value":1}]}').toString('base64'),
    isBase64Encoded: true,
    headers: {
      'content-type': 'application/vnd.kafka.json.v2+json',
      host: 'xyz.lambda-url.eu-west-1.on.aws',
      'x-forwarded-proto': 'https',
    },
    requestContext: {
      ...{ routeKey: '$default', apiId: 'xyz', domainPrefix: 'xyz' },
      stage: '$default',
      domainName: 'xyz.lambda-url.eu-west-1.on.aws',
      http: { method: 'POST' },
      authorizer: { iam: { userArn: caller } },
    },
    ...changes,
  });

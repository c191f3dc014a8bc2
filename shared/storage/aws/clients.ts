import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';

export type ClientOptions = {
  /** Where an emulator listens; AWS's own endpoint, or what `AWS_ENDPOINT_URL` says, if absent. */
  endpoint?: string;
  /** Default: what the environment says. */
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** How long an answer may take before it is given up; default 5 s for DynamoDB, 30 s for S3. */
  answerMsMax?: number;
};

/**
 * Idle connections are closed by us before the service does it: after a Lambda environment has been frozen, a
 * request on a connection that the service closed meanwhile would fail with an unknown outcome.
 */
const idleConnectionMs = 10_000;
const connectionsMax = 512;

const dynamoDbTimeouts = { connectionTimeout: 3_000, requestTimeout: 5_000, socketTimeout: 5_000 };
/** Objects have up to 16 MiB, and the first byte of an answer may take seconds. */
const s3Timeouts = { connectionTimeout: 3_000, requestTimeout: 30_000, socketTimeout: 15_000 };

function configOf(options: ClientOptions, timeouts: typeof dynamoDbTimeouts) {
  const agent = { keepAlive: true, maxSockets: connectionsMax, timeout: idleConnectionMs };
  const requestTimeout = options.answerMsMax ?? timeouts.requestTimeout;
  const requestHandler = { ...timeouts, requestTimeout, throwOnRequestTimeout: true };
  return {
    // The client must never send a write again by itself: all repetition is in `Calls`.
    maxAttempts: 1,
    requestHandler: { ...requestHandler, httpAgent: agent, httpsAgent: agent },
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  };
}

/** One client a process: it holds the connections. */
export const dynamoDbClient = (options: ClientOptions = {}): DynamoDBClient =>
  new DynamoDBClient(configOf(options, dynamoDbTimeouts));

/** Emulators want the bucket in the path, and cannot check the client's default checksums on every call. */
export function s3Client(options: ClientOptions = {}): S3Client {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  const isEmulator = (options.endpoint ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined;
  return new S3Client({
    ...configOf(options, s3Timeouts),
    forcePathStyle: isEmulator,
    // It would open a connection of its own for each large put.
    expectContinueHeader: false,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

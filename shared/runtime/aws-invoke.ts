import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import type { FrameFunction } from './aws-frames.ts';
import { readFrameAnswers, writeFrameEvent } from './frame-events.ts';
import { type FrameInvoker, InvokeError, type InvokeFailure } from './frame-invoker.ts';

export type LambdaInvokerOptions = {
  /** Names or ARNs of the deployed functions. */
  readonly functions: Readonly<Record<FrameFunction, string>>;
  /** Where an emulator listens; AWS's own endpoint, or what `AWS_ENDPOINT_URL` says, if absent. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** Default: a little longer than the functions may run, so that what is given up is over. */
  readonly answerMsMax?: Partial<Record<FrameFunction, number>>;
};

const answerMsMax = {
  produce: 18_000,
  fetch: 18_000,
  control: 32_000,
} as const;

/** Idle connections are closed by us before the service does it, or a request would be lost in between. */
const idleConnectionMs = 10_000;

/**
 * Invokes functions by Lambda's API. The client repeats nothing by itself: a call may have had its effect.
 */
export function openLambdaInvoker(options: LambdaInvokerOptions): FrameInvoker & { close(): void } {
  const { endpoint, region, credentials, functions } = options;
  const agent = { keepAlive: true, maxSockets: 512, timeout: idleConnectionMs };
  const clientOf = (name: FrameFunction): LambdaClient =>
    new LambdaClient({
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: 3_000,
        requestTimeout: options.answerMsMax?.[name] ?? answerMsMax[name],
        throwOnRequestTimeout: true,
        httpAgent: agent,
        httpsAgent: agent,
      },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(credentials === undefined ? {} : { credentials }),
    });
  const clients = { produce: clientOf('produce'), fetch: clientOf('fetch'), control: clientOf('control') };
  return {
    invoke: async (name, event) => {
      const Payload = writeFrameEvent(event);
      const answer = await clients[name]
        .send(new InvokeCommand({ FunctionName: functions[name], Payload }))
        .catch((error: unknown) => {
          throw new InvokeError(failureOf(error), `${functions[name]}: ${reasonOf(error)}`, error);
        });
      return readFrameAnswers(payloadOf(functions[name], answer), event.calls.length);
    },
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** What the function answered. Throws InvokeError where it failed: whatever it did before is unknown. */
function payloadOf(name: string, { Payload, FunctionError }: InvokeCommandOutput): unknown {
  const text = Buffer.from(Payload ?? []).toString('utf8');
  const answer = parsed(text);
  if (FunctionError === undefined) {
    if (answer === undefined) throw new InvokeError('unknown', `${name}: its answer is no JSON`);
    return answer;
  }
  const isOfOtherVersion = (answer as { errorType?: unknown } | undefined)?.errorType === 'MalformedFrames';
  const kind = isOfOtherVersion ? 'refused' : 'unknown';
  throw new InvokeError(kind, `${name} failed (${FunctionError}): ${text.slice(0, 500)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type ClientError = {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly syscall?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
};

/** Lambda answers these before the function begins, and they pass (AWS Lambda, API reference, Invoke). */
const passing = new Set([
  'TooManyRequestsException',
  'EC2ThrottledException',
  'ResourceNotReadyException',
  'ResourceConflictException',
  'ThrottlingException',
]);
const neverSent = new Set(['CredentialsProviderError', 'TokenProviderError', 'EndpointError']);

/** What is known of an invocation that failed. Whatever does not say that it did not run is unknown. */
export function failureOf(thrown: unknown): InvokeFailure {
  const error: ClientError = thrown instanceof Error ? thrown : {};
  if (passing.has(error.name ?? '')) return 'notRun';
  if (neverSent.has(error.name ?? '') || /^Region is missing/.test(error.message ?? '')) return 'refused';
  if (error.syscall === 'connect' || error.syscall === 'getaddrinfo') return 'notRun';
  if (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND') return 'notRun';
  if (/did not establish a connection/.test(error.message ?? '')) return 'notRun';
  const status = error.$metadata?.httpStatusCode ?? 0;
  if (status === 429) return 'notRun';
  return status >= 400 && status < 500 && status !== 408 ? 'refused' : 'unknown';
}

const reasonOf = (thrown: unknown): string => {
  const { name = 'Error', message = '', code = '' }: ClientError = thrown instanceof Error ? thrown : {};
  return `${name}: ${message || code || 'no reason given'}`;
};

import { itemLimits } from '../item-limits.ts';
import { StoreError, type StoreErrorKind } from '../store-error.ts';

/** Which call failed, as its error message and its kind need to know it. */
export type Call = {
  /** `PutItem`, `GetObject`, … */
  operation: string;
  /** `table orders`, `bucket logs`. */
  target: string;
  /** Whether a lost answer leaves open what happened. */
  isWrite: boolean;
};

/** What is known of an error of the AWS client; every part may be missing. */
type ClientError = {
  name?: string;
  message?: string;
  code?: string;
  syscall?: string;
  $metadata?: { httpStatusCode?: number };
  CancellationReasons?: { Code?: string; Message?: string }[];
};

/** Errors by name, as DynamoDB, S3 and the signing layer in front of both call them. */
const kinds: Readonly<Record<string, StoreErrorKind>> = {
  ConditionalCheckFailedException: 'conditionFailed',
  ThrottlingException: 'throttled',
  ProvisionedThroughputExceededException: 'throttled',
  RequestLimitExceeded: 'throttled',
  LimitExceededException: 'throttled',
  TooManyRequestsException: 'throttled',
  Throttling: 'throttled',
  ThrottlingError: 'throttled',
  ProvisionedThroughputExceeded: 'throttled',
  SlowDown: 'throttled',
  TransactionConflictException: 'conflict',
  TransactionInProgressException: 'conflict',
  OperationAborted: 'conflict',
  ReplicatedWriteConflictException: 'conflict',
};

/** What to do about errors that do not pass by themselves, by name. */
const advice: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'there is none of this name in this account and region: deploy it or correct the name',
  NoSuchBucket: 'there is none of this name: deploy it or correct the name',
  PermanentRedirect: 'it is in another region: correct the region',
  AccessDeniedException: 'the role of this process lacks the right: grant it',
  AccessDenied: 'the role of this process lacks the right: grant it',
  CredentialsProviderError: 'no AWS credentials were found: sign in, or give this process a role',
  TokenProviderError: 'the AWS credentials cannot be renewed: sign in again',
  UnrecognizedClientException: 'the AWS credentials are not valid: sign in again',
  InvalidAccessKeyId: 'the AWS credentials are not valid: sign in again',
  ExpiredTokenException: 'the AWS credentials have expired: sign in again',
  ExpiredToken: 'the AWS credentials have expired: sign in again',
  InvalidSignatureException: "the signature was refused: check the secret key and this machine's clock",
  SignatureDoesNotMatch: "the signature was refused: check the secret key and this machine's clock",
  RequestTimeTooSkewed: "the request's time was refused: set this machine's clock",
};

type DeleteError = { Key?: string | undefined; Code?: string | undefined; Message?: string | undefined };

/** S3 answered a batch of deletes with errors for some of its keys; named as the worst of them. */
export class ObjectsNotDeleted extends Error {
  /** An error that does not pass tells more than one that does. */
  constructor(errors: readonly DeleteError[]) {
    const lasting = errors.find(({ Code = '' }) => !passingDeletes.has(Code));
    const { Key, Code = 'InternalError', Message = '' } = lasting ?? errors[0] ?? {};
    super(`${errors.length} objects were not deleted, the first ${Key}: ${Message}`);
    this.name = Code;
    this.$metadata = { httpStatusCode: lasting === undefined ? 503 : 403 };
  }
  readonly $metadata: { httpStatusCode: number };
}

const passingDeletes = new Set(['InternalError', 'ServiceUnavailable', 'SlowDown', 'OperationAborted']);

/**
 * The failure as the port tells it. Anything that does not say it was surely not applied is *unknown* to a
 * write.
 */
export function toStoreError(thrown: unknown, call: Call): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const error: ClientError = thrown instanceof Error ? thrown : { message: String(thrown) };
  const where = `${call.operation} on ${call.target}`;
  if (error.name === 'TransactionCanceledException') return cancelled(error, where);
  const reason = `${error.name ?? 'Error'}: ${error.message || error.code || 'no reason given'}`;
  const named = kinds[error.name ?? ''];
  if (named !== undefined) return new StoreError(named, `${where}: ${reason}`, { cause: thrown });
  const fate = fateOf(error);
  if (fate !== 'lost') {
    const unavailable = fate === 'unreachable' ? unreachable(reason) : refused(error, reason);
    return new StoreError('unavailable', `${where}: ${unavailable}`, { cause: thrown });
  }
  if (!call.isWrite)
    return new StoreError('unavailable', `${where}: no answer (${reason})`, { cause: thrown });
  const lost = `the answer was lost, so it may have happened (${reason})`;
  return new StoreError('unknown', `${where}: ${lost}`, { cause: thrown });
}

/** What is known of a request that failed: never sent, sent and refused, or sent and not answered. */
type Fate = 'misconfigured' | 'unreachable' | 'refused' | 'lost';

/** Thrown before a byte of the request has left, and not healed by waiting. */
const misconfigurations = new Set(['CredentialsProviderError', 'TokenProviderError', 'EndpointError']);
const regionIsMissing = /^Region is missing/;
const neverConnected = /did not establish a connection/;

function fateOf(error: ClientError): Fate {
  if (misconfigurations.has(error.name ?? '')) return 'misconfigured';
  if (regionIsMissing.test(error.message ?? '')) return 'misconfigured';
  if (error.syscall === 'connect' || error.syscall === 'getaddrinfo') return 'unreachable';
  if (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND') return 'unreachable';
  if (neverConnected.test(error.message ?? '')) return 'unreachable';
  const status = error.$metadata?.httpStatusCode ?? 0;
  return status >= 300 && status < 500 && status !== 408 ? 'refused' : 'lost';
}

/** Whether a failed call that may be repeated without harm could do better the next time. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof StoreError) || error.kind === 'conditionFailed') return false;
  if (error.kind !== 'unavailable') return true;
  const fate = error.cause instanceof Error ? fateOf(error.cause as ClientError) : 'refused';
  return fate === 'unreachable' || fate === 'lost';
}

const unreachable = (reason: string): string =>
  `it cannot be reached (${reason}): check the region, the endpoint and the network`;

/** DynamoDB refuses a larger item with a ValidationException that does not name the limit. */
const itemTooLarge = /item size.*exceeded/i;

function refused(error: ClientError, reason: string): string {
  const known = advice[error.name ?? ''];
  if (known !== undefined) return `${known} (${error.message})`;
  if (regionIsMissing.test(error.message ?? '')) return 'no AWS region is set: set AWS_REGION';
  return itemTooLarge.test(error.message ?? '')
    ? `${reason}: at most ${itemLimits.itemBytesMax} bytes`
    : reason;
}

/** A transaction that was cancelled changed nothing; its reasons stand in the order of its actions. */
function cancelled(error: ClientError, where: string): StoreError {
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None');
  const failedActions = codes.flatMap((code, position) =>
    code === 'ConditionalCheckFailed' ? [position] : [],
  );
  const kind = cancellationKind(codes);
  const details = (error.CancellationReasons ?? []).flatMap(({ Code, Message }, position) =>
    Code === undefined || Code === 'None'
      ? []
      : [`action ${position}: ${Code}${Message ? `, ${Message}` : ''}`],
  );
  const message = `${where} was cancelled: ${details.join('; ') || error.message}`;
  return new StoreError(kind, message, {
    cause: error,
    ...(failedActions.length > 0 ? { failedActions } : {}),
  });
}

const passing: Readonly<Record<string, StoreErrorKind>> = {
  TransactionConflict: 'conflict',
  ProvisionedThroughputExceeded: 'throttled',
  ThrottlingError: 'throttled',
};

/** A condition that was false decides, whatever else stood in the way; then what repeating cannot heal. */
function cancellationKind(codes: readonly string[]): StoreErrorKind {
  if (codes.includes('ConditionalCheckFailed')) return 'conditionFailed';
  const reasons = codes.filter((code) => code !== 'None');
  if (reasons.length === 0 || reasons.some((code) => passing[code] === undefined)) return 'unavailable';
  return reasons.includes('TransactionConflict') ? 'conflict' : 'throttled';
}

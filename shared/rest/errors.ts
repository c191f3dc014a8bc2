import { isKafkaError, type KafkaError, type KafkaErrorName } from '../kafka/error-codes.ts';
import { isStoreError, type StoreErrorKind } from '../storage/store-error.ts';

/** The two dialects name some things differently: an unknown topic is 40401 in v2, 40403 in v3. */
export type Dialect = 'v2' | 'v3';

/** An error as it is answered: `{"error_code": code, "message": message}` under `status`. */
export class RestError extends Error {
  override name = 'RestError';
  readonly status: number;
  /** The status, or the status followed by two digits. */
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const badRequest = (message: string): RestError => new RestError(400, 400, message);
/** The request reads well, but Kafka refuses what it asks for. */
export const refusedByKafka = (message: string): RestError => new RestError(400, 40002, message);
export const notFound = (message: string): RestError => new RestError(404, 404, message);
export const partitionNotFound = (message: string): RestError => new RestError(404, 40402, message);
export const notAcceptable = (message: string, code = 406): RestError => new RestError(406, code, message);
export const tooLarge = (message: string): RestError => new RestError(413, 413, message);
export const unsupportedMediaType = (message: string): RestError => new RestError(415, 415, message);
export const unprocessable = (message: string, code = 422): RestError => new RestError(422, code, message);
/** A body that must not be empty, or a name that Kafka does not allow. */
export const invalidPayload = (message: string): RestError => new RestError(422, 42206, message);
export const invalidBatch = (message: string): RestError => new RestError(422, 42208, message);

const topicNotFoundCode = { v2: 40401, v3: 40403 } as const;

export const topicNotFound = (dialect: Dialect, topic: string): RestError =>
  new RestError(404, topicNotFoundCode[dialect], `Topic ${shown(topic)} not found.`);

const shown = (name: string): string => (name.length > 249 ? `${name.slice(0, 40)}…` : name);

type Row = { readonly status: number; readonly code: number };
const row = (status: number, code = status): Row => ({ status, code });

const byKafkaError: Partial<Record<KafkaErrorName, Row>> = {
  OFFSET_OUT_OF_RANGE: row(400, 40002),
  MESSAGE_TOO_LARGE: row(413),
  RECORD_LIST_TOO_LARGE: row(413),
  INVALID_TOPIC_EXCEPTION: row(422, 42206),
  TOPIC_ALREADY_EXISTS: row(400, 40002),
  INVALID_PARTITIONS: row(400, 40002),
  INVALID_REPLICATION_FACTOR: row(400, 40002),
  INVALID_REPLICA_ASSIGNMENT: row(400, 40002),
  INVALID_CONFIG: row(400, 40002),
  INVALID_REQUEST: row(400, 40002),
  INVALID_RECORD: row(400, 40002),
  INVALID_TIMESTAMP: row(400, 40002),
  POLICY_VIOLATION: row(400, 40002),
  SECURITY_DISABLED: row(400, 40002),
  UNSUPPORTED_COMPRESSION_TYPE: row(400, 40002),
  TOPIC_DELETION_DISABLED: row(400, 40002),
  INVALID_GROUP_ID: row(400, 40002),
  OFFSET_METADATA_TOO_LARGE: row(400, 40002),
  SASL_AUTHENTICATION_FAILED: row(401, 40101),
  TOPIC_AUTHORIZATION_FAILED: row(403, 40301),
  CLUSTER_AUTHORIZATION_FAILED: row(403, 40301),
  GROUP_AUTHORIZATION_FAILED: row(403, 40301),
  // The two digits are Kafka's own code.
  NON_EMPTY_GROUP: row(409, 40968),
  // Members of another protocol, or too many: what the instance is told to do is not possible now.
  INCONSISTENT_GROUP_PROTOCOL: row(409, 40903),
  GROUP_MAX_SIZE_REACHED: row(409, 40903),
  OUT_OF_ORDER_SEQUENCE_NUMBER: row(409, 40911),
  INVALID_PRODUCER_EPOCH: row(409, 40912),
  PRODUCER_FENCED: row(409, 40912),
  DUPLICATE_SEQUENCE_NUMBER: row(409, 40913),
  NOT_ENOUGH_REPLICAS: row(429),
  THROTTLING_QUOTA_EXCEEDED: row(429),
  LEADER_NOT_AVAILABLE: row(503, 50302),
  NOT_LEADER_OR_FOLLOWER: row(503, 50302),
  BROKER_NOT_AVAILABLE: row(503, 50302),
  KAFKA_STORAGE_ERROR: row(503, 50302),
  NOT_COORDINATOR: row(503, 50302),
  COORDINATOR_NOT_AVAILABLE: row(503, 50302),
  COORDINATOR_LOAD_IN_PROGRESS: row(503, 50302),
  REQUEST_TIMED_OUT: row(504),
};

const byStoreError: Record<StoreErrorKind, Row & { readonly message: string }> = {
  throttled: {
    ...row(429),
    message: 'The store takes no more at the moment; nothing was changed. Try again.',
  },
  conflict: { ...row(429), message: 'Others were changing the same; nothing was changed. Try again.' },
  conditionFailed: {
    ...row(503, 50302),
    message: 'The state changed meanwhile; nothing was done. Try again.',
  },
  unavailable: { ...row(503, 50302), message: 'The store cannot be reached or refuses the call.' },
  unknown: { ...row(504), message: 'The answer of the store was lost: it may have happened or not.' },
};

/** Says when to try again, as proxies and clients understand it. */
const retryHeaders = (status: number): Record<string, string> =>
  status === 429 || status === 503 ? { 'retry-after': '1' } : {};

/**
 * What a failure is to the caller, undefined when it is none that we know: a bug, to be logged and answered
 * with 500. `topic` is named where the topic is missing.
 */
export function restErrorOf(error: unknown, dialect: Dialect, topic = ''): RestError | undefined {
  if (error instanceof RestError) return error;
  if (isKafkaError(error)) return ofKafkaError(error, dialect, topic);
  if (!isStoreError(error)) return undefined;
  const { status, code, message } = byStoreError[error.kind];
  return new RestError(status, code, message, retryHeaders(status));
}

function ofKafkaError(error: KafkaError, dialect: Dialect, topic: string): RestError | undefined {
  if (error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION' || error.errorName === 'UNKNOWN_TOPIC_ID') {
    return topicNotFound(dialect, topic);
  }
  if (error.errorName === 'UNKNOWN_SERVER_ERROR') return undefined;
  const { status, code } = byKafkaError[error.errorName] ?? row(500, error.retriable ? 50003 : 50002);
  return new RestError(status, code, error.message, retryHeaders(status));
}

/** What of the server failed is said in the log, not to the caller. */
export const serverFailed = (): RestError =>
  new RestError(500, 500, 'The server failed in a way it did not expect.');

/**
 * The code of a record that failed beside others in a v2 answer: who may not gets 40101 or 40301, and of all
 * else only whether it may succeed later.
 */
export function recordErrorCode(error: KafkaError): number {
  const known = byKafkaError[error.errorName];
  if (known?.status === 401 || known?.status === 403) return known.code;
  return error.retriable ? 50003 : 50002;
}

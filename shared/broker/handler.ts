import type { Again } from '../groups/api.ts';
import { KafkaError, type KafkaErrorName, kafkaErrors } from '../kafka/error-codes.ts';
import { asKafkaError } from '../log/log-context.ts';
import type { ApiName, RequestOf, ResponseOf } from '../protocol/messages/index.ts';
import type { BrokerContext, Call } from './broker-context.ts';

/** What a handler answers when the client wants to hear nothing. */
export const noAnswer = Symbol('no answer');

/** An answer that may be repeated for a while (ms), for a gateway that asks a function. */
export type Standing<T> = { readonly standing: T; readonly mayStandMs: number };

/**
 * One API. `admit` lets the next request of the connection begin before this one is answered; a handler calls
 * it only when later requests can no longer overtake it. `Again` and `Standing` only where a gateway has
 * invoked, which can come again and hold an answer.
 */
export type Handler<Name extends ApiName> = (
  broker: BrokerContext,
  request: RequestOf<Name>,
  call: Call,
  admit: () => void,
) => Promise<ResponseOf<Name> | typeof noAnswer | Again | Standing<ResponseOf<Name>>>;

export const noError = kafkaErrors.NONE.code;

/**
 * The epoch of every partition's leader: order and fencing live in the store, so no leader is ever replaced.
 */
export const leaderEpoch = 0;

export const codeOf = (error: KafkaErrorName): number => kafkaErrors[error].code;

/** An error as answers tell it; the message where the version has room for one. */
export type Failure = { errorCode: number; errorMessage: string };

/** What clients sent may stand in a message; a string of the protocol has its limits. */
const messageLengthMax = 1_000;

/** What the log names failures of the store. Few of them are expected outside Produce. */
const storeFailures: readonly KafkaErrorName[] = [
  'NOT_ENOUGH_REPLICAS',
  'KAFKA_STORAGE_ERROR',
  'REQUEST_TIMED_OUT',
];

/**
 * The error by Kafka's code. A failure of the store is told as `storeFailure`, the retriable error that
 * clients expect of this API; without it, by its own name. What is neither is logged, and unknown.
 */
export function failureOf({ log }: BrokerContext, error: unknown, storeFailure?: KafkaErrorName): Failure {
  const known = asKafkaError(error);
  if (known instanceof KafkaError) {
    const isStores = storeFailure !== undefined && storeFailures.includes(known.errorName);
    const errorCode = isStores ? kafkaErrors[storeFailure].code : known.code;
    return { errorCode, errorMessage: known.message.slice(0, messageLengthMax) };
  }
  log.error('unexpected failure', { error });
  const { code, message } = kafkaErrors.UNKNOWN_SERVER_ERROR;
  return { errorCode: code, errorMessage: message };
}

/** Why a topic could not be looked up; what no store says of itself is logged, and unknown. */
export function lookupFailed({ log }: BrokerContext, error: unknown): KafkaError {
  const known = asKafkaError(error);
  if (known instanceof KafkaError) return known;
  log.error('unexpected failure', { error });
  return new KafkaError('UNKNOWN_SERVER_ERROR');
}

/** Runs one piece of a request; its failure becomes an error code and does not touch its neighbours (I14). */
export async function settled<T>(
  broker: BrokerContext,
  work: () => Promise<T>,
  failed: (failure: Failure) => T,
  storeFailure?: KafkaErrorName,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return failed(failureOf(broker, error, storeFailure));
  }
}

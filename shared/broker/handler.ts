import { KafkaError, kafkaErrors } from '../kafka/error-codes.ts';
import type { ApiName, RequestOf, ResponseOf } from '../protocol/messages/index.ts';
import type { BrokerContext, Call } from './broker-context.ts';

/** What a handler answers when the client wants to hear nothing. */
export const noAnswer = Symbol('no answer');

/**
 * One API. `admit` lets the next request of the connection begin before this one is answered; a handler calls it only
 * when later requests can no longer overtake it.
 */
export type Handler<Name extends ApiName> = (
  broker: BrokerContext,
  request: RequestOf<Name>,
  call: Call,
  admit: () => void,
) => Promise<ResponseOf<Name> | typeof noAnswer>;

export const noError = kafkaErrors.NONE.code;

/** The error's code, and its message where the version has room for one. What is no KafkaError is logged, and unknown. */
export function failureOf(
  { log }: BrokerContext,
  error: unknown,
): { errorCode: number; errorMessage: string } {
  if (error instanceof KafkaError) return { errorCode: error.code, errorMessage: error.message };
  log.error('unexpected failure', { error });
  const { code, message } = kafkaErrors.UNKNOWN_SERVER_ERROR;
  return { errorCode: code, errorMessage: message };
}

/** Runs one piece of a request; its failure becomes an error code and does not touch its neighbours (I14). */
export async function settled<T>(
  broker: BrokerContext,
  work: () => Promise<T>,
  failed: (failure: { errorCode: number; errorMessage: string }) => T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return failed(failureOf(broker, error));
  }
}

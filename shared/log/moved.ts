import { KafkaError } from '../kafka/error-codes.ts';
import type { LogContext } from './log-context.ts';

/** Something that the head named has moved on since it was read: begin again from a new head. */
export class Moved extends Error {
  override name = 'Moved';
}

/** The object that a segment points to is not there: the pointer was old, or the data is lost. */
export class MissingObject extends Moved {
  override name = 'MissingObject';
}

/** How often a read begins again before what it misses counts as lost. */
const attemptsMax = 6;

/**
 * Runs a read that follows one head, again from a new head while it meets what has moved. What is still
 * missing at the last attempt is lost: KAFKA_STORAGE_ERROR, naming it.
 */
export async function retryWhileMoving<T>(context: LogContext, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (attempts === attemptsMax) {
        context.log.error('stored bytes are missing', { missing: error.message });
        throw new KafkaError('KAFKA_STORAGE_ERROR', `Stored bytes are missing: ${error.message}.`);
      }
      await context.clock.sleep(attempts * 5);
    }
  }
}

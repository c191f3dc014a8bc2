import { kafkaErrors } from '../../kafka/error-codes.ts';
import { type Handler, noError, settled } from '../handler.ts';

/**
 * InitProducerId v0–5, for idempotent producers: always a new id, with epoch 0. Transactional ids: not yet.
 */
export const initProducerId: Handler<'InitProducerId'> = async (broker, { transactionalId }) => {
  if (transactionalId !== null) {
    const isEmpty = transactionalId === '';
    const error = isEmpty ? kafkaErrors.INVALID_REQUEST : kafkaErrors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    return { errorCode: error.code, producerId: -1n, producerEpoch: -1 };
  }
  return settled(
    broker,
    async () => ({ errorCode: noError, producerId: await broker.producerIds.next(), producerEpoch: 0 }),
    ({ errorCode }) => ({ errorCode, producerId: -1n, producerEpoch: -1 }),
    'COORDINATOR_LOAD_IN_PROGRESS',
  );
};

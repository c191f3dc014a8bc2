import { api, int16, int32, int64, nullableString, optional, since } from '../schema.ts';

// v2: flexible. v3: an id and epoch to go on with (KIP-360). v4: PRODUCER_FENCED. v5: TRANSACTION_ABORTABLE
// (KIP-890).
export const initProducerId = api(
  { key: 22, name: 'InitProducerId', versions: [0, 5], flexibleSince: 2 },
  {
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: since(3, int64, -1n),
    producerEpoch: since(3, int16, -1),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    producerId: optional(int64, -1n),
    producerEpoch: int16,
  },
);

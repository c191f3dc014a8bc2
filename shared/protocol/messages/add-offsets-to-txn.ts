import { api, int16, int32, int64, optional, string } from '../schema.ts';

// v2: PRODUCER_FENCED. v3: flexible. v4: TRANSACTION_ABORTABLE (KIP-890).
export const addOffsetsToTxn = api(
  { key: 25, name: 'AddOffsetsToTxn', versions: [0, 4], flexibleSince: 3 },
  {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
  },
);

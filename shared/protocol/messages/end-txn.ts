import { api, bool, int16, int32, int64, optional, string } from '../schema.ts';

// v2: PRODUCER_FENCED. v3: flexible. v4: TRANSACTION_ABORTABLE (KIP-890). v5 would raise the epoch: not
// spoken here.
export const endTxn = api(
  { key: 26, name: 'EndTxn', versions: [0, 4], flexibleSince: 3 },
  {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: bool, // false: abort
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
  },
);

import { api, array, int16, int32, int64, optional, since, string } from '../schema.ts';

// Transactions by state or producer (KIP-664). v1: only those open for longer than a time (KIP-994).
export const listTransactions = api(
  { key: 66, name: 'ListTransactions', versions: [0, 1], flexibleSince: 0 },
  {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: since(1, int64, -1n),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: int64,
      transactionState: string,
    }),
  },
);

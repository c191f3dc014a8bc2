import { api, array, int16, int32, int64, optional, string } from '../schema.ts';

// The state of transactions, by transactional id (KIP-664).
export const describeTransactions = api(
  { key: 65, name: 'DescribeTransactions', versions: [0, 0], flexibleSince: 0 },
  {
    transactionalIds: array(string),
  },
  {
    throttleTimeMs: optional(int32),
    transactionStates: array({
      errorCode: int16,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: int64,
      producerEpoch: int16,
      topics: array({ topic: string, partitions: array(int32) }),
    }),
  },
);

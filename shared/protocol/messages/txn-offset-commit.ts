import { api, array, int16, int32, int64, nullableString, optional, since, string } from '../schema.ts';

// v2: leader epoch (KIP-320). v3: flexible, the member and its generation (KIP-447). v4:
// TRANSACTION_ABORTABLE (KIP-890).
export const txnOffsetCommit = api(
  { key: 28, name: 'TxnOffsetCommit', versions: [0, 4], flexibleSince: 3 },
  {
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    generationId: since(3, int32, -1),
    memberId: since(3, string),
    groupInstanceId: since(3, nullableString, null),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(2, int32, -1),
        committedMetadata: nullableString,
      }),
    }),
  },
  {
    throttleTimeMs: optional(int32),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
);

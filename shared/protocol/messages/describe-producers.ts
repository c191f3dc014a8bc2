import { api, array, int16, int32, int64, nullableString, optional, string } from '../schema.ts';

// Producers that a partition remembers (KIP-664).
export const describeProducers = api(
  { key: 61, name: 'DescribeProducers', versions: [0, 0], flexibleSince: 0 },
  {
    topics: array({ name: string, partitionIndexes: array(int32) }),
  },
  {
    throttleTimeMs: optional(int32),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: optional(nullableString, null),
        activeProducers: array({
          producerId: int64,
          producerEpoch: int32,
          lastSequence: optional(int32, -1),
          lastTimestamp: optional(int64, -1n),
          coordinatorEpoch: int32,
          currentTxnStartOffset: optional(int64, -1n),
        }),
      }),
    }),
  },
);

import { api, array, int16, int32, nullable, nullableString, optional, string } from '../schema.ts';

// Partitions that are moving between brokers (KIP-455).
export const listPartitionReassignments = api(
  { key: 46, name: 'ListPartitionReassignments', versions: [0, 0], flexibleSince: 0 },
  {
    timeoutMs: optional(int32, 60000),
    topics: optional(nullable(array({ name: string, partitionIndexes: array(int32) })), null),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    errorMessage: nullableString,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
);

import {
  api,
  array,
  int8,
  int16,
  int32,
  nullable,
  nullableString,
  optional,
  since,
  string,
} from '../schema.ts';

// v1: unclean elections too (KIP-460). v2: flexible.
export const electLeaders = api(
  { key: 43, name: 'ElectLeaders', versions: [0, 2], flexibleSince: 2 },
  {
    electionType: since(1, int8), // 0: preferred, 1: unclean
    topicPartitions: nullable(array({ topic: string, partitions: array(int32) })),
    timeoutMs: optional(int32, 60000),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: since(1, int16),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode: int16,
        errorMessage: nullableString,
      }),
    }),
  },
);

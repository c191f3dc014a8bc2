import { api, array, int16, int32, int64, optional, since, string } from '../schema.ts';

// v2: current leader epoch (KIP-320); librdkafka sends exactly this one. v3: replica id (KIP-392). v4:
// flexible.
export const offsetForLeaderEpoch = api(
  { key: 23, name: 'OffsetForLeaderEpoch', versions: [2, 4], flexibleSince: 4 },
  {
    replicaId: since(3, int32, -2), // -2: a debugging consumer
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: optional(int32, -1),
        leaderEpoch: int32,
      }),
    }),
  },
  {
    throttleTimeMs: optional(int32),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: optional(int32, -1),
        endOffset: optional(int64, -1n),
      }),
    }),
  },
);

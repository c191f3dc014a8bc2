import { api, array, int8, int16, int32, int64, optional, since, string } from '../schema.ts';

// v2: isolation level (KIP-98). v4: leader epoch (KIP-320). v6: flexible. v7: timestamp -3 is the largest
// timestamp (KIP-734). v8: -4, the earliest local offset (KIP-405). v9: -5, the last tiered one (KIP-1005).
// v10: how long remote storage may take (KIP-1075).
export const listOffsets = api(
  { key: 2, name: 'ListOffsets', versions: [1, 10], flexibleSince: 6 },
  {
    replicaId: int32, // consumers say -1
    isolationLevel: since(2, int8), // 0: read uncommitted, 1: read committed
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: since(4, int32, -1),
        timestamp: int64,
      }),
    }),
    timeoutMs: since(10, int32),
  },
  {
    throttleTimeMs: since(2, int32),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        timestamp: optional(int64, -1n),
        offset: optional(int64, -1n),
        leaderEpoch: since(4, int32, -1),
      }),
    }),
  },
);

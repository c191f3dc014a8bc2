import { leaderIdAndEpoch, nodeEndpoints } from '../leader-hints.ts';
import {
  api,
  array,
  int8,
  int16,
  int32,
  int64,
  nullable,
  nullableString,
  optional,
  records,
  since,
  string,
  struct,
  tagged,
  until,
  uuid,
} from '../schema.ts';

// v7: sessions (KIP-227). v9: leader epoch (KIP-320). v10: zstd (KIP-110). v11: closest replica (KIP-392).
// v12: flexible, diverging epochs. v13: topics by id (KIP-516). v15: replica state (KIP-903). v16: where the
// leader is (KIP-951). v17: directory ids (KIP-853).
export const fetch = api(
  { key: 1, name: 'Fetch', versions: [4, 17], flexibleSince: 12 },
  {
    clusterId: tagged(0, 12, nullableString, null),
    replicaId: until(14, int32, -1), // consumers say -1
    replicaState: tagged(
      1,
      15,
      struct({ replicaId: optional(int32, -1), replicaEpoch: optional(int64, -1n) }),
    ),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: optional(int32, 0x7fffffff),
    isolationLevel: optional(int8), // 0: read uncommitted, 1: read committed
    sessionId: since(7, int32),
    sessionEpoch: since(7, int32, -1),
    topics: array({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: since(9, int32, -1),
        fetchOffset: int64,
        lastFetchedEpoch: since(12, int32, -1),
        logStartOffset: since(5, int64, -1n), // followers only
        partitionMaxBytes: int32,
        replicaDirectoryId: tagged(0, 17, uuid),
      }),
    }),
    forgottenTopicsData: since(
      7,
      array({ topic: until(12, string), topicId: since(13, uuid), partitions: array(int32) }),
    ),
    rackId: since(11, string),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: since(7, int16),
    sessionId: since(7, int32),
    responses: array({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: optional(int64, -1n),
        logStartOffset: since(5, int64, -1n),
        divergingEpoch: tagged(
          0,
          12,
          struct({ epoch: optional(int32, -1), endOffset: optional(int64, -1n) }),
        ),
        currentLeader: tagged(1, 12, leaderIdAndEpoch),
        snapshotId: tagged(2, 12, struct({ endOffset: optional(int64, -1n), epoch: optional(int32, -1) })),
        abortedTransactions: nullable(array({ producerId: int64, firstOffset: int64 })),
        preferredReadReplica: since(11, int32, -1),
        records,
      }),
    }),
    nodeEndpoints: tagged(0, 16, nodeEndpoints),
  },
);

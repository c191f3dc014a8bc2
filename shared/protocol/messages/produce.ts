import { leaderIdAndEpoch, nodeEndpoints } from '../leader-hints.ts';
import {
  api,
  array,
  int16,
  int32,
  int64,
  nullableString,
  optional,
  records,
  since,
  string,
  tagged,
} from '../schema.ts';

// v3: record batches of format 2. v5: log start offset. v7: zstd (KIP-110). v8: which records were at fault
// (KIP-467). v9: flexible. v10: where the leader is now (KIP-951). v11: TRANSACTION_ABORTABLE (KIP-890).
export const produce = api(
  { key: 0, name: 'Produce', versions: [3, 11], flexibleSince: 9 },
  {
    transactionalId: optional(nullableString, null),
    acks: int16, // 0: no answer at all, 1, -1: all in-sync replicas
    timeoutMs: int32,
    topicData: array({
      name: string,
      partitionData: array({ index: int32, records }),
    }),
  },
  {
    responses: array({
      name: string,
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: optional(int64, -1n), // -1: the topic keeps the producer's timestamps
        logStartOffset: since(5, int64, -1n),
        recordErrors: since(
          8,
          array({ batchIndex: int32, batchIndexErrorMessage: optional(nullableString, null) }),
        ),
        errorMessage: since(8, nullableString, null),
        currentLeader: tagged(0, 10, leaderIdAndEpoch),
      }),
    }),
    throttleTimeMs: optional(int32),
    nodeEndpoints: tagged(0, 10, nodeEndpoints),
  },
);

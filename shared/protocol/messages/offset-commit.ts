import {
  api,
  array,
  int16,
  int32,
  int64,
  nullableString,
  optional,
  since,
  string,
  until,
} from '../schema.ts';

// v2: as offsets are stored in Kafka itself. v5: no retention time of its own (KIP-211). v6: leader epoch
// (KIP-320). v7: static members (KIP-345). v8: flexible. v9: members of the KIP-848 protocol.
export const offsetCommit = api(
  { key: 8, name: 'OffsetCommit', versions: [2, 9], flexibleSince: 8 },
  {
    groupId: string,
    generationIdOrMemberEpoch: optional(int32, -1),
    memberId: string,
    groupInstanceId: since(7, nullableString, null),
    retentionTimeMs: until(4, int64, -1n),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(6, int32, -1),
        committedMetadata: nullableString,
      }),
    }),
  },
  {
    throttleTimeMs: since(3, int32),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
);

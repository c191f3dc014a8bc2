import {
  api,
  array,
  between,
  bool,
  int16,
  int32,
  int64,
  nullable,
  nullableString,
  optional,
  since,
  string,
  until,
} from '../schema.ts';

// v2: null topics mean all; an error of the group. v5: leader epoch (KIP-320). v6: flexible. v7: wait for
// open transactions (KIP-447). v8: many groups at once (KIP-709). v9: members of the KIP-848 protocol.
export const offsetFetch = api(
  { key: 9, name: 'OffsetFetch', versions: [1, 9], flexibleSince: 6 },
  {
    groupId: until(7, string),
    topics: until(7, nullable(array({ name: string, partitionIndexes: array(int32) }), 2)),
    groups: since(
      8,
      array({
        groupId: string,
        memberId: since(9, nullableString, null),
        memberEpoch: since(9, int32, -1),
        topics: nullable(array({ name: string, partitionIndexes: array(int32) })),
      }),
    ),
    requireStable: since(7, bool),
  },
  {
    throttleTimeMs: since(3, int32),
    topics: until(
      7,
      array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: since(5, int32, -1),
          metadata: nullableString,
          errorCode: int16,
        }),
      }),
    ),
    errorCode: between(2, 7, int16),
    groups: since(
      8,
      array({
        groupId: string,
        topics: array({
          name: string,
          partitions: array({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: optional(int32, -1),
            metadata: nullableString,
            errorCode: int16,
          }),
        }),
        errorCode: optional(int16),
      }),
    ),
  },
);

import {
  api,
  array,
  bool,
  int16,
  int32,
  nullable,
  nullableString,
  optional,
  string,
  struct,
  uuid,
} from '../schema.ts';

const cursor = nullable(struct({ topicName: string, partitionIndex: int32 }));

// Metadata in pages (KIP-966).
export const describeTopicPartitions = api(
  { key: 75, name: 'DescribeTopicPartitions', versions: [0, 0], flexibleSince: 0 },
  {
    topics: array({ name: string }),
    responsePartitionLimit: optional(int32, 2000),
    cursor: optional(cursor, null), // null: from the first topic
  },
  {
    throttleTimeMs: optional(int32),
    topics: array({
      errorCode: int16,
      name: nullableString,
      topicId: uuid,
      isInternal: optional(bool),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: optional(int32, -1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: optional(nullable(array(int32)), null),
        lastKnownElr: optional(nullable(array(int32)), null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: optional(int32, -2147483648),
    }),
    nextCursor: optional(cursor, null), // null: this was the last page
  },
);

import {
  api,
  array,
  int16,
  int32,
  nullable,
  nullableString,
  optional,
  since,
  string,
  struct,
  uuid,
} from '../schema.ts';

// The one request of the newer group protocol (KIP-848). Null means: as before. v1: the client chooses its
// member id (KIP-1082), subscription by pattern.
export const consumerGroupHeartbeat = api(
  { key: 68, name: 'ConsumerGroupHeartbeat', versions: [0, 1], flexibleSince: 0 },
  {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: optional(nullableString, null),
    rackId: optional(nullableString, null),
    rebalanceTimeoutMs: optional(int32, -1),
    subscribedTopicNames: optional(nullable(array(string)), null),
    subscribedTopicRegex: since(1, nullableString, null),
    serverAssignor: optional(nullableString, null),
    topicPartitions: optional(nullable(array({ topicId: uuid, partitions: array(int32) })), null),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    errorMessage: optional(nullableString, null),
    memberId: optional(nullableString, null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: optional(
      nullable(struct({ topicPartitions: array({ topicId: uuid, partitions: array(int32) }) })),
      null,
    ),
  },
);

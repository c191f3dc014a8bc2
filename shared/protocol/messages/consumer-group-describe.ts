import {
  api,
  array,
  bool,
  int8,
  int16,
  int32,
  nullableString,
  optional,
  since,
  string,
  struct,
  uuid,
} from '../schema.ts';

const assignment = struct({
  topicPartitions: array({ topicId: uuid, topicName: string, partitions: array(int32) }),
});

// Groups of the newer protocol (KIP-848). v1: whether a member speaks the classic protocol (KIP-1099).
export const consumerGroupDescribe = api(
  { key: 69, name: 'ConsumerGroupDescribe', versions: [0, 1], flexibleSince: 0 },
  {
    groupIds: array(string),
    includeAuthorizedOperations: bool,
  },
  {
    throttleTimeMs: optional(int32),
    groups: array({
      errorCode: int16,
      errorMessage: optional(nullableString, null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        instanceId: optional(nullableString, null),
        rackId: optional(nullableString, null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: optional(nullableString, null),
        assignment,
        targetAssignment: assignment,
        memberType: since(1, int8, -1), // -1: unknown, 0: classic, 1: consumer
      }),
      authorizedOperations: optional(int32, -2147483648),
    }),
  },
);

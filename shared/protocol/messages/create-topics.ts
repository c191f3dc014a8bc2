import {
  api,
  array,
  bool,
  int8,
  int16,
  int32,
  nullable,
  nullableString,
  optional,
  since,
  string,
  tagged,
  uuid,
} from '../schema.ts';

// v2: throttle time. v4: -1 partitions or replicas mean the broker's default (KIP-464). v5: flexible,
// configs in the answer (KIP-525). v6: THROTTLING_QUOTA_EXCEEDED (KIP-599). v7: topic ids (KIP-516).
export const createTopics = api(
  { key: 19, name: 'CreateTopics', versions: [2, 7], flexibleSince: 5 },
  {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
      configs: array({ name: string, value: nullableString }),
    }),
    timeoutMs: optional(int32, 60000),
    validateOnly: optional(bool),
  },
  {
    throttleTimeMs: optional(int32),
    topics: array({
      name: string,
      topicId: since(7, uuid),
      errorCode: int16,
      errorMessage: nullableString,
      topicConfigErrorCode: tagged(0, 5, int16),
      numPartitions: since(5, int32, -1),
      replicationFactor: since(5, int16, -1),
      configs: since(
        5,
        nullable(
          array({
            name: string,
            value: nullableString,
            readOnly: bool,
            configSource: optional(int8, -1),
            isSensitive: bool,
          }),
        ),
      ),
    }),
  },
);

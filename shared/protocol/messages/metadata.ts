import {
  api,
  array,
  between,
  bool,
  int16,
  int32,
  nullable,
  nullableString,
  since,
  string,
  uuid,
} from '../schema.ts';

// v0: an empty list of topics means all. v1: null means all, empty none. v4: whether to create topics. v8:
// authorized operations (KIP-430). v9: flexible. v10: topic ids in the answer (KIP-516). v12: topics asked
// by id. v13: an error of the whole (KIP-1102).
export const metadata = api(
  { key: 3, name: 'Metadata', versions: [0, 13], flexibleSince: 9 },
  {
    topics: nullable(array({ topicId: since(10, uuid), name: nullable(string, 10) }), 1),
    allowAutoTopicCreation: since(4, bool, true),
    includeClusterAuthorizedOperations: between(8, 10, bool),
    includeTopicAuthorizedOperations: since(8, bool),
  },
  {
    throttleTimeMs: since(3, int32),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: since(1, nullableString, null),
    }),
    clusterId: since(2, nullableString, null),
    controllerId: since(1, int32, -1),
    topics: array({
      errorCode: int16,
      name: nullable(string, 12),
      topicId: since(10, uuid),
      isInternal: since(1, bool),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: since(7, int32, -1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: since(5, array(int32)),
      }),
      topicAuthorizedOperations: since(8, int32, -2147483648),
    }),
    clusterAuthorizedOperations: between(8, 10, int32, -2147483648),
    errorCode: since(13, int16),
  },
);

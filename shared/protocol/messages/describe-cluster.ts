import { api, array, bool, int8, int16, int32, nullableString, optional, since, string } from '../schema.ts';

// Brokers and controller without topics (KIP-700). v1: controllers too (KIP-919). v2: fenced brokers
// (KIP-1073).
export const describeCluster = api(
  { key: 60, name: 'DescribeCluster', versions: [0, 2], flexibleSince: 0 },
  {
    includeClusterAuthorizedOperations: bool,
    endpointType: since(1, int8, 1), // 1: brokers, 2: controllers
    includeFencedBrokers: since(2, bool),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    errorMessage: optional(nullableString, null),
    endpointType: since(1, int8, 1), // 1: brokers, 2: controllers
    clusterId: string,
    controllerId: optional(int32, -1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: optional(nullableString, null),
      isFenced: since(2, bool),
    }),
    clusterAuthorizedOperations: optional(int32, -2147483648),
  },
);

import { api, array, bool, int16, int32, nullable, nullableString, optional, string } from '../schema.ts';

// v2: flexible. v3: THROTTLING_QUOTA_EXCEEDED (KIP-599).
export const createPartitions = api(
  { key: 37, name: 'CreatePartitions', versions: [0, 3], flexibleSince: 2 },
  {
    topics: array({
      name: string,
      count: int32,
      assignments: nullable(array({ brokerIds: array(int32) })),
    }),
    timeoutMs: int32,
    validateOnly: bool,
  },
  {
    throttleTimeMs: optional(int32),
    results: array({
      name: string,
      errorCode: int16,
      errorMessage: optional(nullableString, null),
    }),
  },
);

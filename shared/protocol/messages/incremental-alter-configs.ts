import { api, array, bool, int8, int16, int32, nullableString, optional, string } from '../schema.ts';

// Sets, deletes, appends and subtracts single configs (KIP-339). v1: flexible.
export const incrementalAlterConfigs = api(
  { key: 44, name: 'IncrementalAlterConfigs', versions: [0, 1], flexibleSince: 1 },
  {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8, // 0: set, 1: delete, 2: append, 3: subtract
        value: nullableString,
      }),
    }),
    validateOnly: bool,
  },
  {
    throttleTimeMs: optional(int32),
    responses: array({
      errorCode: int16,
      errorMessage: nullableString,
      resourceType: int8,
      resourceName: string,
    }),
  },
);

import { api, array, bool, int8, int16, int32, nullableString, optional, string } from '../schema.ts';

// Replaces all configs of a resource; IncrementalAlterConfigs has taken its place (KIP-339). v2: flexible.
export const alterConfigs = api(
  { key: 33, name: 'AlterConfigs', versions: [0, 2], flexibleSince: 2 },
  {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({ name: string, value: nullableString }),
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

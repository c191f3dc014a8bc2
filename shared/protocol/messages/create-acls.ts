import { api, array, int8, int16, int32, nullableString, optional, string } from '../schema.ts';

// v1: resource patterns (KIP-290). v2: flexible. v3: resources of type user (KIP-373).
export const createAcls = api(
  { key: 30, name: 'CreateAcls', versions: [1, 3], flexibleSince: 2 },
  {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: optional(int8, 3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  {
    throttleTimeMs: optional(int32),
    results: array({ errorCode: int16, errorMessage: nullableString }),
  },
);

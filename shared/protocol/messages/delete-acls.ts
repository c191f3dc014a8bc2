import { api, array, int8, int16, int32, nullableString, optional, string } from '../schema.ts';

// v1: resource patterns (KIP-290). v2: flexible. v3: resources of type user (KIP-373).
export const deleteAcls = api(
  { key: 31, name: 'DeleteAcls', versions: [1, 3], flexibleSince: 2 },
  {
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: nullableString,
      patternTypeFilter: optional(int8, 3),
      principalFilter: nullableString,
      hostFilter: nullableString,
      operation: int8,
      permissionType: int8,
    }),
  },
  {
    throttleTimeMs: optional(int32),
    filterResults: array({
      errorCode: int16,
      errorMessage: nullableString,
      matchingAcls: array({
        errorCode: int16,
        errorMessage: nullableString,
        resourceType: int8,
        resourceName: string,
        patternType: optional(int8, 3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
);

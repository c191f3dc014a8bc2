import { api, array, int8, int16, int32, nullableString, optional, string } from '../schema.ts';

// v1: resource patterns (KIP-290). v2: flexible. v3: resources of type user (KIP-373).
export const describeAcls = api(
  { key: 29, name: 'DescribeAcls', versions: [1, 3], flexibleSince: 2 },
  {
    resourceTypeFilter: int8,
    resourceNameFilter: nullableString,
    patternTypeFilter: optional(int8, 3),
    principalFilter: nullableString,
    hostFilter: nullableString,
    operation: int8,
    permissionType: int8,
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    errorMessage: nullableString,
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: optional(int8, 3),
      acls: array({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
);

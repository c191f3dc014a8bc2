import { api, array, int8, int16, int32, optional, since, string } from '../schema.ts';

// v0: client metrics resources only (KIP-714). v1: resources of any type (KIP-1142).
export const listConfigResources = api(
  { key: 74, name: 'ListConfigResources', versions: [0, 1], flexibleSince: 0 },
  {
    resourceTypes: since(1, array(int8)),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    configResources: array({ resourceName: string, resourceType: since(1, int8, 16) }),
  },
);

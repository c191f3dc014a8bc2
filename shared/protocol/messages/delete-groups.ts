import { api, array, int16, int32, optional, string } from '../schema.ts';

// v2: flexible.
export const deleteGroups = api(
  { key: 42, name: 'DeleteGroups', versions: [0, 2], flexibleSince: 2 },
  {
    groupsNames: array(string),
  },
  {
    throttleTimeMs: optional(int32),
    results: array({ groupId: string, errorCode: int16 }),
  },
);

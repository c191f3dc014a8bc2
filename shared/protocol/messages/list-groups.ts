import { api, array, int16, int32, since, string } from '../schema.ts';

// v3: flexible. v4: by state (KIP-518). v5: by type (KIP-848).
export const listGroups = api(
  { key: 16, name: 'ListGroups', versions: [0, 5], flexibleSince: 3 },
  {
    statesFilter: since(4, array(string)),
    typesFilter: since(5, array(string)),
  },
  {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: since(4, string),
      groupType: since(5, string),
    }),
  },
);

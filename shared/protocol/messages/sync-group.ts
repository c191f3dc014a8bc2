import { api, array, bytes, int16, int32, nullableString, since, string } from '../schema.ts';

// v3: static members (KIP-345). v4: flexible. v5: protocol type and name on both sides (KIP-559).
export const syncGroup = api(
  { key: 14, name: 'SyncGroup', versions: [0, 5], flexibleSince: 4 },
  {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
    protocolType: since(5, nullableString, null),
    protocolName: since(5, nullableString, null),
    assignments: array({ memberId: string, assignment: bytes }), // given by the group leader alone
  },
  {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
    protocolType: since(5, nullableString, null),
    protocolName: since(5, nullableString, null),
    assignment: bytes,
  },
);

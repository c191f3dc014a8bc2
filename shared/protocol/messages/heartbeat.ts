import { api, int16, int32, nullableString, since, string } from '../schema.ts';

// v3: static members (KIP-345). v4: flexible.
export const heartbeat = api(
  { key: 12, name: 'Heartbeat', versions: [0, 4], flexibleSince: 4 },
  {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
  },
  {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
  },
);

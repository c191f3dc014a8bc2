import { api, array, int16, int32, nullableString, optional, since, string, until } from '../schema.ts';

// v3: several members at once, static ones by instance id (KIP-345). v4: flexible. v5: reason (KIP-800).
export const leaveGroup = api(
  { key: 13, name: 'LeaveGroup', versions: [0, 5], flexibleSince: 4 },
  {
    groupId: string,
    memberId: until(2, string),
    members: since(
      3,
      array({
        memberId: string,
        groupInstanceId: optional(nullableString, null),
        reason: since(5, nullableString, null),
      }),
    ),
  },
  {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
    members: since(3, array({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })),
  },
);

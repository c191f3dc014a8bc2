import { api, array, bool, bytes, int16, int32, nullableString, since, string } from '../schema.ts';

// v3: authorized operations (KIP-430). v4: static members (KIP-345). v5: flexible. v6: an unknown group is
// an error with a message (KIP-1043).
export const describeGroups = api(
  { key: 15, name: 'DescribeGroups', versions: [0, 6], flexibleSince: 5 },
  {
    groups: array(string),
    includeAuthorizedOperations: since(3, bool),
  },
  {
    throttleTimeMs: since(1, int32),
    groups: array({
      errorCode: int16,
      errorMessage: since(6, nullableString, null),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: since(4, nullableString, null),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: since(3, int32, -2147483648),
    }),
  },
);

import {
  api,
  array,
  bool,
  bytes,
  int16,
  int32,
  nullable,
  nullableString,
  optional,
  since,
  string,
} from '../schema.ts';

// v1: rebalance timeout. v4: a new member is first told its id (KIP-394). v5: static members (KIP-345). v6:
// flexible. v7: protocol type in the answer (KIP-559). v8: reason (KIP-800). v9: the leader may skip the
// assignment (KIP-814).
export const joinGroup = api(
  { key: 11, name: 'JoinGroup', versions: [0, 9], flexibleSince: 6 },
  {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, int32, -1),
    memberId: string,
    groupInstanceId: since(5, nullableString, null),
    protocolType: string,
    protocols: array({ name: string, metadata: bytes }),
    reason: since(8, nullableString, null),
  },
  {
    throttleTimeMs: since(2, int32),
    errorCode: int16,
    generationId: optional(int32, -1),
    protocolType: since(7, nullableString, null),
    protocolName: nullable(string, 7),
    leader: string,
    skipAssignment: since(9, bool),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: since(5, nullableString, null),
      metadata: bytes,
    }),
  },
);

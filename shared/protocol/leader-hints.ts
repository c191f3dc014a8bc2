import { array, int32, nullableString, optional, string, struct } from './schema.ts';

// What Produce and Fetch add to NOT_LEADER_OR_FOLLOWER, so that clients need not ask for metadata (KIP-951).

export const leaderIdAndEpoch = struct({
  leaderId: optional(int32, -1),
  leaderEpoch: optional(int32, -1),
});

export const nodeEndpoints = array({
  nodeId: int32,
  host: string,
  port: int32,
  rack: optional(nullableString, null),
});

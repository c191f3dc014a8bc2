import { api, array, int16, int32, optional, string } from '../schema.ts';

// Forgets committed offsets of a group (KIP-496).
export const offsetDelete = api(
  { key: 47, name: 'OffsetDelete', versions: [0, 0] },
  {
    groupId: string,
    topics: array({ name: string, partitions: array({ partitionIndex: int32 }) }),
  },
  {
    errorCode: int16,
    throttleTimeMs: optional(int32),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
);

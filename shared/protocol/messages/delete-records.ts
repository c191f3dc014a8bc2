import { api, array, int16, int32, int64, optional, string } from '../schema.ts';

// v2: flexible.
export const deleteRecords = api(
  { key: 21, name: 'DeleteRecords', versions: [0, 2], flexibleSince: 2 },
  {
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, offset: int64 }),
    }),
    timeoutMs: int32,
  },
  {
    throttleTimeMs: optional(int32),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 }),
    }),
  },
);

import { api, array, bool, int16, int32, int64, nullable, optional, since, string } from '../schema.ts';

// v2: flexible. v3: an error of the whole. v4: size of the volume (KIP-827).
export const describeLogDirs = api(
  { key: 35, name: 'DescribeLogDirs', versions: [1, 4], flexibleSince: 2 },
  {
    topics: nullable(array({ topic: string, partitions: array(int32) })),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: since(3, int16),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: bool, // a replica being moved to here
        }),
      }),
      totalBytes: since(4, int64, -1n),
      usableBytes: since(4, int64, -1n),
    }),
  },
);

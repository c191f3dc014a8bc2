import { api, array, int8, int16, int32, nullable, nullableString, optional, string } from '../schema.ts';

// Which users may log in by SCRAM, and how (KIP-554).
export const describeUserScramCredentials = api(
  { key: 50, name: 'DescribeUserScramCredentials', versions: [0, 0], flexibleSince: 0 },
  {
    users: nullable(array({ name: string })),
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    errorMessage: nullableString,
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: nullableString,
      credentialInfos: array({
        mechanism: int8, // 1: SCRAM-SHA-256, 2: SCRAM-SHA-512
        iterations: int32,
      }),
    }),
  },
);

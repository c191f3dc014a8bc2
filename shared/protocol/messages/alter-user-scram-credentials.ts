import { api, array, bytes, int8, int16, int32, nullableString, optional, string } from '../schema.ts';

// Sets and removes passwords for SCRAM (KIP-554).
export const alterUserScramCredentials = api(
  { key: 51, name: 'AlterUserScramCredentials', versions: [0, 0], flexibleSince: 0 },
  {
    deletions: array({
      name: string,
      mechanism: int8, // 1: SCRAM-SHA-256, 2: SCRAM-SHA-512
    }),
    upsertions: array({
      name: string,
      mechanism: int8, // 1: SCRAM-SHA-256, 2: SCRAM-SHA-512
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
  {
    throttleTimeMs: optional(int32),
    results: array({ user: string, errorCode: int16, errorMessage: nullableString }),
  },
);

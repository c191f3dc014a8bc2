import { api, bytes, int16, int64, nullableString, since } from '../schema.ts';

// v1: how long the session lasts (KIP-368). v2: flexible.
export const saslAuthenticate = api(
  { key: 36, name: 'SaslAuthenticate', versions: [0, 2], flexibleSince: 2 },
  {
    authBytes: bytes,
  },
  {
    errorCode: int16,
    errorMessage: nullableString,
    authBytes: bytes,
    sessionLifetimeMs: since(1, int64),
  },
);

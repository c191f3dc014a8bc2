import { api, array, int16, string } from '../schema.ts';

// v1: the exchange follows in SaslAuthenticate requests (KIP-152). v0, where it follows as bare bytes, is
// not spoken.
export const saslHandshake = api(
  { key: 17, name: 'SaslHandshake', versions: [1, 1] },
  {
    mechanism: string,
  },
  {
    errorCode: int16,
    mechanisms: array(string),
  },
);

import { api, array, between, int8, int16, int32, nullableString, since, string, until } from '../schema.ts';

// v1: transaction coordinators (KIP-98). v3: flexible. v4: many keys at once (KIP-699). v5:
// TRANSACTION_ABORTABLE may be answered (KIP-890).
export const findCoordinator = api(
  { key: 10, name: 'FindCoordinator', versions: [0, 5], flexibleSince: 3 },
  {
    key: until(3, string),
    keyType: since(1, int8), // 0: group, 1: transaction
    coordinatorKeys: since(4, array(string)),
  },
  {
    throttleTimeMs: since(1, int32),
    errorCode: until(3, int16),
    errorMessage: between(1, 3, nullableString),
    nodeId: until(3, int32),
    host: until(3, string),
    port: until(3, int32),
    coordinators: since(
      4,
      array({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: nullableString,
      }),
    ),
  },
);

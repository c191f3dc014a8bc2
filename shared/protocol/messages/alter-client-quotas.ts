import { api, array, bool, float64, int16, int32, nullableString, optional, string } from '../schema.ts';

// Quotas of users and clients (KIP-546). v1: flexible.
export const alterClientQuotas = api(
  { key: 49, name: 'AlterClientQuotas', versions: [0, 1], flexibleSince: 1 },
  {
    entries: array({
      entity: array({ entityType: string, entityName: nullableString }),
      ops: array({ key: string, value: float64, remove: bool }),
    }),
    validateOnly: bool,
  },
  {
    throttleTimeMs: optional(int32),
    entries: array({
      errorCode: int16,
      errorMessage: nullableString,
      entity: array({ entityType: string, entityName: nullableString }),
    }),
  },
);

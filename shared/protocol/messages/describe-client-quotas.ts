import {
  api,
  array,
  bool,
  float64,
  int8,
  int16,
  int32,
  nullable,
  nullableString,
  optional,
  string,
} from '../schema.ts';

// Quotas of users and clients (KIP-546). v1: flexible.
export const describeClientQuotas = api(
  { key: 48, name: 'DescribeClientQuotas', versions: [0, 1], flexibleSince: 1 },
  {
    components: array({
      entityType: string,
      matchType: int8, // 0: this name, 1: the default, 2: any name
      match: nullableString,
    }),
    strict: bool,
  },
  {
    throttleTimeMs: optional(int32),
    errorCode: int16,
    errorMessage: nullableString,
    entries: nullable(
      array({
        entity: array({ entityType: string, entityName: nullableString }),
        values: array({ key: string, value: float64 }),
      }),
    ),
  },
);

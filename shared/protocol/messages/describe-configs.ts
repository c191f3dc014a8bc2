import {
  api,
  array,
  bool,
  int8,
  int16,
  int32,
  nullable,
  nullableString,
  optional,
  since,
  string,
} from '../schema.ts';

// v1: source and synonyms (KIP-226). v3: type and documentation (KIP-569). v4: flexible.
export const describeConfigs = api(
  { key: 32, name: 'DescribeConfigs', versions: [1, 4], flexibleSince: 4 },
  {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configurationKeys: nullable(array(string)), // null: all
    }),
    includeSynonyms: optional(bool),
    includeDocumentation: since(3, bool),
  },
  {
    throttleTimeMs: optional(int32),
    results: array({
      errorCode: int16,
      errorMessage: nullableString,
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: nullableString,
        readOnly: bool,
        configSource: optional(int8, -1),
        isSensitive: bool,
        synonyms: array({ name: string, value: nullableString, source: int8 }),
        configType: since(3, int8),
        documentation: since(3, nullableString),
      }),
    }),
  },
);

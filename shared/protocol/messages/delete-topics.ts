import {
  api,
  array,
  int16,
  int32,
  nullable,
  nullableString,
  optional,
  since,
  string,
  until,
  uuid,
} from '../schema.ts';

// v4: flexible. v5: error messages, THROTTLING_QUOTA_EXCEEDED (KIP-599). v6: topics by name or by id
// (KIP-516).
export const deleteTopics = api(
  { key: 20, name: 'DeleteTopics', versions: [1, 6], flexibleSince: 4 },
  {
    topics: since(6, array({ name: optional(nullableString, null), topicId: uuid })),
    topicNames: until(5, array(string)),
    timeoutMs: int32,
  },
  {
    throttleTimeMs: optional(int32),
    responses: array({
      name: nullable(string, 6),
      topicId: since(6, uuid),
      errorCode: int16,
      errorMessage: since(5, nullableString, null),
    }),
  },
);

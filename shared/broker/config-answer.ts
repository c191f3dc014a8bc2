import type { ConfigEntry, ConfigSource } from '../kafka/config-keys.ts';
import type { ConfigType } from '../kafka/config-values.ts';

/** Kafka's numbers for where a value comes from (KIP-226). */
export const configSourceIds: { readonly [Source in ConfigSource]: number } = {
  DYNAMIC_TOPIC_CONFIG: 1,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
};

/** Kafka's numbers for the type of a value (KIP-569). */
export const configTypeIds: { readonly [Type in ConfigType]: number } = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
};

/** A config as CreateTopics and DescribeConfigs answer it. */
export const configAnswer = ({ name, value, isReadOnly, isSensitive, source }: ConfigEntry) => ({
  name,
  value,
  readOnly: isReadOnly,
  configSource: configSourceIds[source],
  isSensitive,
});

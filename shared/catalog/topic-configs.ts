import {
  type ConfigEntry,
  type ConfigSynonym,
  type TopicConfigKey,
  type TopicConfigs,
  topicConfigKey,
  topicConfigKeys,
  topicConfigValue,
} from '../kafka/config-keys.ts';
import { configText, parseConfigValue } from '../kafka/config-values.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { LogConfig } from '../kafka/log-config.ts';

/** One change of IncrementalAlterConfigs (KIP-339). `value` is not looked at by DELETE. */
export type ConfigChange = {
  readonly name: string;
  readonly value: string | null;
  readonly operation: 'SET' | 'DELETE' | 'APPEND' | 'SUBTRACT';
};

/**
 * The configs after the changes, not checked yet as a whole. Throws INVALID_CONFIG for an unknown name, a
 * null, or an APPEND or SUBTRACT to what is no list, and INVALID_REQUEST for a config that is named twice.
 */
export function applyConfigChanges(configs: TopicConfigs, changes: readonly ConfigChange[]): TopicConfigs {
  const next: Record<string, string> = { ...configs };
  const named = new Set<string>();
  for (const { name, value, operation } of changes) {
    const row = topicConfigKey(name);
    if (named.has(name)) throw new KafkaError('INVALID_REQUEST', `The config ${name} is named twice.`);
    named.add(name);
    if (operation === 'DELETE') delete next[name];
    else if (value === null) {
      throw new KafkaError('INVALID_CONFIG', `The value of ${name} may not be null.`);
    } else next[name] = operation === 'SET' ? value : changedList(row, next, operation, value);
  }
  return next;
}

/** What APPEND and SUBTRACT start from is the value in force, also when it is the default. */
function changedList(
  row: TopicConfigKey,
  configs: TopicConfigs,
  operation: 'APPEND' | 'SUBTRACT',
  value: string,
): string {
  if (row.type !== 'LIST') {
    throw new KafkaError('INVALID_CONFIG', `${row.name} is no list: it cannot take ${operation}.`);
  }
  const current = topicConfigValue(configs, row.name) as readonly string[];
  const named = parseConfigValue({ name: row.name, type: 'LIST' }, value) as readonly string[];
  const rest = current.filter((member) => operation === 'APPEND' || !named.includes(member));
  const added = operation === 'APPEND' ? named.filter((member) => !current.includes(member)) : [];
  return configText([...rest, ...added]);
}

export const areSameConfigs = (a: TopicConfigs, b: TopicConfigs): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};

/** The configs that act on a log, as values. */
export function logConfigOf(configs: TopicConfigs): LogConfig {
  const long = (name: string): bigint => topicConfigValue(configs, name) as bigint;
  const text = <T extends string>(name: string): T => topicConfigValue(configs, name) as T;
  const unlessNegative = (value: bigint): bigint => (value < 0n ? -1n : value);
  return {
    batchBytesMax: Number(long('max.message.bytes')),
    timestampType: text<LogConfig['timestampType']>('message.timestamp.type'),
    timestampBeforeMaxMs: long('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: long('message.timestamp.after.max.ms'),
    compressionType: text<LogConfig['compressionType']>('compression.type'),
    retentionMs: long('retention.ms'),
    retentionBytes: unlessNegative(long('retention.bytes')),
    cleanupPolicy: topicConfigValue(configs, 'cleanup.policy') as LogConfig['cleanupPolicy'],
    segmentBytes: Number(long('segment.bytes')),
    segmentMs: long('segment.ms'),
  };
}

/**
 * Whether records may have to be kept for longer than before: a longer retention.ms, or a cleanup policy
 * under which time alone removes nothing.
 */
export function isRetentionRaised(before: LogConfig, after: LogConfig): boolean {
  const now = keptForMs(after);
  const once = keptForMs(before);
  return once !== undefined && (now === undefined || now > once);
}

/** How long retention keeps a record; undefined: for ever. */
function keptForMs({ cleanupPolicy, retentionMs }: LogConfig): bigint | undefined {
  const isByTimeOnly = cleanupPolicy.every((policy) => policy === 'delete') && cleanupPolicy.length > 0;
  return isByTimeOnly && retentionMs >= 0n ? retentionMs : undefined;
}

/** A topic's configs as DescribeConfigs shows them, all of them, by name. */
export const topicConfigEntries = (configs: TopicConfigs): ConfigEntry[] =>
  [...topicConfigKeys.values()].map((row) => topicConfigEntry(row, configs));

function topicConfigEntry(row: TopicConfigKey, configs: TopicConfigs): ConfigEntry {
  const { name, type, defaultText, brokerSynonym, documentation } = row;
  const own = Object.hasOwn(configs, name) ? configs[name] : undefined;
  const isDefault = own === undefined;
  const synonyms: ConfigSynonym[] = [];
  if (!isDefault) synonyms.push({ name, value: own, source: 'DYNAMIC_TOPIC_CONFIG' });
  if (brokerSynonym !== undefined) {
    synonyms.push({ name: brokerSynonym, value: defaultText, source: 'DEFAULT_CONFIG' });
  }
  return {
    name,
    value: own ?? defaultText,
    isDefault,
    source: isDefault ? 'DEFAULT_CONFIG' : 'DYNAMIC_TOPIC_CONFIG',
    isReadOnly: false,
    isSensitive: false,
    type,
    documentation,
    synonyms,
  };
}

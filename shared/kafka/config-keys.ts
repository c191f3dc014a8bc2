import {
  type Allowed,
  atLeast,
  between,
  type ConfigType,
  type ConfigValue,
  configText,
  either,
  invalidValue,
  listOf,
  oneOf,
  parseConfigValue,
  replicaList,
} from './config-values.ts';
import { KafkaError } from './error-codes.ts';
import { limits } from './limits.ts';

/**
 * `acts`: the config does here what it does in Kafka. `stored`: it is validated, kept and shown, and changes
 * nothing: it steers files, replicas or tiers that do not exist here, or a part that is not built yet.
 */
export type ConfigUse = 'acts' | 'stored';

export type TopicConfigKey = {
  readonly name: string;
  readonly type: ConfigType;
  readonly defaultText: string;
  readonly allowed?: Allowed;
  /** The broker config that is this one's default for all topics. */
  readonly brokerSynonym?: string;
  readonly use: ConfigUse;
  readonly documentation: string;
};

/** Where a value that DescribeConfigs shows comes from. */
export type ConfigSource = 'DYNAMIC_TOPIC_CONFIG' | 'STATIC_BROKER_CONFIG' | 'DEFAULT_CONFIG';

export type ConfigSynonym = {
  readonly name: string;
  readonly value: string | null;
  readonly source: ConfigSource;
};

/** One config as DescribeConfigs shows it (KIP-133, KIP-226, KIP-569). */
export type ConfigEntry = {
  readonly name: string;
  readonly value: string | null;
  readonly isDefault: boolean;
  readonly source: ConfigSource;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  readonly type: ConfigType;
  readonly documentation: string;
  /** What the value would be taken from, first the one that it is taken from. */
  readonly synonyms: readonly ConfigSynonym[];
};

const longMax = 9_223_372_036_854_775_807n;
const dayMs = 86_400_000n;

type Rest = { allowed?: Allowed; synonym?: string; use?: ConfigUse };

const key = (
  name: string,
  type: ConfigType,
  defaultText: ConfigValue,
  documentation: string,
  { allowed, synonym, use = 'stored' }: Rest = {},
): TopicConfigKey => ({
  name,
  type,
  defaultText: configText(defaultText),
  documentation,
  use,
  ...(allowed === undefined ? {} : { allowed }),
  ...(synonym === undefined ? {} : { brokerSynonym: synonym }),
});

/**
 * Every topic config of Apache Kafka 4.1 with its default and its bounds. Two defaults differ, since a
 * segment is an object here: segment.bytes (Kafka: 1 GiB) and segment.ms (Kafka: 7 days). segment.bytes keeps
 * the least value of Kafka 3, 14, so that small segments can be tried out.
 */
const rows: readonly TopicConfigKey[] = [
  key(
    'cleanup.policy',
    'LIST',
    ['delete'],
    'delete removes old segments, compact keeps the last value of each key.',
    {
      allowed: listOf('compact', 'delete'),
      synonym: 'log.cleanup.policy',
      use: 'acts',
    },
  ),
  key('compression.gzip.level', 'INT', -1n, 'The level at which batches are compressed again with gzip.', {
    allowed: either(-1n, between(1n, 9n)),
    synonym: 'compression.gzip.level',
  }),
  key('compression.lz4.level', 'INT', 9n, 'The level at which batches are compressed again with lz4.', {
    allowed: between(1n, 17n),
    synonym: 'compression.lz4.level',
  }),
  key(
    'compression.type',
    'STRING',
    'producer',
    'How batches are stored; producer keeps them as they were sent.',
    {
      allowed: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
      synonym: 'compression.type',
      use: 'acts',
    },
  ),
  key('compression.zstd.level', 'INT', 3n, 'The level at which batches are compressed again with zstd.', {
    allowed: between(-131_072n, 22n),
    synonym: 'compression.zstd.level',
  }),
  key('delete.retention.ms', 'LONG', dayMs, 'How long compaction keeps the marker of a deleted key.', {
    allowed: atLeast(0n),
    synonym: 'log.cleaner.delete.retention.ms',
  }),
  key('file.delete.delay.ms', 'LONG', 60_000n, 'How long Kafka waits before it removes a file.', {
    allowed: atLeast(0n),
    synonym: 'log.segment.delete.delay.ms',
  }),
  key(
    'flush.messages',
    'LONG',
    longMax,
    'Kafka syncs after this many records; here whatever is acknowledged is durable.',
    {
      allowed: atLeast(1n),
      synonym: 'log.flush.interval.messages',
    },
  ),
  key('flush.ms', 'LONG', longMax, 'Kafka syncs after this time; here whatever is acknowledged is durable.', {
    allowed: atLeast(0n),
    synonym: 'log.flush.interval.ms',
  }),
  key(
    'follower.replication.throttled.replicas',
    'LIST',
    [],
    'Followers whose replication Kafka slows down.',
    {
      allowed: replicaList,
    },
  ),
  key(
    'index.interval.bytes',
    'INT',
    4096n,
    'How many bytes of log lie between two entries of the offset index.',
    {
      allowed: atLeast(0n),
      synonym: 'log.index.interval.bytes',
    },
  ),
  key('leader.replication.throttled.replicas', 'LIST', [], 'Leaders whose replication Kafka slows down.', {
    allowed: replicaList,
  }),
  key('local.retention.bytes', 'LONG', -2n, "Tiered storage's local size; -2 takes retention.bytes.", {
    allowed: atLeast(-2n),
    synonym: 'log.local.retention.bytes',
  }),
  key('local.retention.ms', 'LONG', -2n, "Tiered storage's local time; -2 takes retention.ms.", {
    allowed: atLeast(-2n),
    synonym: 'log.local.retention.ms',
  }),
  key('max.compaction.lag.ms', 'LONG', longMax, 'After this time at most a record is compacted.', {
    allowed: atLeast(1n),
    synonym: 'log.cleaner.max.compaction.lag.ms',
  }),
  key('max.message.bytes', 'INT', 1_048_588n, 'The largest record batch, as it is stored.', {
    allowed: atLeast(0n),
    synonym: 'message.max.bytes',
    use: 'acts',
  }),
  key(
    'message.timestamp.after.max.ms',
    'LONG',
    3_600_000n,
    "How far a record's time may be ahead of the broker's, with CreateTime.",
    { allowed: atLeast(0n), synonym: 'log.message.timestamp.after.max.ms', use: 'acts' },
  ),
  key(
    'message.timestamp.before.max.ms',
    'LONG',
    longMax,
    "How far a record's time may be behind the broker's, with CreateTime.",
    { allowed: atLeast(0n), synonym: 'log.message.timestamp.before.max.ms', use: 'acts' },
  ),
  key(
    'message.timestamp.type',
    'STRING',
    'CreateTime',
    'CreateTime keeps the times that producers give, LogAppendTime stamps the time of the append.',
    {
      allowed: oneOf('CreateTime', 'LogAppendTime'),
      synonym: 'log.message.timestamp.type',
      use: 'acts',
    },
  ),
  key('min.cleanable.dirty.ratio', 'DOUBLE', 0.5, 'From which share of new records on a log is compacted.', {
    allowed: between(0, 1),
    synonym: 'log.cleaner.min.cleanable.ratio',
  }),
  key('min.compaction.lag.ms', 'LONG', 0n, 'For this time at least a record is not compacted.', {
    allowed: atLeast(0n),
    synonym: 'log.cleaner.min.compaction.lag.ms',
  }),
  key(
    'min.insync.replicas',
    'INT',
    1n,
    'Replicas that must have a batch before acks=all; the stores replicate here.',
    {
      allowed: atLeast(1n),
      synonym: 'min.insync.replicas',
    },
  ),
  key('preallocate', 'BOOLEAN', false, 'Whether Kafka reserves the space of a segment file in advance.', {
    synonym: 'log.preallocate',
  }),
  key('remote.log.copy.disable', 'BOOLEAN', false, 'Whether tiered storage stops to take new segments.'),
  key(
    'remote.log.delete.on.disable',
    'BOOLEAN',
    false,
    'Whether leaving tiered storage removes what is there.',
  ),
  key(
    'remote.storage.enable',
    'BOOLEAN',
    false,
    'Tiered storage: every segment lies in the object store here, so it stays false.',
  ),
  key(
    'retention.bytes',
    'LONG',
    -1n,
    'Beyond this size of a partition old segments are removed; -1: never.',
    {
      synonym: 'log.retention.bytes',
      use: 'acts',
    },
  ),
  key('retention.ms', 'LONG', 7n * dayMs, 'After this time records are removed; -1: never.', {
    allowed: atLeast(-1n),
    synonym: 'log.retention.ms',
    use: 'acts',
  }),
  key('segment.bytes', 'INT', 16_777_216n, 'The size at which a segment object is written.', {
    allowed: atLeast(14n),
    synonym: 'log.segment.bytes',
    use: 'acts',
  }),
  key('segment.index.bytes', 'INT', 10_485_760n, "The largest size of a segment's offset index.", {
    allowed: atLeast(4n),
    synonym: 'log.index.size.max.bytes',
  }),
  key('segment.jitter.ms', 'LONG', 0n, 'At most this is taken off segment.ms by chance.', {
    allowed: atLeast(0n),
    synonym: 'log.roll.jitter.ms',
  }),
  key(
    'segment.ms',
    'LONG',
    3_600_000n,
    'The age at which a segment object is written even when it is small.',
    {
      allowed: atLeast(1n),
      synonym: 'log.roll.ms',
      use: 'acts',
    },
  ),
  key('unclean.leader.election.enable', 'BOOLEAN', false, 'Whether a replica that is behind may lead.', {
    synonym: 'unclean.leader.election.enable',
  }),
];

/** All topic configs by name, in the order of their names. */
export const topicConfigKeys: ReadonlyMap<string, TopicConfigKey> = new Map(
  rows.map((row) => [row.name, row]),
);

/** The row of a topic config. Throws INVALID_CONFIG when Kafka knows none of this name. */
export function topicConfigKey(name: string): TopicConfigKey {
  const row = topicConfigKeys.get(name);
  if (row === undefined) throw new KafkaError('INVALID_CONFIG', `There is no topic config ${name}.`);
  return row;
}

/** What was set for a topic, by config name. */
export type TopicConfigs = { readonly [name: string]: string };

export type TopicConfigBounds = {
  /** The largest `max.message.bytes` that this deployment can carry, if it has such a bound. */
  readonly messageBytesCap?: number;
};

/** The value of a config that acts on a topic: what was set, or the default. */
export function topicConfigValue(configs: TopicConfigs, name: string): ConfigValue {
  const row = topicConfigKey(name);
  return parseConfigValue(row, Object.hasOwn(configs, name) ? (configs[name] as string) : row.defaultText);
}

/**
 * Checks a topic's configs all together and answers them with one text for each value. Throws INVALID_CONFIG
 * for an unknown name, a null, a value that is not of its type or out of bounds, or two that contradict each
 * other.
 */
export function checkTopicConfigs(
  configs: Readonly<Record<string, string | null>>,
  { messageBytesCap }: TopicConfigBounds = {},
): TopicConfigs {
  const checked: Record<string, string> = {};
  let bytes = 0;
  for (const [name, text] of Object.entries(configs)) {
    const row = topicConfigKey(name);
    if (text === null) throw new KafkaError('INVALID_CONFIG', `The value of ${name} may not be null.`);
    checked[name] = configText(parseConfigValue(row, text));
    bytes += name.length + Buffer.byteLength(checked[name]);
  }
  if (bytes > limits.topicConfigsBytesMax) {
    const message = `The topic's configs have ${bytes} bytes, ${limits.topicConfigsBytesMax} are allowed.`;
    throw new KafkaError('INVALID_CONFIG', message);
  }
  checkTogether(checked, messageBytesCap);
  return checked;
}

function checkTogether(configs: TopicConfigs, messageBytesCap: number | undefined): void {
  const minLag = topicConfigValue(configs, 'min.compaction.lag.ms');
  const maxLag = topicConfigValue(configs, 'max.compaction.lag.ms');
  if (minLag > maxLag) {
    const message = `min.compaction.lag.ms (${minLag}) is larger than max.compaction.lag.ms (${maxLag}).`;
    throw new KafkaError('INVALID_CONFIG', message);
  }
  if (topicConfigValue(configs, 'remote.storage.enable') === true) {
    throw invalidValue('remote.storage.enable', 'true', 'false: there is no tiered storage to switch on');
  }
  const batchBytesMax = topicConfigValue(configs, 'max.message.bytes') as bigint;
  if (messageBytesCap !== undefined && batchBytesMax > messageBytesCap) {
    const wanted = `at most ${messageBytesCap} on this deployment, whose requests carry no more`;
    throw invalidValue('max.message.bytes', String(batchBytesMax), wanted);
  }
}

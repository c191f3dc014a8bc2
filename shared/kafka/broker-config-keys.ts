import { type ConfigEntry, topicConfigKeys } from './config-keys.ts';
import type { ConfigType } from './config-values.ts';

/** What a deployment chose for itself; everything else about a broker is fixed. */
export type BrokerSettings = {
  readonly brokerId: number;
  /** `num.partitions`. */
  readonly defaultPartitions: number;
  /** `auto.create.topics.enable`. */
  readonly autoCreateTopics: boolean;
};

type BrokerConfigKey = {
  readonly name: string;
  readonly type: ConfigType;
  readonly defaultText: string | null;
  /** What the deployment chose, where it has a choice. */
  readonly chosen?: (settings: BrokerSettings) => string;
  readonly documentation: string;
};

const ownRows: readonly BrokerConfigKey[] = [
  {
    name: 'auto.create.topics.enable',
    type: 'BOOLEAN',
    defaultText: 'true',
    chosen: ({ autoCreateTopics }) => String(autoCreateTopics),
    documentation: 'Whether a topic is made when a client first asks for it.',
  },
  {
    name: 'broker.id',
    type: 'INT',
    defaultText: null,
    chosen: ({ brokerId }) => String(brokerId),
    documentation: "The broker's number.",
  },
  { name: 'broker.rack', type: 'STRING', defaultText: null, documentation: 'Where the broker stands.' },
  {
    name: 'default.replication.factor',
    type: 'INT',
    defaultText: '1',
    documentation: 'Replicas of a new topic; what lies below replicates by itself.',
  },
  {
    name: 'delete.topic.enable',
    type: 'BOOLEAN',
    defaultText: 'true',
    documentation: 'Whether topics can be deleted.',
  },
  {
    // Tools read from it which Kafka they talk to; the versions of the APIs are about those of 3.9.
    name: 'inter.broker.protocol.version',
    type: 'STRING',
    defaultText: '3.9-IV0',
    documentation: 'The version of Kafka whose protocol is spoken.',
  },
  {
    name: 'log.retention.hours',
    type: 'INT',
    defaultText: '168',
    documentation: 'How long records are kept, where log.retention.ms does not say it.',
  },
  {
    name: 'log.retention.minutes',
    type: 'INT',
    defaultText: null,
    documentation: 'How long records are kept, where log.retention.ms does not say it.',
  },
  {
    name: 'log.roll.hours',
    type: 'INT',
    defaultText: '1',
    documentation: 'The age at which a segment object is written, where log.roll.ms does not say it.',
  },
  {
    name: 'node.id',
    type: 'INT',
    defaultText: null,
    chosen: ({ brokerId }) => String(brokerId),
    documentation: "The broker's number.",
  },
  {
    name: 'num.partitions',
    type: 'INT',
    defaultText: '1',
    chosen: ({ defaultPartitions }) => String(defaultPartitions),
    documentation: 'Partitions of a new topic that does not say how many.',
  },
  {
    name: 'producer.id.expiration.ms',
    type: 'INT',
    defaultText: '86400000',
    documentation: 'How long a producer that sends nothing is remembered.',
  },
];

/** Each topic config's default for all topics, under its broker name. */
const synonymRows: readonly BrokerConfigKey[] = [...topicConfigKeys.values()].flatMap((row) =>
  row.brokerSynonym === undefined
    ? []
    : [
        {
          name: row.brokerSynonym,
          type: row.type,
          defaultText: row.defaultText,
          documentation: row.documentation,
        },
      ],
);

const rows = [...ownRows, ...synonymRows].sort((a, b) => (a.name < b.name ? -1 : 1));

/** A broker's configs as DescribeConfigs shows them, by name. None can be changed while it runs. */
export function brokerConfigEntries(settings: BrokerSettings): ConfigEntry[] {
  return rows.map(({ name, type, defaultText, chosen, documentation }) => {
    const value = chosen === undefined ? defaultText : chosen(settings);
    const isDefault = value === defaultText;
    const source = isDefault ? 'DEFAULT_CONFIG' : 'STATIC_BROKER_CONFIG';
    const ofDefault = { name, value: defaultText, source: 'DEFAULT_CONFIG' } as const;
    const synonyms = [
      ...(isDefault ? [] : [{ name, value, source } as const]),
      ...(defaultText === null ? [] : [ofDefault]),
    ];
    return {
      name,
      value,
      isDefault,
      source,
      isReadOnly: true,
      isSensitive: false,
      type,
      documentation,
      synonyms,
    };
  });
}

import * as z from 'zod';

/** The JSON shapes of the HTTP door, each under the name by which the API document refers to it. */
export const shapes = z.registry<{ id: string; description?: string }>();

export const named = <T extends z.ZodType>(id: string, shape: T, description?: string): T => {
  shapes.add(shape, description === undefined ? { id } : { id, description });
  return shape;
};

const integer = z.number().int();
const anything = z.unknown();

export const errorAnswer = named(
  'Error',
  z.object({ error_code: integer, message: z.string() }),
  'The code is the HTTP status, or the status followed by two digits.',
);

export const openApiDocument = named('OpenApiDocument', z.looseObject({ openapi: z.string() }));

// v2

export const rootAnswer = named('Root', z.object({}));
export const topicNames = named('TopicNames', z.array(z.string()));
export const partition = named(
  'Partition',
  z.object({
    partition: integer,
    leader: integer,
    replicas: z.array(z.object({ broker: integer, leader: z.boolean(), in_sync: z.boolean() })),
  }),
);
export const partitions = named('Partitions', z.array(partition));
export const topic = named(
  'Topic',
  z.object({ name: z.string(), configs: z.record(z.string(), z.string()), partitions: z.array(partition) }),
);
export const offsets = named(
  'Offsets',
  z.object({ beginning_offset: integer, end_offset: integer }),
  'The end is the offset of the next record.',
);
export const brokers = named('Brokers', z.object({ brokers: z.array(integer) }));

export const produceRequest = named(
  'ProduceRequest',
  z.strictObject({
    records: z
      .array(
        z.strictObject({
          key: anything.optional(),
          value: anything.optional(),
          partition: integer.nullable().optional(),
          headers: z
            .array(z.strictObject({ key: z.string(), value: z.string().nullable() }))
            .nullable()
            .optional(),
          timestamp: integer.nullable().optional(),
        }),
      )
      .min(1),
    key_schema_id: anything.optional(),
    key_schema: anything.optional(),
    value_schema_id: anything.optional(),
    value_schema: anything.optional(),
  }),
  'Keys and values are base64 texts, JSON or texts, as Content-Type says. Schema members change nothing.',
);
export const produceAnswer = named(
  'ProduceAnswer',
  z.object({
    offsets: z.array(
      z.object({
        partition: integer.nullable(),
        offset: integer.nullable(),
        error_code: integer.nullable(),
        error: z.string().nullable(),
      }),
    ),
    key_schema_id: z.null(),
    value_schema_id: z.null(),
  }),
  'One entry for each record, in the order of the request.',
);
export const consumedRecords = named(
  'ConsumedRecords',
  z.array(
    z.object({
      topic: z.string(),
      partition: integer,
      offset: integer,
      timestamp: integer,
      key: anything,
      value: anything,
      headers: z.array(z.object({ key: z.string(), value: z.string().nullable() })),
    }),
  ),
);
export const producer = named('Producer', z.object({ producer_id: integer, producer_epoch: integer }));

// v3

export const link = named('Link', z.object({ related: z.string() }));
export const listOf = <T extends z.ZodType>(id: string, element: T) =>
  named(
    `${id}List`,
    z.object({
      kind: z.literal(`${id}List`),
      metadata: z.object({ self: z.string(), next: z.string().nullable() }),
      data: z.array(element),
    }),
  );
export const resource = <T extends z.ZodRawShape>(id: string, members: T) =>
  named(
    id,
    z.object({
      kind: z.literal(id),
      metadata: z.object({ self: z.string(), resource_name: z.string() }),
      cluster_id: z.string(),
      ...members,
    }),
  );

export const kafkaCluster = resource('KafkaCluster', {
  controller: link,
  acls: link,
  brokers: link,
  broker_configs: link,
  consumer_groups: link,
  topics: link,
  partition_reassignments: link,
});
export const kafkaClusterList = listOf('KafkaCluster', kafkaCluster);

export const kafkaBroker = resource('KafkaBroker', {
  broker_id: integer,
  host: z.string(),
  port: integer,
  rack: z.string().nullable(),
  configs: link,
  partition_replicas: link,
});
export const kafkaBrokerList = listOf('KafkaBroker', kafkaBroker);

const configMembers = {
  name: z.string(),
  value: z.string().nullable(),
  is_default: z.boolean(),
  is_read_only: z.boolean(),
  is_sensitive: z.boolean(),
  source: z.string(),
  synonyms: z.array(z.object({ name: z.string(), value: z.string().nullable(), source: z.string() })),
};
export const kafkaBrokerConfig = resource('KafkaBrokerConfig', { broker_id: integer, ...configMembers });
export const kafkaBrokerConfigList = listOf('KafkaBrokerConfig', kafkaBrokerConfig);
export const kafkaClusterConfig = resource('KafkaClusterConfig', {
  config_type: z.string(),
  ...configMembers,
});
export const kafkaClusterConfigList = listOf('KafkaClusterConfig', kafkaClusterConfig);
export const kafkaTopicConfig = resource('KafkaTopicConfig', { topic_name: z.string(), ...configMembers });
export const kafkaTopicConfigList = listOf('KafkaTopicConfig', kafkaTopicConfig);

export const kafkaTopic = resource('KafkaTopic', {
  topic_name: z.string(),
  is_internal: z.boolean(),
  replication_factor: integer,
  partitions_count: integer,
  authorized_operations: z.array(z.string()).max(0).describe('Access control is switched off.'),
  partitions: link,
  configs: link,
  partition_reassignments: link,
});
export const kafkaTopicList = listOf('KafkaTopic', kafkaTopic);

const ofPartition = { topic_name: z.string(), partition_id: integer };
export const kafkaPartition = resource('KafkaPartition', {
  ...ofPartition,
  leader: link,
  replicas: link,
  reassignment: link,
});
export const kafkaPartitionList = listOf('KafkaPartition', kafkaPartition);
export const kafkaPartitionWithOffsets = resource('KafkaPartitionWithOffsets', {
  ...ofPartition,
  earliest_offset: integer,
  latest_offset: integer,
});
export const kafkaReplica = resource('KafkaReplica', {
  ...ofPartition,
  broker_id: integer,
  is_leader: z.boolean(),
  is_in_sync: z.boolean(),
  broker: link,
});
export const kafkaReplicaList = listOf('KafkaReplica', kafkaReplica);
export const kafkaReassignment = resource('KafkaReassignment', {
  ...ofPartition,
  adding_replicas: z.array(integer),
  removing_replicas: z.array(integer),
  replicas: link,
});
export const kafkaReassignmentList = listOf('KafkaReassignment', kafkaReassignment);

export const createAclRequest = named('CreateAclRequest', z.looseObject({}));

/** R reads numbers and true and false as their text. */
const configText = z.union([z.string(), z.number(), z.boolean()]);
export const createTopicRequest = named(
  'CreateTopicRequest',
  z.strictObject({
    topic_name: z.string(),
    partitions_count: z.int32().nullable().optional(),
    replication_factor: z.int32().nullable().optional(),
    replicas_assignments: z
      .record(z.string().regex(/^[0-9]{1,9}$/), z.array(z.int32()))
      .nullable()
      .optional(),
    configs: z
      .array(z.strictObject({ name: z.string(), value: configText.nullable().optional() }))
      .nullable()
      .optional(),
    validate_only: z.boolean().nullable().optional(),
  }),
);
export const updatePartitionCountRequest = named(
  'UpdatePartitionCountRequest',
  z.strictObject({ partitions_count: z.int32() }),
);
export const updateConfigRequest = named(
  'UpdateConfigRequest',
  z.strictObject({ value: configText.nullable() }),
);
export const alterConfigsRequest = named(
  'AlterConfigsRequest',
  z.strictObject({
    data: z.array(
      z.strictObject({
        name: z.string(),
        value: configText.nullable().optional(),
        operation: z.enum(['SET', 'DELETE']).nullable().optional(),
      }),
    ),
    validate_only: z.boolean().nullable().optional(),
  }),
);

const embedded = z.object({
  type: z.enum(['BINARY', 'STRING', 'JSON']).describe('base64 text, text, any JSON'),
  data: anything.optional(),
});
const recordMembers = {
  partition_id: integer.nullable().optional(),
  headers: z
    .array(z.object({ name: z.string(), value: z.string().nullable().optional() }))
    .nullable()
    .optional(),
  key: embedded.nullable().optional(),
  value: embedded.nullable().optional(),
  timestamp: z.string().nullable().optional().describe('ISO 8601'),
};
export const recordRequest = named('RecordRequest', z.object(recordMembers));
export const recordBatchRequest = named(
  'RecordBatchRequest',
  z.object({ entries: z.array(z.object({ id: z.string(), ...recordMembers })) }),
);

const size = z.object({ type: z.string(), size: integer });
const storedRecord = {
  cluster_id: z.string(),
  topic_name: z.string(),
  partition_id: integer,
  offset: integer,
  timestamp: z.string().optional(),
  key: size.optional(),
  value: size.optional(),
};
export const recordAnswer = named(
  'RecordAnswer',
  z.union([z.object({ error_code: z.literal(200), ...storedRecord }), errorAnswer]),
  'One for each record, one after another in one body, in the order of the request.',
);
export const recordBatchAnswer = named(
  'RecordBatchAnswer',
  z.object({
    successes: z.array(z.object({ id: z.string(), ...storedRecord })),
    failures: z.array(z.object({ id: z.string(), error_code: integer, message: z.string() })),
  }),
);

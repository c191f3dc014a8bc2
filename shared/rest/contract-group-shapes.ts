import * as z from 'zod';
import { link, listOf, named, resource } from './contract-shapes.ts';

/** The JSON shapes of consumer instances (v2) and consumer groups (v3). */

const integer = z.number().int();
const topicName = z.string().min(1);
const isDigits = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9]{1,10}$/.test(value);
/** The text of a number is taken as well, as in R and K. */
const partitionNumber = z.preprocess((value) => (isDigits(value) ? Number(value) : value), z.int32().min(0));
const metadata = z.string().nullable().optional();
/** As it comes from the text: a number that a double cannot hold stays text. */
const int64 = z
  .union([z.number().int(), z.string().regex(/^-?[0-9]{1,20}$/)])
  .describe('A whole number of 64 bits.');

// v2

export const createInstanceRequest = named(
  'CreateConsumerInstanceRequest',
  z.strictObject({
    id: z.string().nullable().optional(),
    name: z.string().nullable().optional(),
    format: z.string().nullable().optional().describe('binary (default), json or text'),
    'auto.offset.reset': z.string().nullable().optional().describe('earliest, latest (default) or none'),
    'auto.commit.enable': z.union([z.boolean(), z.string()]).nullable().optional(),
    'fetch.min.bytes': z.union([z.int32(), z.string()]).nullable().optional(),
    'consumer.request.timeout.ms': z.union([z.int32(), z.string()]).nullable().optional(),
  }),
);
export const createInstanceAnswer = named(
  'CreateConsumerInstanceAnswer',
  z.object({ instance_id: z.string(), base_uri: z.string() }),
);
export const subscriptionRequest = named(
  'SubscriptionRequest',
  z.strictObject({
    topics: z.array(topicName).nullable().optional(),
    topic_pattern: z.string().nullable().optional().describe('RE2; the whole name has to match'),
  }),
);
export const subscriptionAnswer = named('Subscription', z.object({ topics: z.array(z.string()) }));

const place = { topic: topicName, partition: partitionNumber };
export const partitionsRequest = named(
  'PartitionsRequest',
  z.strictObject({ partitions: z.array(z.strictObject(place)) }),
);
export const partitionsAnswer = named(
  'AssignedPartitions',
  z.object({ partitions: z.array(z.object({ topic: z.string(), partition: integer })) }),
);
const offsetEntry = z.strictObject({ ...place, offset: int64, metadata });
export const commitRequest = named(
  'CommitRequest',
  z.strictObject({ offsets: z.array(offsetEntry).nullable().optional() }),
  'The offset of the last record that is done with; none at all: everything that was read.',
);
export const committedAnswer = named(
  'CommittedOffsets',
  z.object({
    offsets: z.array(
      z.object({ topic: z.string(), partition: integer, offset: integer, metadata: z.string() }),
    ),
  }),
  'The offset of the next record to read.',
);
export const nothingAnswer = named('Nothing', z.array(z.unknown()).max(0));
export const positionsRequest = named(
  'PositionsRequest',
  z.strictObject({
    offsets: z.array(offsetEntry).nullable().optional(),
    timestamps: z
      .array(z.strictObject({ ...place, timestamp: z.string().describe('ISO 8601') }))
      .nullable()
      .optional(),
  }),
);

// v3

const ofGroup = { consumer_group_id: z.string() };

export const kafkaConsumerGroup = resource('KafkaConsumerGroup', {
  ...ofGroup,
  is_simple: z.boolean(),
  partition_assignor: z.string(),
  state: z.string(),
  type: z.string(),
  is_mixed_consumer_group: z.boolean(),
  coordinator: link,
  consumers: link,
  lag_summary: link,
});
export const kafkaConsumerGroupList = listOf('KafkaConsumerGroup', kafkaConsumerGroup);

export const kafkaConsumer = resource('KafkaConsumer', {
  ...ofGroup,
  consumer_id: z.string(),
  instance_id: z.string().nullable(),
  client_id: z.string(),
  assignments: link,
});
export const kafkaConsumerList = listOf('KafkaConsumer', kafkaConsumer);

export const kafkaConsumerAssignment = resource('KafkaConsumerAssignment', {
  ...ofGroup,
  consumer_id: z.string(),
  topic_name: z.string(),
  partition_id: integer,
  partition: link,
  lag: link,
});
export const kafkaConsumerAssignmentList = listOf('KafkaConsumerAssignment', kafkaConsumerAssignment);

export const kafkaConsumerLag = resource('KafkaConsumerLag', {
  ...ofGroup,
  topic_name: z.string(),
  partition_id: integer,
  consumer_id: z.string(),
  instance_id: z.string().nullable(),
  client_id: z.string(),
  current_offset: integer,
  log_end_offset: integer,
  lag: integer,
});
export const kafkaConsumerLagList = listOf('KafkaConsumerLag', kafkaConsumerLag);

export const kafkaConsumerGroupLagSummary = resource('KafkaConsumerGroupLagSummary', {
  ...ofGroup,
  max_lag_consumer_id: z.string(),
  max_lag_instance_id: z.string().nullable(),
  max_lag_client_id: z.string(),
  max_lag_topic_name: z.string(),
  max_lag_partition_id: integer,
  max_lag: integer,
  total_lag: integer,
  max_lag_consumer: link,
  max_lag_partition: link,
});

export const alterOffsetsRequest = named(
  'AlterOffsetsRequest',
  z.strictObject({
    offsets: z
      .array(
        z.strictObject({ topic_name: topicName, partition_id: partitionNumber, offset: int64, metadata }),
      )
      .min(1),
  }),
  'The offset of the next record to read, in each partition.',
);

import * as shape from './contract-group-shapes.ts';
import {
  dataTypes,
  type Method,
  type QueryParameter,
  type Route,
  recordAnswers,
  v2,
  v2Answers,
  v3,
  v3Change,
  v3Delete,
} from './contract-route.ts';
import { consumedRecords } from './contract-shapes.ts';
import { mediaTypes } from './negotiate.ts';

const types = [mediaTypes.v2, ...dataTypes, mediaTypes.kafka];
const instance = '/consumers/{group}/instances/{instance}';

type Body = NonNullable<Route['request']>['shape'];

/** A call that changes an instance and has nothing to say. */
const change = (method: Method, path: string, summary: string, body?: Body): Route => ({
  method,
  path,
  summary,
  ...(body ? { request: { types, shape: body } } : {}),
  answers: v2Answers,
  responses: { 204: undefined },
  errors: [400, 409, 413, 415, 422],
});

const fetchQuery: readonly QueryParameter[] = [
  {
    name: 'timeout',
    type: 'integer',
    description: 'How long to wait for a record, in ms. Default: `consumer.request.timeout.ms`.',
  },
  { name: 'max_bytes', type: 'integer', description: 'Bytes of keys, values and headers.' },
];

/** The calls of v2 about consumer instances. */
export const consumerInstanceRoutes = {
  createInstance: {
    ...v2('POST', '/consumers/{group}', 'Makes a consumer instance.', shape.createInstanceAnswer),
    request: { types, shape: shape.createInstanceRequest, isOptional: true },
    errors: [400, 409, 413, 415, 422],
  },
  deleteInstance: change('DELETE', instance, 'Removes the instance; commits first when that is automatic.'),
  subscribe: change('POST', `${instance}/subscription`, 'Names topics to read.', shape.subscriptionRequest),
  getSubscription: v2('GET', `${instance}/subscription`, 'The subscribed topics.', shape.subscriptionAnswer),
  unsubscribe: change('DELETE', `${instance}/subscription`, 'Drops subscription and assignment.'),
  assign: change('POST', `${instance}/assignments`, 'Names partitions to read.', shape.partitionsRequest),
  getAssignments: v2('GET', `${instance}/assignments`, 'The partitions it holds.', shape.partitionsAnswer),
  fetchRecords: {
    ...v2('GET', `${instance}/records`, 'Reads on.', consumedRecords),
    query: fetchQuery,
    answers: recordAnswers,
    schemaFormatCode: 40601,
    errors: [400, 409, 413, 422],
  },
  commitOffsets: {
    ...v2(
      'POST',
      `${instance}/offsets`,
      'Commits offsets of records that are done with.',
      shape.nothingAnswer,
    ),
    request: { types, shape: shape.commitRequest, isOptional: true },
    errors: [400, 409, 413, 415, 422],
  },
  getCommitted: {
    ...v2(
      'GET',
      `${instance}/offsets`,
      'What is committed for the partitions in the body.',
      shape.committedAnswer,
    ),
    request: { types, shape: shape.partitionsRequest, isOptional: true },
    errors: [400, 413, 415, 422],
  },
  seek: change('POST', `${instance}/positions`, 'Where to read on.', shape.positionsRequest),
  seekToBeginning: change(
    'POST',
    `${instance}/positions/beginning`,
    'Reads on at the beginning of the partitions.',
    shape.partitionsRequest,
  ),
  seekToEnd: change(
    'POST',
    `${instance}/positions/end`,
    'Reads on at the end of the partitions.',
    shape.partitionsRequest,
  ),
} as const satisfies Record<string, Route>;

const groups = '/v3/clusters/{cluster_id}/consumer-groups';
const group = `${groups}/{consumer_group_id}`;
const consumer = `${group}/consumers/{consumer_id}`;
const assignment = `${consumer}/assignments/{topic_name}/partitions/{partition_id}`;
const lag = `${group}/lags/{topic_name}/partitions/{partition_id}`;

/** The calls of v3 about consumer groups. */
export const consumerGroupRoutes = {
  listConsumerGroups: v3(groups, 'All consumer groups.', shape.kafkaConsumerGroupList),
  getConsumerGroup: v3(group, 'One consumer group.', shape.kafkaConsumerGroup),
  deleteConsumerGroup: {
    ...v3Delete(group, 'Deletes a group that has no members, with everything it committed (Millrace).'),
    errors: [409],
  },
  listConsumers: v3(`${group}/consumers`, 'The members of a group.', shape.kafkaConsumerList),
  getConsumer: v3(consumer, 'One member.', shape.kafkaConsumer),
  listConsumerAssignments: v3(
    `${consumer}/assignments`,
    'The partitions of a member.',
    shape.kafkaConsumerAssignmentList,
  ),
  getConsumerAssignment: v3(assignment, 'One partition of a member.', shape.kafkaConsumerAssignment),
  listConsumerLags: v3(
    `${group}/lags`,
    'How far a group is behind, worst first.',
    shape.kafkaConsumerLagList,
  ),
  getConsumerLag: v3(lag, 'How far a group is behind in one partition.', shape.kafkaConsumerLag),
  getConsumerGroupLagSummary: v3(
    `${group}/lag-summary`,
    'How far a group is behind at worst, and in all.',
    shape.kafkaConsumerGroupLagSummary,
  ),
  alterConsumerGroupOffsets: {
    ...v3Change(
      'POST',
      `${group}/offsets:alter`,
      'Commits offsets for a group that has no members (Millrace).',
      shape.alterOffsetsRequest,
      { 204: undefined },
    ),
    errors: [400, 409, 413, 415, 422],
  },
} as const satisfies Record<string, Route>;

import { brokerConfigRoutes } from './contract-broker-configs.ts';
import { consumerGroupRoutes, consumerInstanceRoutes } from './contract-groups.ts';
import {
  dataTypes,
  type HeaderParameter,
  json,
  type Method,
  type QueryParameter,
  type Route,
  recordAnswers,
  v2,
  v3,
  v3Change,
  v3Delete,
} from './contract-route.ts';
import * as shape from './contract-shapes.ts';

export type { Method, Route } from './contract-route.ts';

const producerHeader: HeaderParameter = {
  name: 'Millrace-Producer',
  description:
    '`<producer id>;epoch=<n>;sequence=<n>`: stores the records once, however often the request is sent. ' +
    'The id is one of POST /producers; the sequence is 0 at first, then one more for each record stored in ' +
    'the partition before. All records must name one partition.',
};

const produce = (path: string, summary: string): Route => ({
  ...v2('POST', path, summary, shape.produceAnswer),
  headers: [producerHeader],
  request: { types: dataTypes, shape: shape.produceRequest },
  // A record that the caller may not store makes the status of the list 401 or 403.
  responses: { 200: shape.produceAnswer, 401: shape.produceAnswer, 403: shape.produceAnswer },
  errors: [400, 409, 413, 415, 422],
});

/** R's calls about access control, as a cluster without an authorizer answers them. */
const refused = (method: Method, path: string): Route => ({
  ...v3(path, 'Access control is switched off.', shape.errorAnswer),
  method,
  ...(method === 'POST' ? { request: { types: json, shape: shape.createAclRequest } } : {}),
  responses: {},
  errors: method === 'POST' ? [400, 413, 415, 422] : [400],
});

const readQuery: readonly QueryParameter[] = [
  {
    name: 'offset',
    isRequired: true,
    type: 'string',
    description: 'An offset, `earliest`, `latest` (what comes after the call), or a time in ISO 8601.',
  },
  { name: 'timeout', type: 'integer', description: 'How long to wait for a record, in ms. Default 1000.' },
  { name: 'max_bytes', type: 'integer', description: 'Bytes of keys, values and headers. Default 1 MiB.' },
];

const cluster = '/v3/clusters/{cluster_id}';
const v3Broker = `${cluster}/brokers/{broker_id}`;
const v3Topic = `${cluster}/topics/{topic_name}`;
const v3Partition = `${v3Topic}/partitions/{partition_id}`;
const v3Config = `${v3Topic}/configs/{name}`;
const partitionPath = '/topics/{topic}/partitions/{partition}';

/**
 * Every call of the HTTP door by its name. The door serves exactly these, and the API document is made of
 * them.
 */
export const routes = {
  getRoot: v2('GET', '/', 'Whether the door is there.', shape.rootAnswer),
  listTopics: v2('GET', '/topics', 'The names of all topics.', shape.topicNames),
  getTopic: v2('GET', '/topics/{topic}', 'A topic with its configs and partitions.', shape.topic),
  listPartitions: v2('GET', '/topics/{topic}/partitions', 'The partitions of a topic.', shape.partitions),
  getPartition: v2('GET', partitionPath, 'One partition.', shape.partition),
  getOffsets: v2('GET', `${partitionPath}/offsets`, 'Where a partition begins and ends.', shape.offsets),
  listBrokers: v2('GET', '/brokers', 'The ids of all brokers.', shape.brokers),
  produceToTopic: produce('/topics/{topic}', 'Stores records.'),
  produceToPartition: produce(partitionPath, 'Stores records in one partition.'),
  readRecords: {
    ...v2('GET', `${partitionPath}/records`, 'Reads records of a partition.', shape.consumedRecords),
    query: readQuery,
    answers: recordAnswers,
    errors: [400, 413, 422],
  },
  createProducer: {
    ...v2('POST', '/producers', 'Hands out an id for an idempotent producer.', shape.producer),
  },
  ...consumerInstanceRoutes,

  listClusters: v3('/v3/clusters', 'The cluster, as a list.', shape.kafkaClusterList),
  getCluster: v3(cluster, 'The cluster.', shape.kafkaCluster),
  listKafkaBrokers: v3(`${cluster}/brokers`, 'All brokers.', shape.kafkaBrokerList),
  getBroker: v3(v3Broker, 'One broker.', shape.kafkaBroker),
  ...brokerConfigRoutes,
  listBrokerReplicas: v3(`${v3Broker}/partition-replicas`, "A broker's replicas.", shape.kafkaReplicaList),
  listAcls: refused('GET', `${cluster}/acls`),
  createAcl: refused('POST', `${cluster}/acls`),
  deleteAcls: refused('DELETE', `${cluster}/acls`),
  createAcls: refused('POST', `${cluster}/acls:batch`),
  listReassignments: v3(
    `${cluster}/topics/-/partitions/-/reassignment`,
    'Reassignments under way: there are none.',
    shape.kafkaReassignmentList,
  ),

  listKafkaTopics: v3(`${cluster}/topics`, 'All topics, by name.', shape.kafkaTopicList),
  createTopic: v3Change('POST', `${cluster}/topics`, 'Creates a topic.', shape.createTopicRequest, {
    200: shape.kafkaTopic,
    201: shape.kafkaTopic,
  }),
  getKafkaTopic: v3(v3Topic, 'One topic.', shape.kafkaTopic),
  updatePartitionCount: v3Change('PATCH', v3Topic, 'Adds partitions.', shape.updatePartitionCountRequest, {
    200: shape.kafkaTopic,
  }),
  deleteTopic: v3Delete(v3Topic, 'Deletes a topic with its records.'),

  listAllTopicsConfigs: v3(
    `${cluster}/topics/-/configs`,
    'The configs of all topics.',
    shape.kafkaTopicConfigList,
  ),
  listDefaultTopicConfigs: {
    ...v3(`${v3Topic}/default-configs`, 'What a new topic begins with.', shape.kafkaTopicConfigList),
    errors: [422],
  },
  listTopicConfigs: v3(`${v3Topic}/configs`, 'The configs of a topic.', shape.kafkaTopicConfigList),
  getTopicConfig: v3(v3Config, 'One config of a topic.', shape.kafkaTopicConfig),
  updateTopicConfig: v3Change('PUT', v3Config, 'Sets a config of a topic.', shape.updateConfigRequest, {
    204: undefined,
  }),
  resetTopicConfig: v3Delete(v3Config, 'Sets a config back to its default.'),
  alterTopicConfigs: v3Change(
    'POST',
    `${v3Topic}/configs:alter`,
    'Changes several configs of a topic, all or none.',
    shape.alterConfigsRequest,
    { 204: undefined },
  ),

  listKafkaPartitions: v3(`${v3Topic}/partitions`, 'The partitions of a topic.', shape.kafkaPartitionList),
  getKafkaPartition: v3(v3Partition, 'One partition.', shape.kafkaPartition),
  listReplicas: v3(`${v3Partition}/replicas`, 'The replicas of a partition.', shape.kafkaReplicaList),
  getReplica: v3(`${v3Partition}/replicas/{broker_id}`, 'One replica.', shape.kafkaReplica),
  getPartitionOffset: v3(
    `${v3Partition}/offset`,
    'Where a partition begins and ends.',
    shape.kafkaPartitionWithOffsets,
  ),
  getReassignment: v3(
    `${v3Partition}/reassignment`,
    'A reassignment: nothing moves.',
    shape.kafkaReassignment,
  ),
  listTopicReassignments: v3(
    `${v3Topic}/partitions/-/reassignment`,
    "A topic's reassignments under way: there are none.",
    shape.kafkaReassignmentList,
  ),

  produceStream: v3Change(
    'POST',
    `${v3Topic}/records`,
    'Stores records that come one after another in one body, and answers each in order.',
    shape.recordRequest,
    { 200: shape.recordAnswer },
  ),
  produceBatch: v3Change(
    'POST',
    `${v3Topic}/records:batch`,
    'Stores several records.',
    shape.recordBatchRequest,
    { 207: shape.recordBatchAnswer },
  ),

  ...consumerGroupRoutes,

  getOpenApi: v3('/openapi', 'This document.', shape.openApiDocument),
  getOpenApiJson: v3('/openapi.json', 'This document.', shape.openApiDocument),
} as const satisfies Record<string, Route>;

export type Operation = keyof typeof routes;

/** The dialect that a path speaks. */
export const isV3Path = (path: string): boolean => path === '/v3' || path.startsWith('/v3/');

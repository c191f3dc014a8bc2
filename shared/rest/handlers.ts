import type { Operation } from './contract.ts';
import type { Handler } from './rest-request.ts';
import { getOpenApi } from './routes/openapi.ts';
import { createProducer } from './routes/producers.ts';
import * as v2Consumers from './routes/v2-consumers.ts';
import * as v2Produce from './routes/v2-produce.ts';
import * as v2Records from './routes/v2-records.ts';
import * as v2Topics from './routes/v2-topics.ts';
import * as v3BrokerConfigs from './routes/v3-broker-configs.ts';
import * as v3Clusters from './routes/v3-clusters.ts';
import * as v3Configs from './routes/v3-configs.ts';
import * as v3Groups from './routes/v3-consumer-groups.ts';
import * as v3Lags from './routes/v3-consumer-lags.ts';
import * as v3Partitions from './routes/v3-partitions.ts';
import * as v3Records from './routes/v3-records.ts';
import * as v3Topics from './routes/v3-topics.ts';

/** Who serves each route of the contract; one that nobody serves is a type error. */
export const handlers: Readonly<Record<Operation, Handler>> = {
  getRoot: v2Topics.getRoot,
  listTopics: v2Topics.listTopics,
  getTopic: v2Topics.getTopic,
  listPartitions: v2Topics.listPartitions,
  getPartition: v2Topics.getPartition,
  getOffsets: v2Topics.getOffsets,
  listBrokers: v2Topics.listBrokers,
  produceToTopic: v2Produce.produceToTopic,
  produceToPartition: v2Produce.produceToPartition,
  readRecords: v2Records.readRecords,
  createProducer,
  createInstance: v2Consumers.createInstance,
  deleteInstance: v2Consumers.deleteInstance,
  subscribe: v2Consumers.subscribe,
  getSubscription: v2Consumers.getSubscription,
  unsubscribe: v2Consumers.unsubscribe,
  assign: v2Consumers.assign,
  getAssignments: v2Consumers.getAssignments,
  fetchRecords: v2Consumers.fetchRecords,
  commitOffsets: v2Consumers.commitOffsetsOf,
  getCommitted: v2Consumers.getCommitted,
  seek: v2Consumers.seek,
  seekToBeginning: v2Consumers.seekToBeginning,
  seekToEnd: v2Consumers.seekToEnd,
  listClusters: v3Clusters.listClusters,
  getCluster: v3Clusters.getCluster,
  listKafkaBrokers: v3Clusters.listKafkaBrokers,
  getBroker: v3Clusters.getBroker,
  listBrokerConfigs: v3BrokerConfigs.listBrokerConfigs,
  getBrokerConfig: v3BrokerConfigs.getBrokerConfig,
  listBrokerReplicas: v3Clusters.listBrokerReplicas,
  listClusterConfigs: v3BrokerConfigs.listClusterConfigs,
  getClusterConfig: v3BrokerConfigs.getClusterConfig,
  updateClusterConfig: v3BrokerConfigs.updateClusterConfig,
  resetClusterConfig: v3BrokerConfigs.resetClusterConfig,
  alterClusterConfigs: v3BrokerConfigs.alterClusterConfigs,
  updateBrokerConfig: v3BrokerConfigs.updateBrokerConfig,
  resetBrokerConfig: v3BrokerConfigs.resetBrokerConfig,
  alterBrokerConfigs: v3BrokerConfigs.alterBrokerConfigs,
  listAllBrokersConfigs: v3BrokerConfigs.listAllBrokersConfigs,
  listAcls: v3Clusters.refuseAcls,
  createAcl: v3Clusters.refuseAcls,
  deleteAcls: v3Clusters.refuseAcls,
  createAcls: v3Clusters.refuseAcls,
  listReassignments: v3Clusters.listReassignments,
  listKafkaTopics: v3Topics.listKafkaTopics,
  createTopic: v3Topics.createTopic,
  getKafkaTopic: v3Topics.getKafkaTopic,
  updatePartitionCount: v3Topics.updatePartitionCount,
  deleteTopic: v3Topics.deleteTopic,
  listAllTopicsConfigs: v3Configs.listAllTopicsConfigs,
  listDefaultTopicConfigs: v3Configs.listDefaultTopicConfigs,
  listTopicConfigs: v3Configs.listTopicConfigs,
  getTopicConfig: v3Configs.getTopicConfig,
  updateTopicConfig: v3Configs.updateTopicConfig,
  resetTopicConfig: v3Configs.resetTopicConfig,
  alterTopicConfigs: v3Configs.alterTopicConfigs,
  listKafkaPartitions: v3Partitions.listKafkaPartitions,
  getKafkaPartition: v3Partitions.getKafkaPartition,
  listReplicas: v3Partitions.listReplicas,
  getReplica: v3Partitions.getReplica,
  getPartitionOffset: v3Partitions.getPartitionOffset,
  getReassignment: v3Partitions.getReassignment,
  listTopicReassignments: v3Partitions.listTopicReassignments,
  produceStream: v3Records.produceStream,
  produceBatch: v3Records.produceBatch,
  listConsumerGroups: v3Groups.listConsumerGroups,
  getConsumerGroup: v3Groups.getConsumerGroup,
  deleteConsumerGroup: v3Groups.deleteConsumerGroup,
  listConsumers: v3Groups.listConsumers,
  getConsumer: v3Groups.getConsumer,
  listConsumerAssignments: v3Groups.listConsumerAssignments,
  getConsumerAssignment: v3Groups.getConsumerAssignment,
  listConsumerLags: v3Lags.listConsumerLags,
  getConsumerLag: v3Lags.getConsumerLag,
  getConsumerGroupLagSummary: v3Lags.getConsumerGroupLagSummary,
  alterConsumerGroupOffsets: v3Lags.alterConsumerGroupOffsets,
  getOpenApi,
  getOpenApiJson: getOpenApi,
};

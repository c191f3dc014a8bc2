import { type AdvertisedApi, advertisedApis } from '../protocol/api-versions.ts';
import type { ApiName } from '../protocol/messages/index.ts';

/** The APIs that this broker serves. A test holds it against the handlers. */
export const servedNames: readonly ApiName[] = [
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'FindCoordinator',
  'ApiVersions',
  'InitProducerId',
  'OffsetForLeaderEpoch',
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'LeaveGroup',
  'DescribeGroups',
  'ListGroups',
  'DeleteGroups',
  'OffsetCommit',
  'OffsetFetch',
  'OffsetDelete',
  'ConsumerGroupHeartbeat',
  'ConsumerGroupDescribe',
  'CreateTopics',
  'DeleteTopics',
  'CreatePartitions',
  'DescribeConfigs',
  'AlterConfigs',
  'IncrementalAlterConfigs',
  'DeleteRecords',
  'DescribeLogDirs',
  'DescribeCluster',
  'DescribeProducers',
  'DescribeAcls',
  'CreateAcls',
  'DeleteAcls',
  'DescribeClientQuotas',
  'AlterClientQuotas',
  'DescribeUserScramCredentials',
  'AlterUserScramCredentials',
  'ElectLeaders',
  'ListPartitionReassignments',
  'ListConfigResources',
  'DescribeTopicPartitions',
  'ListTransactions',
  'DescribeTransactions',
];

/** What the protocol has and nothing here answers, each with its reason. */
export const notServed: { readonly [Name in ApiName]?: string } = {
  AddPartitionsToTxn: 'there are no transactions yet',
  AddOffsetsToTxn: 'there are no transactions yet',
  EndTxn: 'there are no transactions yet',
  TxnOffsetCommit: 'there are no transactions yet',
  SaslHandshake: 'nobody logs in yet',
  SaslAuthenticate: 'nobody logs in yet',
};

/** What ApiVersions announces. */
export const servedApis = (): AdvertisedApi[] => advertisedApis((name) => servedNames.includes(name));

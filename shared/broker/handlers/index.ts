import type { ApiName } from '../../protocol/messages/index.ts';
import type { Handler } from '../handler.ts';
import { alterClientQuotas } from './alter-client-quotas.ts';
import { alterConfigs } from './alter-configs.ts';
import { alterUserScramCredentials } from './alter-user-scram-credentials.ts';
import { apiVersions } from './api-versions.ts';
import { consumerGroupDescribe } from './consumer-group-describe.ts';
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.ts';
import { createAcls } from './create-acls.ts';
import { createPartitions } from './create-partitions.ts';
import { createTopics } from './create-topics.ts';
import { deleteAcls } from './delete-acls.ts';
import { deleteGroups } from './delete-groups.ts';
import { deleteRecords } from './delete-records.ts';
import { deleteTopics } from './delete-topics.ts';
import { describeAcls } from './describe-acls.ts';
import { describeClientQuotas } from './describe-client-quotas.ts';
import { describeCluster } from './describe-cluster.ts';
import { describeConfigs } from './describe-configs.ts';
import { describeGroups } from './describe-groups.ts';
import { describeLogDirs } from './describe-log-dirs.ts';
import { describeProducers } from './describe-producers.ts';
import { describeTopicPartitions } from './describe-topic-partitions.ts';
import { describeTransactions } from './describe-transactions.ts';
import { describeUserScramCredentials } from './describe-user-scram-credentials.ts';
import { electLeaders } from './elect-leaders.ts';
import { fetch } from './fetch.ts';
import { findCoordinator } from './find-coordinator.ts';
import { heartbeat } from './heartbeat.ts';
import { incrementalAlterConfigs } from './incremental-alter-configs.ts';
import { initProducerId } from './init-producer-id.ts';
import { joinGroup } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { listConfigResources } from './list-config-resources.ts';
import { listGroups } from './list-groups.ts';
import { listOffsets } from './list-offsets.ts';
import { listPartitionReassignments } from './list-partition-reassignments.ts';
import { listTransactions } from './list-transactions.ts';
import { metadata } from './metadata.ts';
import { offsetCommit } from './offset-commit.ts';
import { offsetDelete } from './offset-delete.ts';
import { offsetFetch } from './offset-fetch.ts';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts';
import { produce } from './produce.ts';
import { syncGroup } from './sync-group.ts';

/** A handler of whichever API. */
export type AnyHandler = Handler<ApiName>;

/** One handler for each API that is served, by Kafka's name. */
export const handlers: { readonly [Name in ApiName]?: Handler<Name> } = {
  Produce: produce,
  Fetch: fetch,
  ListOffsets: listOffsets,
  Metadata: metadata,
  FindCoordinator: findCoordinator,
  ApiVersions: apiVersions,
  InitProducerId: initProducerId,
  OffsetForLeaderEpoch: offsetForLeaderEpoch,
  ConsumerGroupDescribe: consumerGroupDescribe,
  ConsumerGroupHeartbeat: consumerGroupHeartbeat,
  OffsetDelete: offsetDelete,
  OffsetFetch: offsetFetch,
  OffsetCommit: offsetCommit,
  DeleteGroups: deleteGroups,
  ListGroups: listGroups,
  DescribeGroups: describeGroups,
  LeaveGroup: leaveGroup,
  Heartbeat: heartbeat,
  SyncGroup: syncGroup,
  JoinGroup: joinGroup,
  CreateTopics: createTopics,
  DeleteTopics: deleteTopics,
  CreatePartitions: createPartitions,
  DescribeConfigs: describeConfigs,
  AlterConfigs: alterConfigs,
  IncrementalAlterConfigs: incrementalAlterConfigs,
  DeleteRecords: deleteRecords,
  DescribeLogDirs: describeLogDirs,
  DescribeCluster: describeCluster,
  DescribeProducers: describeProducers,
  DescribeAcls: describeAcls,
  CreateAcls: createAcls,
  DeleteAcls: deleteAcls,
  DescribeClientQuotas: describeClientQuotas,
  AlterClientQuotas: alterClientQuotas,
  DescribeUserScramCredentials: describeUserScramCredentials,
  AlterUserScramCredentials: alterUserScramCredentials,
  ElectLeaders: electLeaders,
  ListPartitionReassignments: listPartitionReassignments,
  ListConfigResources: listConfigResources,
  DescribeTopicPartitions: describeTopicPartitions,
  ListTransactions: listTransactions,
  DescribeTransactions: describeTransactions,
};

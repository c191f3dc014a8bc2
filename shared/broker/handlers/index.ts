import type { ApiName } from '../../protocol/messages/index.ts';
import type { Handler } from '../handler.ts';
import { apiVersions } from './api-versions.ts';
import { consumerGroupDescribe } from './consumer-group-describe.ts';
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.ts';
import { deleteGroups } from './delete-groups.ts';
import { describeGroups } from './describe-groups.ts';
import { fetch } from './fetch.ts';
import { findCoordinator } from './find-coordinator.ts';
import { heartbeat } from './heartbeat.ts';
import { initProducerId } from './init-producer-id.ts';
import { joinGroup } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { listGroups } from './list-groups.ts';
import { listOffsets } from './list-offsets.ts';
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
};

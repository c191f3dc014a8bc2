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
];

/** What ApiVersions announces. */
export const servedApis = (): AdvertisedApi[] => advertisedApis((name) => servedNames.includes(name));

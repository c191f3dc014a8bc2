import type { ConsumerMoment, HeartbeatEvent } from '../../../shared/groups/consumer-events.ts';
import { defaultGroupSettings, type GroupSettings } from '../../../shared/groups/group-settings.ts';
import { noPartitions, topicPartitions, withEpochs } from '../../../shared/groups/topic-partitions.ts';
import type { ConsumerMember, TopicPartitions } from '../../../shared/storage/items/consumer-members.ts';
import { absentCell, type ConsumerCell } from '../../../shared/storage/items/group-cell.ts';
import { t0 } from './classic-cells.ts';

/** Cells and events of KIP-848 groups, as short as tests like them. */

/** Partitions of the topic `orders`. */
export const of = (...partitions: number[]): TopicPartitions =>
  topicPartitions(partitions.map((partition) => ['id of orders', partition]));

export const moment = (
  afterMs = 0,
  partitions = 6,
  settings: Partial<GroupSettings> = {},
): ConsumerMoment => ({
  nowMs: t0 + afterMs,
  settings: { ...defaultGroupSettings, ...settings },
  topics: new Map(partitions === 0 ? [] : [['orders', { topicId: 'id of orders', partitions }]]),
  matches: new Map([['ord.*', ['orders']]]),
});

export const beat = (
  memberId: string,
  memberEpoch: number,
  changes: Partial<HeartbeatEvent> = {},
): HeartbeatEvent => ({
  kind: 'heartbeat',
  memberId,
  memberEpoch,
  groupInstanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  subscribedTopicNames: null,
  subscribedTopicRegex: null,
  serverAssignor: null,
  owned: null,
  clientId: 'client',
  clientHost: '/127.0.0.1',
  isFull: false,
  mayBeFolded: false,
  ...changes,
});

export const joinBeat = (memberId: string, changes: Partial<HeartbeatEvent> = {}): HeartbeatEvent =>
  beat(memberId, 0, {
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: ['orders'],
    owned: noPartitions,
    isFull: true,
    ...changes,
  });

type MemberChanges = Partial<Omit<ConsumerMember, 'assigned'>> & { assigned?: TopicPartitions };

export const consumer = (memberId: string, { assigned, ...changes }: MemberChanges = {}): ConsumerMember => ({
  memberId,
  groupInstanceId: null,
  rackId: null,
  clientId: 'client',
  clientHost: '/127.0.0.1',
  memberEpoch: 5,
  previousMemberEpoch: 4,
  state: 'STABLE',
  rebalanceTimeoutMs: 30_000,
  revokeByMs: 0,
  subscribedTopicNames: ['orders'],
  subscribedTopicRegex: null,
  serverAssignor: null,
  assigned: withEpochs(assigned ?? noPartitions, new Map(), changes.memberEpoch ?? 5),
  pendingRevocation: noPartitions,
  target: assigned ?? noPartitions,
  hasLeft: false,
  ...changes,
});

export const consumerCell = (
  members: readonly ConsumerMember[],
  changes: Partial<ConsumerCell> = {},
): ConsumerCell => ({
  type: 'consumer',
  version: 9n,
  generation: 5,
  fence: 7n,
  sweepAtMs: t0 + 11_250,
  emptySinceMs: 0,
  assignmentEpoch: 5,
  assignedAtMs: t0 - 60_000,
  topicsHash: 'to be found',
  topicsCheckedAtMs: t0 - 60_000,
  members,
  ...changes,
});

export const noCell: ConsumerCell = {
  type: 'consumer',
  version: absentCell.version,
  generation: 0,
  fence: 0n,
  sweepAtMs: 0,
  emptySinceMs: 0,
  assignmentEpoch: 0,
  assignedAtMs: 0,
  topicsHash: '',
  topicsCheckedAtMs: 0,
  members: [],
};

import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import type { TopicPartitions } from '../storage/items/consumer-members.ts';
import type { ClassicCell, ConsumerCell } from '../storage/items/group-cell.ts';
import type { DescribedConsumerGroup, DescribedGroup, NamedPartitions } from './api.ts';
import { readAsIfSwept } from './as-if-swept.ts';
import { readAllAssignments } from './assignments.ts';
import { chooseAssignor } from './consumer-target.ts';
import { pauseMs, send } from './group-context.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import { stateOf } from './list-groups.ts';
import { readSubscriptions } from './subscriptions.ts';
import { withoutEpochs } from './topic-partitions.ts';

const none = new Uint8Array();
const triesMax = 5;

export const undescribed = (groupId: string, error: KafkaErrorName): DescribedGroup => ({
  error,
  groupId,
  groupState: 'Dead',
  protocolType: '',
  protocolData: '',
  members: [],
});

/** A classic group with its members; metadata and assignments of a stable one. */
export async function describeGroup(room: GroupRoom, groupId: string): Promise<DescribedGroup> {
  checkGroupId(groupId, { mayBeEmpty: true });
  for (let tries = 0; ; tries++) {
    const cell = await readAsIfSwept(room, groupId);
    if (cell.type === 'consumer' || cell.state === 'Dead') return undescribed(groupId, 'GROUP_ID_NOT_FOUND');
    const described = await describeClassic(room, groupId, cell);
    if (described !== undefined) return described;
    if (tries === triesMax) return undescribed(groupId, 'NOT_COORDINATOR');
    await room.context.clock.sleep(pauseMs(room.context, tries));
  }
}

/** Undefined: something that the cell names is gone, so it has moved. */
async function describeClassic(
  { context }: GroupRoom,
  groupId: string,
  cell: ClassicCell,
): Promise<DescribedGroup | undefined> {
  const subscriptions = await send(context, () => readSubscriptions(context, groupId, cell.members));
  const isStable = cell.state === 'Stable' && cell.assignments !== null;
  const assignments =
    isStable && cell.assignments !== null
      ? await readAllAssignments(context, groupId, cell, cell.assignments)
      : new Map<string, Uint8Array>();
  if (subscriptions === undefined || assignments === undefined) return undefined;
  const members = cell.members.map(({ memberId, groupInstanceId }) => {
    const subscription = subscriptions.get(memberId);
    const chosen = subscription?.protocols.find(({ name }) => name === cell.protocolName);
    return {
      memberId,
      groupInstanceId,
      clientId: subscription?.clientId ?? '',
      clientHost: subscription?.clientHost ?? '',
      memberMetadata: isStable ? (chosen?.metadata ?? none) : none,
      memberAssignment: assignments.get(memberId) ?? none,
    };
  });
  const { state, protocolType, protocolName } = cell;
  const protocolData = isStable ? protocolName : '';
  return { error: 'NONE', groupId, groupState: state, protocolType, protocolData, members };
}

export const undescribedConsumerGroup = (groupId: string, error: KafkaErrorName): DescribedConsumerGroup => ({
  error,
  groupId,
  groupState: 'Dead',
  groupEpoch: 0,
  assignmentEpoch: 0,
  assignorName: '',
  members: [],
});

/** A KIP-848 group, from its cell alone. */
export async function describeConsumerGroup(
  room: GroupRoom,
  groupId: string,
): Promise<DescribedConsumerGroup> {
  checkGroupId(groupId);
  const cell = await readAsIfSwept(room, groupId);
  if (cell.type === 'classic') return undescribedConsumerGroup(groupId, 'GROUP_ID_NOT_FOUND');
  const names = await topicNames(room, cell);
  return {
    error: 'NONE',
    groupId,
    groupState: stateOf(cell),
    groupEpoch: cell.generation,
    assignmentEpoch: cell.assignmentEpoch,
    assignorName: chooseAssignor(cell.members),
    members: cell.members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      rackId: member.rackId,
      memberEpoch: member.memberEpoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: member.subscribedTopicNames,
      subscribedTopicRegex: member.subscribedTopicRegex,
      assignment: named(withoutEpochs(member.assigned), names),
      targetAssignment: named(member.target, names),
    })),
  };
}

async function topicNames({ context }: GroupRoom, cell: ConsumerCell): Promise<Map<TopicId, string>> {
  const topicIds = new Set(
    cell.members.flatMap(({ assigned, target }) => [...assigned.keys(), ...target.keys()]),
  );
  const found = await Promise.all([...topicIds].map((topicId) => context.topics.findById(topicId)));
  return new Map(found.flatMap((topic) => (topic === undefined ? [] : [[topic.topicId, topic.name]])));
}

/** A topic that was deleted has no name any more. */
const named = (partitions: TopicPartitions, names: ReadonlyMap<TopicId, string>): NamedPartitions =>
  [...partitions].flatMap(([topicId, numbers]) => {
    const topicName = names.get(topicId);
    return topicName === undefined ? [] : [{ topicId, topicName, partitions: numbers }];
  });

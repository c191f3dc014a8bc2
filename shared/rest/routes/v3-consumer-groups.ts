import type { DescribedConsumerGroup, DescribedGroup } from '../../groups/api.ts';
import { assignedPartitions } from '../../groups/consumer-protocol.ts';
import { KafkaError } from '../../kafka/error-codes.ts';
import type { TopicPartition } from '../../kafka/topic-partition.ts';
import type { RestDeps } from '../deps.ts';
import { notFound } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Handler, param, type RestRequest } from '../rest-request.ts';
import { checkCluster, link, listOf, ok, type ResourceAt, resource } from './v3-resources.ts';

/** A member, of whichever protocol. */
export type GroupConsumer = {
  readonly consumerId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly partitions: readonly TopicPartition[];
};

export type ConsumerGroup = {
  readonly groupId: string;
  readonly isSimple: boolean;
  readonly assignor: string;
  readonly state: string;
  readonly type: 'CLASSIC' | 'CONSUMER';
  readonly consumers: readonly GroupConsumer[];
};

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Kafka's word as R writes it: `PreparingRebalance` is PREPARING_REBALANCE. */
const capitals = (state: string): string => state.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();

const inOrder = (consumers: readonly GroupConsumer[]): GroupConsumer[] =>
  [...consumers].sort((a, b) => byText(a.consumerId, b.consumerId));

const ofClassic = (group: DescribedGroup): ConsumerGroup => ({
  groupId: group.groupId,
  isSimple: group.protocolType === '',
  assignor: group.protocolData,
  state: capitals(group.groupState),
  type: 'CLASSIC',
  consumers: inOrder(
    group.members.map((member) => ({
      consumerId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      partitions: assignedPartitions(member.memberAssignment) ?? [],
    })),
  ),
});

const ofConsumer = (group: DescribedConsumerGroup): ConsumerGroup => ({
  groupId: group.groupId,
  isSimple: false,
  assignor: group.assignorName,
  state: capitals(group.groupState),
  type: 'CONSUMER',
  consumers: inOrder(
    group.members.map((member) => ({
      consumerId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      partitions: member.assignment.flatMap(({ topicName, partitions }) =>
        partitions.map((partition) => ({ topic: topicName, partition })),
      ),
    })),
  ),
});

/** The group as it is now; undefined when there is none, or it is none of consumers. */
async function findGroup({ groups }: RestDeps, groupId: string): Promise<ConsumerGroup | undefined> {
  const [classic] = await groups.coordinator.describeGroups([groupId]);
  if (classic?.error === 'NONE') {
    const isOfConsumers = classic.protocolType === '' || classic.protocolType === 'consumer';
    return isOfConsumers ? ofClassic(classic) : undefined;
  }
  if (classic !== undefined && classic.error !== 'GROUP_ID_NOT_FOUND') throw new KafkaError(classic.error);
  const [consumer] = await groups.coordinator.consumerGroupDescribe([groupId]);
  if (consumer?.error === 'NONE') return ofConsumer(consumer);
  if (consumer !== undefined && consumer.error !== 'GROUP_ID_NOT_FOUND') throw new KafkaError(consumer.error);
  return undefined;
}

/** The group named in the path, of this cluster. Throws 404. */
export async function groupOf(request: RestRequest, deps: RestDeps): Promise<ConsumerGroup> {
  checkCluster(request, deps);
  const groupId = param(request, 'consumer_group_id');
  const group = await findGroup(deps, groupId);
  if (!group) throw notFound(`Consumer group ${groupId.slice(0, 100)} cannot be found.`);
  return group;
}

const groupPath = (groupId: string, ...rest: (string | number)[]): (string | number)[] => [
  'consumer-groups',
  groupId,
  ...rest,
];

function groupJson(request: RestRequest, deps: RestDeps, group: ConsumerGroup): Json {
  const { groupId } = group;
  const at: ResourceAt = {
    kind: 'KafkaConsumerGroup',
    path: groupPath(groupId),
    name: [['consumer-group', groupId]],
  };
  return resource(request, deps, at, {
    consumer_group_id: groupId,
    is_simple: group.isSimple,
    partition_assignor: group.assignor,
    state: group.state,
    type: group.type,
    is_mixed_consumer_group: false,
    coordinator: link(request, deps, 'brokers', deps.cluster.controllerId),
    consumers: link(request, deps, ...groupPath(groupId, 'consumers')),
    lag_summary: link(request, deps, ...groupPath(groupId, 'lag-summary')),
  });
}

export const listConsumerGroups: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const { error, groups } = await deps.groups.coordinator.listGroups();
  if (error !== 'NONE') throw new KafkaError(error);
  const found: Json[] = [];
  for (const { groupId } of groups) {
    const group = await findGroup(deps, groupId);
    if (group) found.push(groupJson(request, deps, group));
  }
  return listOf(request, deps, 'KafkaConsumerGroup', ['consumer-groups'], found);
};

export const getConsumerGroup: Handler = async (request, deps) =>
  ok(groupJson(request, deps, await groupOf(request, deps)));

export const deleteConsumerGroup: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const groupId = param(request, 'consumer_group_id');
  const [deleted] = await deps.groups.coordinator.deleteGroups([groupId]);
  const error = deleted?.error ?? 'NONE';
  if (error === 'GROUP_ID_NOT_FOUND') {
    throw notFound(`Consumer group ${groupId.slice(0, 100)} cannot be found.`);
  }
  if (error !== 'NONE') throw new KafkaError(error);
  return { status: 204 };
};

function consumerJson(request: RestRequest, deps: RestDeps, groupId: string, one: GroupConsumer): Json {
  const path = groupPath(groupId, 'consumers', one.consumerId);
  const at: ResourceAt = {
    kind: 'KafkaConsumer',
    path,
    name: [
      ['consumer-group', groupId],
      ['consumer', one.consumerId],
    ],
  };
  return resource(request, deps, at, {
    consumer_group_id: groupId,
    consumer_id: one.consumerId,
    instance_id: one.instanceId,
    client_id: one.clientId,
    assignments: link(request, deps, ...path, 'assignments'),
  });
}

export const listConsumers: Handler = async (request, deps) => {
  const { groupId, consumers } = await groupOf(request, deps);
  const all = consumers.map((consumer) => consumerJson(request, deps, groupId, consumer));
  return listOf(request, deps, 'KafkaConsumer', groupPath(groupId, 'consumers'), all);
};

type Placed = { readonly groupId: string; readonly consumer: GroupConsumer };

/** The member named in the path. Throws 404. */
async function consumerOf(request: RestRequest, deps: RestDeps): Promise<Placed> {
  const { groupId, consumers } = await groupOf(request, deps);
  const consumerId = param(request, 'consumer_id');
  const consumer = consumers.find((one) => one.consumerId === consumerId);
  if (!consumer) throw notFound(`Consumer ${consumerId.slice(0, 100)} cannot be found.`);
  return { groupId, consumer };
}

export const getConsumer: Handler = async (request, deps) => {
  const { groupId, consumer } = await consumerOf(request, deps);
  return ok(consumerJson(request, deps, groupId, consumer));
};

function assignmentJson(
  request: RestRequest,
  deps: RestDeps,
  { groupId, consumer: { consumerId } }: Placed,
  { topic, partition }: TopicPartition,
): Json {
  const ofPartition = [topic, 'partitions', partition];
  const at: ResourceAt = {
    kind: 'KafkaConsumerAssignment',
    path: groupPath(groupId, 'consumers', consumerId, 'assignments', ...ofPartition),
    name: [
      ['consumer-group', groupId],
      ['consumer', consumerId],
      ['assignment', topic],
      ['partition', partition],
    ],
  };
  return resource(request, deps, at, {
    consumer_group_id: groupId,
    consumer_id: consumerId,
    topic_name: topic,
    partition_id: partition,
    partition: link(request, deps, 'topics', ...ofPartition),
    lag: link(request, deps, ...groupPath(groupId, 'lags', ...ofPartition)),
  });
}

export const listConsumerAssignments: Handler = async (request, deps) => {
  const placed = await consumerOf(request, deps);
  const { groupId, consumer } = placed;
  const inPlace = [...consumer.partitions].sort(
    (a, b) => byText(a.topic, b.topic) || a.partition - b.partition,
  );
  const all = inPlace.map((partition) => assignmentJson(request, deps, placed, partition));
  const path = groupPath(groupId, 'consumers', consumer.consumerId, 'assignments');
  return listOf(request, deps, 'KafkaConsumerAssignment', path, all);
};

export const getConsumerAssignment: Handler = async (request, deps) => {
  const placed = await consumerOf(request, deps);
  const [topic, partition] = [param(request, 'topic_name'), param(request, 'partition_id')];
  const found = placed.consumer.partitions.find(
    (one) => one.topic === topic && String(one.partition) === partition,
  );
  if (!found) throw notFound('The consumer has no such assignment.');
  return ok(assignmentJson(request, deps, placed, found));
};

import type * as z from 'zod';
import * as shape from '../../shared/rest/contract-group-shapes.ts';
import { consumerLags } from '../door/consumer-lags.ts';
import type { Door } from '../door/door.ts';
import { DoorFailure } from '../door/door-failure.ts';

export type GroupSummary = {
  readonly group: string;
  readonly state: string;
  /** classic or consumer (KIP-848), where the door says so. */
  readonly type: string | null;
  readonly assignor: string;
  readonly coordinator: number | null;
};
export type GroupMember = {
  readonly member: string;
  readonly client: string;
  readonly instance: string | null;
};
export type GroupPartition = {
  readonly topic: string;
  readonly partition: number;
  readonly current_offset: bigint;
  readonly log_end_offset: bigint;
  readonly lag: bigint;
  readonly member: string | null;
  readonly client: string | null;
};
export type GroupDescription = GroupSummary & {
  readonly members: readonly GroupMember[];
  readonly partitions: readonly GroupPartition[];
  readonly total_lag: bigint;
};

const summaryOf = (group: z.output<typeof shape.kafkaConsumerGroup>): GroupSummary => ({
  group: group.consumer_group_id,
  state: group.state,
  type: group.type?.toLowerCase() ?? null,
  assignor: group.partition_assignor,
  coordinator: brokerOf(group.coordinator?.related),
});

/** The link of a coordinator ends in the broker's number. */
function brokerOf(link: string | undefined): number | null {
  const [, id] = /\/brokers\/([0-9]+)$/.exec(link ?? '') ?? [];
  return id === undefined ? null : Number(id);
}

/** All groups, by name. */
export async function listGroups(door: Door): Promise<GroupSummary[]> {
  const { data } = await door.callV3('listConsumerGroups', {}, shape.kafkaConsumerGroupList);
  return data.map(summaryOf).sort((a, b) => (a.group < b.group ? -1 : 1));
}

/** A group with its members and how far each partition is read. */
export async function describeGroup(door: Door, group: string): Promise<GroupDescription> {
  const path = { consumer_group_id: group };
  const summary = summaryOf(await door.callV3('getConsumerGroup', path, shape.kafkaConsumerGroup));
  const { data } = await door.callV3('listConsumers', path, shape.kafkaConsumerList);
  const partitions = await committedOf(door, group);
  return {
    ...summary,
    members: data.map(({ consumer_id: member, client_id: client, instance_id: instance }) => ({
      member,
      client,
      instance,
    })),
    partitions,
    total_lag: partitions.reduce((sum, { lag }) => sum + lag, 0n),
  };
}

/** The partitions that the group has committed offsets of, by topic and number; none when it never did. */
export async function committedOf(door: Door, group: string): Promise<GroupPartition[]> {
  try {
    const { data } = await door.callV3('listConsumerLags', { consumer_group_id: group }, consumerLags);
    return data.map(partitionOf).sort(byPlace);
  } catch (error) {
    // Without any commit the door answers 404, as it does for a group that is not there.
    if (error instanceof DoorFailure && error.status === 404) return [];
    throw error;
  }
}

const partitionOf = (row: z.output<typeof consumerLags>['data'][number]): GroupPartition => ({
  topic: row.topic_name,
  partition: row.partition_id,
  current_offset: row.current_offset,
  log_end_offset: row.log_end_offset,
  lag: row.lag,
  member: row.consumer_id || null,
  client: row.client_id || null,
});

type Place = { readonly topic: string; readonly partition: number };

export const byPlace = (a: Place, b: Place): number =>
  a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1;

import * as shape from '../../shared/rest/contract-shapes.ts';
import { askEach, rangeOf } from '../consume/partition-offsets.ts';
import type { Door } from '../door/door.ts';
import { fields, table } from '../output/table.ts';

export type TopicDescription = {
  readonly topic: string;
  readonly is_internal: boolean;
  readonly replication_factor: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly replicas: readonly number[];
    readonly begin_offset: bigint;
    readonly end_offset: bigint;
  }[];
  readonly configs: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly is_default: boolean;
    readonly source: string;
  }[];
};

/** What the door knows of a topic. */
export async function describeTopic(door: Door, topic: string): Promise<TopicDescription> {
  const path = { topic_name: topic };
  const { is_internal, replication_factor } = await door.callV3('getKafkaTopic', path, shape.kafkaTopic);
  const { data: configs } = await door.callV3('listTopicConfigs', path, shape.kafkaTopicConfigList);
  const partitions = await door.call('listPartitions', { topic }, shape.partitions);
  return {
    topic,
    is_internal,
    replication_factor,
    partitions: await askEach(partitions, async ({ partition, leader, replicas }) => {
      const { begin, end } = await rangeOf(door, { topic, partition });
      const brokers = replicas.map(({ broker }) => broker);
      return { partition, leader, replicas: brokers, begin_offset: begin, end_offset: end };
    }),
    configs: configs.map(({ name, value, is_default, source }) => ({ name, value, is_default, source })),
  };
}

/** The description as people read it. */
export function topicText(topic: TopicDescription, showsDefaults: boolean, isBold: boolean): string {
  const { partitions, configs } = topic;
  const records = partitions.reduce(
    (sum, { begin_offset, end_offset }) => sum + end_offset - begin_offset,
    0n,
  );
  const summary = fields([
    ['topic', topic.topic],
    ['partitions', partitions.length],
    ['replicas', topic.replication_factor],
    ['records', records],
    ...(topic.is_internal ? [['internal', 'yes'] as const] : []),
  ]);
  const places = table(
    [
      { title: 'PARTITION' },
      { title: 'LEADER' },
      { title: 'REPLICAS' },
      { title: 'BEGIN' },
      { title: 'END' },
    ],
    partitions.map(({ partition, leader, replicas, begin_offset, end_offset }) => [
      partition,
      leader,
      replicas.join(','),
      begin_offset,
      end_offset,
    ]),
    isBold,
  );
  const shown = configs.filter(({ is_default }) => showsDefaults || !is_default);
  const configTable = table(
    [{ title: 'CONFIG' }, { title: 'VALUE' }, { title: 'SOURCE' }],
    shown.map(({ name, value, source }) => [name, value, source]),
    isBold,
  );
  return [summary, places, ...(shown.length > 0 ? [configTable] : [])].join('\n');
}

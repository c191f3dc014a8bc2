import type { PartitionLag } from '../../groups/offsets-api.ts';
import { KafkaError } from '../../kafka/error-codes.ts';
import type { TopicPartition } from '../../kafka/topic-partition.ts';
import * as shape from '../contract-group-shapes.ts';
import type { RestDeps } from '../deps.ts';
import { notFound, partitionNotFound, topicNotFound, unprocessable } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Handler, param, type RestRequest, readRequired } from '../rest-request.ts';
import { type ConsumerGroup, type GroupConsumer, groupOf } from './v3-consumer-groups.ts';
import { checkCluster, link, listOf, ok, type ResourceAt, resource } from './v3-resources.ts';

/** How far a group is behind where it has committed, and who has the partition. */
type Lag = TopicPartition & {
  readonly committed: bigint;
  readonly endOffset: bigint;
  readonly lag: bigint;
  readonly consumer: GroupConsumer | undefined;
};

async function lagsOf(deps: RestDeps, group: ConsumerGroup, named?: TopicPartition): Promise<Lag[]> {
  const { error, lags } = await deps.groups.offsets.lag({
    groupId: group.groupId,
    partitions: named ? [named] : null,
    isolationLevel: 'read_uncommitted',
  });
  if (error !== 'NONE') throw new KafkaError(error);
  return lags.flatMap((lag) => placed(group, lag));
}

function placed({ consumers }: ConsumerGroup, found: PartitionLag): Lag[] {
  const { topic, partition, committed, endOffset, lag } = found;
  if (committed === null || lag === null) return [];
  const consumer = consumers.find(({ partitions }) =>
    partitions.some((one) => one.topic === topic && one.partition === partition),
  );
  return [{ topic, partition, committed: committed.offset, endOffset, lag, consumer }];
}

/** The worst first. */
function byLag(a: Lag, b: Lag): number {
  if (a.lag !== b.lag) return a.lag > b.lag ? -1 : 1;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}

function lagJson(request: RestRequest, deps: RestDeps, groupId: string, lag: Lag): Json {
  const { topic, partition, consumer } = lag;
  const at: ResourceAt = {
    kind: 'KafkaConsumerLag',
    path: ['consumer-groups', groupId, 'lags', topic, 'partitions', partition],
    name: [
      ['consumer-group', groupId],
      ['lag', topic],
      ['partition', partition],
    ],
  };
  return resource(request, deps, at, {
    consumer_group_id: groupId,
    topic_name: topic,
    partition_id: partition,
    consumer_id: consumer?.consumerId ?? '',
    instance_id: consumer?.instanceId ?? null,
    client_id: consumer?.clientId ?? '',
    current_offset: lag.committed,
    log_end_offset: lag.endOffset,
    lag: lag.lag,
  });
}

/** Throws 404 also for a group that has committed nothing, as R does. */
async function allLags(request: RestRequest, deps: RestDeps): Promise<[ConsumerGroup, Lag[]]> {
  const group = await groupOf(request, deps);
  const lags = await lagsOf(deps, group);
  if (lags.length === 0) throw notFound('Consumer lags not found.');
  return [group, lags.sort(byLag)];
}

export const listConsumerLags: Handler = async (request, deps) => {
  const [{ groupId }, lags] = await allLags(request, deps);
  const all = lags.map((lag) => lagJson(request, deps, groupId, lag));
  return listOf(request, deps, 'KafkaConsumerLag', ['consumer-groups', groupId, 'lags'], all);
};

export const getConsumerLag: Handler = async (request, deps) => {
  const group = await groupOf(request, deps);
  const [topic, text] = [param(request, 'topic_name'), param(request, 'partition_id')];
  const partition = /^[0-9]{1,10}$/.test(text) ? Number(text) : -1;
  const [lag] = await lagsOf(deps, group, { topic, partition });
  if (!lag) throw notFound('The group has committed nothing for this partition.');
  return ok(lagJson(request, deps, group.groupId, lag));
};

export const getConsumerGroupLagSummary: Handler = async (request, deps) => {
  const [{ groupId }, lags] = await allLags(request, deps);
  const worst = lags[0] as Lag;
  const { consumer, topic, partition } = worst;
  const at: ResourceAt = {
    kind: 'KafkaConsumerGroupLagSummary',
    path: ['consumer-groups', groupId, 'lag-summary'],
    name: [
      ['consumer-group', groupId],
      ['lag-summary', ''],
    ],
  };
  const consumers = ['consumer-groups', groupId, 'consumers'];
  const path = consumer ? [...consumers, consumer.consumerId] : consumers;
  return ok(
    resource(request, deps, at, {
      consumer_group_id: groupId,
      max_lag_consumer_id: consumer?.consumerId ?? '',
      max_lag_instance_id: consumer?.instanceId ?? null,
      max_lag_client_id: consumer?.clientId ?? '',
      max_lag_topic_name: topic,
      max_lag_partition_id: partition,
      max_lag: worst.lag,
      total_lag: lags.reduce((sum, { lag }) => sum + lag, 0n),
      max_lag_consumer: link(request, deps, ...path),
      max_lag_partition: link(request, deps, 'topics', topic, 'partitions', partition),
    }),
  );
};

const int64Max = 2n ** 63n - 1n;

/** As Kafka's own tool does it: a commit by nobody, which a group with members refuses. */
export const alterConsumerGroupOffsets: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const groupId = param(request, 'consumer_group_id');
  const body = await readRequired(request, shape.alterOffsetsRequest);
  const offsets = body.offsets.map(({ topic_name: topic, partition_id: partition, offset, metadata }) => {
    const wanted = BigInt(offset);
    if (wanted < 0n || wanted > int64Max) throw unprocessable(`${wanted} is no offset.`);
    return { topic, partition, offset: wanted, leaderEpoch: -1, metadata: metadata ?? null };
  });
  for (const { topic: name, partition } of offsets) {
    const topic = await deps.topics.find(name);
    if (!topic) throw topicNotFound('v3', name);
    if (partition >= topic.partitions) {
      throw partitionNotFound(`Topic ${name} has no partition ${partition}.`);
    }
  }
  const answers = await deps.groups.offsets.commit({
    ...{ groupId, generationId: -1, memberId: '', groupInstanceId: null, knowsMemberEpochs: true },
    offsets,
  });
  const refused = answers.find(({ error }) => error !== 'NONE')?.error;
  if (refused === 'UNKNOWN_MEMBER_ID') throw new KafkaError('NON_EMPTY_GROUP');
  if (refused !== undefined) throw new KafkaError(refused);
  return { status: 204 };
};

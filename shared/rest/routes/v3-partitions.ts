import type { RestDeps } from '../deps.ts';
import { notFound } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Handler, param, type RestRequest } from '../rest-request.ts';
import type { PlacedPartition } from '../topic-lookup.ts';
import { link, listOf, ok, placeOf, type ResourceAt, resource, topicOf } from './v3-resources.ts';

const pathOf = ({ topic, partition }: PlacedPartition, ...rest: (string | number)[]): (string | number)[] => [
  'topics',
  topic.name,
  'partitions',
  partition,
  ...rest,
];

const nameOf = ({ topic, partition }: PlacedPartition): ResourceAt['name'] => [
  ['topic', topic.name],
  ['partition', partition],
];

const leaderOf = ({ cluster }: RestDeps, { topic, partition }: PlacedPartition): number =>
  cluster.leaderOf(topic.topicId, partition);

const partitionJson = (request: RestRequest, deps: RestDeps, place: PlacedPartition): Json =>
  resource(
    request,
    deps,
    { kind: 'KafkaPartition', path: pathOf(place), name: nameOf(place) },
    {
      topic_name: place.topic.name,
      partition_id: place.partition,
      leader: link(request, deps, ...pathOf(place, 'replicas', leaderOf(deps, place))),
      replicas: link(request, deps, ...pathOf(place, 'replicas')),
      reassignment: link(request, deps, ...pathOf(place, 'reassignment')),
    },
  );

/** The one replica that a partition has as far as Kafka sees: DynamoDB and S3 replicate below it. */
export function replicaJson(request: RestRequest, deps: RestDeps, place: PlacedPartition): Json {
  const brokerId = leaderOf(deps, place);
  return resource(
    request,
    deps,
    {
      kind: 'KafkaReplica',
      path: pathOf(place, 'replicas', brokerId),
      name: [...nameOf(place), ['replica', brokerId]],
    },
    {
      topic_name: place.topic.name,
      partition_id: place.partition,
      broker_id: brokerId,
      is_leader: true,
      is_in_sync: true,
      broker: link(request, deps, 'brokers', brokerId),
    },
  );
}

export const listKafkaPartitions: Handler = async (request, deps) => {
  const topic = await topicOf(request, deps);
  const all = Array.from({ length: topic.partitions }, (_, partition) =>
    partitionJson(request, deps, { topic, partition }),
  );
  return listOf(request, deps, 'KafkaPartition', ['topics', topic.name, 'partitions'], all);
};

export const getKafkaPartition: Handler = async (request, deps) =>
  ok(partitionJson(request, deps, await placeOf(request, deps)));

export const listReplicas: Handler = async (request, deps) => {
  const place = await placeOf(request, deps);
  return listOf(request, deps, 'KafkaReplica', pathOf(place, 'replicas'), [
    replicaJson(request, deps, place),
  ]);
};

export const getReplica: Handler = async (request, deps) => {
  const place = await placeOf(request, deps);
  const brokerId = param(request, 'broker_id');
  if (brokerId !== String(leaderOf(deps, place))) {
    throw notFound(`Broker ${brokerId.slice(0, 100)} has no replica of the partition.`);
  }
  return ok(replicaJson(request, deps, place));
};

export const getPartitionOffset: Handler = async (request, deps) => {
  const place = await placeOf(request, deps);
  const { topic, partition } = place;
  const { logStartOffset, highWatermark } = await deps.logs.offsets({ topicId: topic.topicId, partition });
  const at = { kind: 'KafkaPartitionWithOffsets', path: pathOf(place, 'offset'), name: nameOf(place) };
  return ok(
    resource(request, deps, at, {
      topic_name: topic.name,
      partition_id: partition,
      earliest_offset: logStartOffset,
      latest_offset: highWatermark,
    }),
  );
};

/** Nothing is ever reassigned: a partition has its data in the stores, not on brokers. */
export const getReassignment: Handler = async (request, deps) => {
  const place = await placeOf(request, deps);
  const at = {
    kind: 'KafkaReassignment',
    path: pathOf(place, 'reassignment'),
    name: [...nameOf(place), ['reassignment', place.partition] as const],
  };
  return ok(
    resource(request, deps, at, {
      topic_name: place.topic.name,
      partition_id: place.partition,
      adding_replicas: [],
      removing_replicas: [],
      replicas: link(request, deps, ...pathOf(place, 'replicas')),
    }),
  );
};

export const listTopicReassignments: Handler = async (request, deps) => {
  const { name } = await topicOf(request, deps);
  return listOf(request, deps, 'KafkaReassignment', ['topics', name, 'partitions', '-', 'reassignment'], []);
};

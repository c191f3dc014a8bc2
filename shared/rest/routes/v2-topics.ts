import type { RestDeps, RestTopic } from '../deps.ts';
import { notFound, partitionNotFound, topicNotFound } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Handler, param, type RestRequest } from '../rest-request.ts';
import { findPartition, findTopic, type PlacedPartition } from '../topic-lookup.ts';

/** The topic named in the path. Throws 404 40401. */
export async function topicOf(request: RestRequest, deps: RestDeps): Promise<RestTopic> {
  const name = param(request, 'topic');
  const topic = await findTopic(deps, name);
  if (!topic) throw topicNotFound('v2', name);
  return topic;
}

/** The partition named in the path, with its topic. Throws 404, 40402 for a number. */
export async function placeOf(request: RestRequest, deps: RestDeps): Promise<PlacedPartition> {
  const topic = await topicOf(request, deps);
  const text = param(request, 'partition');
  if (!/^-?[0-9]+$/.test(text)) throw notFound('A partition is named by its number.');
  const place = await findPartition(deps, topic, text);
  if (place) return place;
  throw partitionNotFound(`Partition not found: topic ${topic.name} has ${topic.partitions} partitions.`);
}

function partitionJson({ cluster }: RestDeps, topic: RestTopic, partition: number): Json {
  const leader = cluster.leaderOf(topic.topicId, partition);
  return { partition, leader, replicas: [{ broker: leader, leader: true, in_sync: true }] };
}

const partitionsJson = (deps: RestDeps, topic: RestTopic): Json[] =>
  Array.from({ length: topic.partitions }, (_, partition) => partitionJson(deps, topic, partition));

export const getRoot: Handler = async () => ({ status: 200, body: {} });

export const listTopics: Handler = async (_request, { topics }) => ({
  status: 200,
  body: (await topics.list()).map(({ name }) => name),
});

export const getTopic: Handler = async (request, deps) => {
  const topic = await topicOf(request, deps);
  const configs = deps.topics.describeConfigs(topic).map(({ name, value }) => [name, value ?? ''] as const);
  const body = {
    name: topic.name,
    configs: Object.fromEntries(configs),
    partitions: partitionsJson(deps, topic),
  };
  return { status: 200, body };
};

export const listPartitions: Handler = async (request, deps) => ({
  status: 200,
  body: partitionsJson(deps, await topicOf(request, deps)),
});

export const getPartition: Handler = async (request, deps) => {
  const { topic, partition } = await placeOf(request, deps);
  return { status: 200, body: partitionJson(deps, topic, partition) };
};

export const getOffsets: Handler = async (request, deps) => {
  const { topic, partition } = await placeOf(request, deps);
  const { logStartOffset, highWatermark } = await deps.logs.offsets({ topicId: topic.topicId, partition });
  return { status: 200, body: { beginning_offset: logStartOffset, end_offset: highWatermark } };
};

export const listBrokers: Handler = async (_request, { cluster }) => ({
  status: 200,
  body: { brokers: cluster.brokers.map(({ id }) => id) },
});

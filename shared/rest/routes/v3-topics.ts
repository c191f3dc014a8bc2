import { isInternalTopic, whyIllegalTopicName } from '../../kafka/topic-names.ts';
import { createTopicRequest, updatePartitionCountRequest } from '../contract-shapes.ts';
import type { RestDeps, RestTopic } from '../deps.ts';
import { invalidPayload, refusedByKafka } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Handler, type RestRequest, readShaped } from '../rest-request.ts';
import { address, checkCluster, link, listOf, ok, resource, topicOf } from './v3-resources.ts';

type ShownTopic = Pick<RestTopic, 'name' | 'partitions'>;

const topicJson = (request: RestRequest, deps: RestDeps, { name, partitions }: ShownTopic): Json =>
  resource(
    request,
    deps,
    { kind: 'KafkaTopic', path: ['topics', name], name: [['topic', name]] },
    {
      topic_name: name,
      is_internal: isInternalTopic(name),
      replication_factor: 1,
      partitions_count: partitions,
      authorized_operations: [],
      partitions: link(request, deps, 'topics', name, 'partitions'),
      configs: link(request, deps, 'topics', name, 'configs'),
      partition_reassignments: link(request, deps, 'topics', name, 'partitions', '-', 'reassignment'),
    },
  );

const byName = (a: ShownTopic, b: ShownTopic): number => (a.name < b.name ? -1 : 1);

export const listKafkaTopics: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const topics = [...(await deps.topics.list())].sort(byName);
  const data = topics.map((topic) => topicJson(request, deps, topic));
  return listOf(request, deps, 'KafkaTopic', ['topics'], data);
};

export const getKafkaTopic: Handler = async (request, deps) =>
  ok(topicJson(request, deps, await topicOf(request, deps)));

export const createTopic: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const wanted = await readShaped(request, createTopicRequest);
  const reason = whyIllegalTopicName(wanted.topic_name);
  if (reason !== undefined) throw invalidPayload(`The topic name is not allowed: ${reason}.`);
  const validateOnly = wanted.validate_only ?? false;
  const topic = await deps.topics.create({
    name: wanted.topic_name,
    configs: configsWanted(wanted),
    // -1 asks for the broker's default (KIP-464).
    partitions: partitionsWanted(wanted, deps),
    replicationFactor: wanted.replication_factor ?? -1,
    validateOnly,
  });
  const body = topicJson(request, deps, topic);
  if (validateOnly) return ok(body);
  return { status: 201, body, headers: { location: address(request, deps, 'topics', topic.name) } };
};

type Wanted = ReturnType<typeof createTopicRequest.parse>;

function configsWanted({ configs }: Wanted): Record<string, string | null> {
  const wanted = new Map<string, string | null>();
  for (const { name, value } of configs ?? []) {
    if (wanted.has(name)) throw refusedByKafka(`The config ${name} is given twice.`);
    wanted.set(name, value === undefined || value === null ? null : String(value));
  }
  return Object.fromEntries(wanted);
}

/**
 * The partitions that an assignment of replicas means: brokers are named, but there is one copy here whatever
 * they are.
 */
function partitionsWanted({ replicas_assignments, partitions_count }: Wanted, { cluster }: RestDeps): number {
  const count = partitions_count ?? -1;
  const assignments = Object.entries(replicas_assignments ?? {});
  if (assignments.length === 0) return count;
  const known = new Set(cluster.brokers.map(({ id }) => id));
  const width = assignments[0]?.[1].length;
  const isValid = assignments.every(
    ([partition, brokers]) =>
      Number(partition) < assignments.length &&
      brokers.length > 0 &&
      brokers.length === width &&
      new Set(brokers).size === brokers.length &&
      brokers.every((id) => known.has(id)),
  );
  const isWhole = new Set(assignments.map(([partition]) => Number(partition))).size === assignments.length;
  if (!isValid || !isWhole || (count !== -1 && count !== assignments.length)) {
    throw refusedByKafka(
      'replicas_assignments must give every partition from 0 on the same number of known brokers.',
    );
  }
  return assignments.length;
}

export const updatePartitionCount: Handler = async (request, deps) => {
  const { name } = await topicOf(request, deps);
  const { partitions_count: total } = await readShaped(request, updatePartitionCountRequest);
  return ok(topicJson(request, deps, await deps.topics.addPartitions(name, total)));
};

export const deleteTopic: Handler = async (request, deps) => {
  const { name } = await topicOf(request, deps);
  await deps.topics.delete(name);
  return { status: 204 };
};

import type { RestBroker, RestDeps } from '../deps.ts';
import { notFound, refusedByKafka } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Handler, param, type RestRequest } from '../rest-request.ts';
import { replicaJson } from './v3-partitions.ts';
import { checkCluster, link, listAt, listOf, ok, resource } from './v3-resources.ts';

const clusterJson = (request: RestRequest, deps: RestDeps): Json =>
  resource(
    request,
    deps,
    { kind: 'KafkaCluster', path: [], name: [] },
    {
      controller: link(request, deps, 'brokers', deps.cluster.controllerId),
      acls: link(request, deps, 'acls'),
      brokers: link(request, deps, 'brokers'),
      broker_configs: link(request, deps, 'broker-configs'),
      consumer_groups: link(request, deps, 'consumer-groups'),
      topics: link(request, deps, 'topics'),
      partition_reassignments: link(request, deps, 'topics', '-', 'partitions', '-', 'reassignment'),
    },
  );

const brokerJson = (request: RestRequest, deps: RestDeps, { id, host, port, rack }: RestBroker): Json =>
  resource(
    request,
    deps,
    { kind: 'KafkaBroker', path: ['brokers', id], name: [['broker', id]] },
    {
      broker_id: id,
      host,
      port,
      rack,
      configs: link(request, deps, 'brokers', id, 'configs'),
      partition_replicas: link(request, deps, 'brokers', id, 'partition-replicas'),
    },
  );

/** The broker named in the path. Throws 404. */
export function brokerOf(request: RestRequest, deps: RestDeps): RestBroker {
  checkCluster(request, deps);
  const text = param(request, 'broker_id');
  const broker = deps.cluster.brokers.find(({ id }) => String(id) === text);
  if (!broker) throw notFound(`Broker ${text.slice(0, 100)} cannot be found.`);
  return broker;
}

export const listClusters: Handler = async (request, deps) =>
  listAt('KafkaCluster', `${request.baseUrl}/v3/clusters`, [clusterJson(request, deps)]);

export const getCluster: Handler = async (request, deps) => {
  checkCluster(request, deps);
  return ok(clusterJson(request, deps));
};

export const listKafkaBrokers: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const brokers = deps.cluster.brokers.map((broker) => brokerJson(request, deps, broker));
  return listOf(request, deps, 'KafkaBroker', ['brokers'], brokers);
};

export const getBroker: Handler = async (request, deps) =>
  ok(brokerJson(request, deps, brokerOf(request, deps)));

export const listBrokerReplicas: Handler = async (request, deps) => {
  const { id } = brokerOf(request, deps);
  const replicas: Json[] = [];
  for (const topic of await deps.topics.list()) {
    for (let partition = 0; partition < topic.partitions; partition++) {
      if (deps.cluster.leaderOf(topic.topicId, partition) !== id) continue;
      replicas.push(replicaJson(request, deps, { topic, partition }));
    }
  }
  return listOf(request, deps, 'KafkaReplica', ['brokers', id, 'partition-replicas'], replicas);
};

/** What Kafka answers without an authorizer, whatever is asked of it. */
export const refuseAcls: Handler = async (request, deps) => {
  checkCluster(request, deps);
  throw refusedByKafka('No authorizer is configured on the cluster.');
};

export const listReassignments: Handler = async (request, deps) => {
  checkCluster(request, deps);
  return listOf(request, deps, 'KafkaReassignment', ['topics', '-', 'partitions', '-', 'reassignment'], []);
};

import type { ConfigEntry } from '../../kafka/config-keys.ts';
import { alterConfigsRequest, updateConfigRequest } from '../contract-shapes.ts';
import type { RestDeps } from '../deps.ts';
import { notFound, refusedByKafka } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Answer, type Handler, param, type RestRequest, readShaped } from '../rest-request.ts';
import { brokerOf } from './v3-clusters.ts';
import { configMembers } from './v3-configs.ts';
import { checkCluster, listOf, ok, resource } from './v3-resources.ts';

// Brokers take their configs from the settings of the process: none can be altered while they run, neither of
// one nor for all.

const brokerConfigJson = (request: RestRequest, deps: RestDeps, id: number, entry: ConfigEntry): Json =>
  resource(
    request,
    deps,
    {
      kind: 'KafkaBrokerConfig',
      path: ['brokers', id, 'configs', entry.name],
      name: [
        ['broker', id],
        ['config', entry.name],
      ],
    },
    { broker_id: id, ...configMembers(entry) },
  );

export const listBrokerConfigs: Handler = async (request, deps) => {
  const { id } = brokerOf(request, deps);
  const configs = deps.cluster.configsOf(id).map((entry) => brokerConfigJson(request, deps, id, entry));
  return listOf(request, deps, 'KafkaBrokerConfig', ['brokers', id, 'configs'], configs);
};

export const listAllBrokersConfigs: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const configs = deps.cluster.brokers.flatMap(({ id }) =>
    deps.cluster.configsOf(id).map((entry) => brokerConfigJson(request, deps, id, entry)),
  );
  return listOf(request, deps, 'KafkaBrokerConfig', ['brokers', '-', 'configs'], configs);
};

export const getBrokerConfig: Handler = async (request, deps) => {
  const { id } = brokerOf(request, deps);
  return ok(brokerConfigJson(request, deps, id, entryOf(deps, id, param(request, 'name'))));
};

export const listClusterConfigs: Handler = async (request, deps) => {
  checkCluster(request, deps);
  return listOf(request, deps, 'KafkaClusterConfig', ['broker-configs'], []);
};

/** The config of a broker of this name. Throws 404. */
function entryOf(deps: RestDeps, brokerId: number, name: string): ConfigEntry {
  const entry = deps.cluster.configsOf(brokerId).find((candidate) => candidate.name === name);
  if (!entry) throw notFound(`There is no broker config ${name.slice(0, 100)}.`);
  return entry;
}

/** Throws 404 for a name that there is not, and for any other what the Kafka door answers. */
function alter(deps: RestDeps, brokerId: number, names: readonly string[]): Answer {
  const [first] = names.map((name) => entryOf(deps, brokerId, name));
  if (first === undefined) return { status: 204 };
  throw refusedByKafka(`The broker config ${first.name} cannot be altered while the broker runs.`);
}

/** The cluster named in the path, by a broker of it. Throws 404. */
function anyBrokerOf(request: RestRequest, deps: RestDeps): { readonly id: number } {
  checkCluster(request, deps);
  return { id: deps.cluster.controllerId };
}

type Whose = (request: RestRequest, deps: RestDeps) => { readonly id: number };

const update =
  (whose: Whose): Handler =>
  async (request, deps) => {
    const { id } = whose(request, deps);
    await readShaped(request, updateConfigRequest);
    return alter(deps, id, [param(request, 'name')]);
  };

const reset =
  (whose: Whose): Handler =>
  async (request, deps) =>
    alter(deps, whose(request, deps).id, [param(request, 'name')]);

const alterSeveral =
  (whose: Whose): Handler =>
  async (request, deps) => {
    const { id } = whose(request, deps);
    const { data } = await readShaped(request, alterConfigsRequest);
    return alter(
      deps,
      id,
      data.map(({ name }) => name),
    );
  };

export const updateBrokerConfig: Handler = update(brokerOf);
export const resetBrokerConfig: Handler = reset(brokerOf);
export const alterBrokerConfigs: Handler = alterSeveral(brokerOf);
export const updateClusterConfig: Handler = update(anyBrokerOf);
export const resetClusterConfig: Handler = reset(anyBrokerOf);
export const alterClusterConfigs: Handler = alterSeveral(anyBrokerOf);

/** Only what was set for all brokers would be shown here. */
export const getClusterConfig: Handler = async (request, deps) => {
  checkCluster(request, deps);
  throw notFound(`The config ${param(request, 'name').slice(0, 100)} is not set for all brokers.`);
};

import { type Method, type Route, v3, v3Change, v3Delete } from './contract-route.ts';
import * as shape from './contract-shapes.ts';

const cluster = '/v3/clusters/{cluster_id}';
const ofBroker = `${cluster}/brokers/{broker_id}/configs`;
const ofAll = `${cluster}/broker-configs`;

const refused = 'Brokers take no other config while they run.';

/** A change of one config, which is always refused. */
const change = (method: Method, path: string): Route =>
  method === 'DELETE'
    ? { ...v3Delete(path, refused), responses: {}, errors: [400] }
    : v3Change(method, path, refused, shape.updateConfigRequest, {});

const alter = (path: string): Route =>
  v3Change('POST', path, refused, shape.alterConfigsRequest, { 204: undefined });

/** The calls of v3 about configs of brokers. */
export const brokerConfigRoutes = {
  listBrokerConfigs: v3(ofBroker, 'The configs of a broker.', shape.kafkaBrokerConfigList),
  listAllBrokersConfigs: v3(
    `${cluster}/brokers/-/configs`,
    'The configs of all brokers.',
    shape.kafkaBrokerConfigList,
  ),
  getBrokerConfig: v3(`${ofBroker}/{name}`, 'One config of a broker.', shape.kafkaBrokerConfig),
  updateBrokerConfig: change('PUT', `${ofBroker}/{name}`),
  resetBrokerConfig: change('DELETE', `${ofBroker}/{name}`),
  alterBrokerConfigs: alter(`${ofBroker}:alter`),
  listClusterConfigs: v3(
    ofAll,
    'The dynamic defaults of all brokers: there are none.',
    shape.kafkaClusterConfigList,
  ),
  getClusterConfig: v3(`${ofAll}/{name}`, 'One of them: there is none.', shape.kafkaClusterConfig),
  updateClusterConfig: change('PUT', `${ofAll}/{name}`),
  resetClusterConfig: change('DELETE', `${ofAll}/{name}`),
  alterClusterConfigs: alter(`${ofAll}:alter`),
} as const satisfies Record<string, Route>;

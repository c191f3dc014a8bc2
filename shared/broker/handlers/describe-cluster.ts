import type { KafkaErrorName } from '../../kafka/error-codes.ts';
import { clusterOperations } from '../authorized-operations.ts';
import { codeOf, type Handler, noError } from '../handler.ts';

/** Kafka's numbers for what a listener is (KIP-919). */
const brokers = 1;
const controllers = 2;

/** DescribeCluster v0–2. Brokers only: no listener is a controller's. Nobody is fenced. */
export const describeCluster: Handler<'DescribeCluster'> = async ({ cluster }, request) => {
  const { endpointType, includeClusterAuthorizedOperations } = request;
  if (endpointType === controllers) {
    return refused('MISMATCHED_ENDPOINT_TYPE', 'This is the listener of a broker, not of a controller.');
  }
  if (endpointType !== brokers) {
    return refused('UNSUPPORTED_ENDPOINT_TYPE', `There are no endpoints of type ${endpointType}.`);
  }
  return {
    errorCode: noError,
    clusterId: cluster.clusterId,
    controllerId: cluster.controllerId,
    brokers: cluster.brokers.map(({ id: brokerId, host, port, rack }) => ({ brokerId, host, port, rack })),
    ...(includeClusterAuthorizedOperations ? { clusterAuthorizedOperations: clusterOperations } : {}),
  };
};

const refused = (error: KafkaErrorName, errorMessage: string) => ({
  errorCode: codeOf(error),
  errorMessage,
  clusterId: '',
  brokers: [],
});

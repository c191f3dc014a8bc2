import { kafkaErrors } from '../../kafka/error-codes.ts';
import type { BrokerContext } from '../broker-context.ts';
import { type Handler, noError } from '../handler.ts';

const groupType = 0;
const transactionType = 1;

/** FindCoordinator v0–5. Any broker can coordinate anything; the advice only spreads the load. */
export const findCoordinator: Handler<'FindCoordinator'> = async (broker, request, { version }) => {
  const { key, keyType, coordinatorKeys } = request;
  if (version >= 4) {
    return {
      coordinators: coordinatorKeys.map((one) => ({ key: one, ...coordinator(broker, one, keyType) })),
    };
  }
  return coordinator(broker, key, keyType);
};

function coordinator({ cluster }: BrokerContext, key: string, keyType: number) {
  if (keyType !== groupType && keyType !== transactionType) return nobody('INVALID_REQUEST');
  const id = cluster.coordinatorOf(key);
  const node = cluster.brokers.find((broker) => broker.id === id);
  if (!node) return nobody('COORDINATOR_NOT_AVAILABLE');
  return { errorCode: noError, errorMessage: null, nodeId: node.id, host: node.host, port: node.port };
}

function nobody(name: 'INVALID_REQUEST' | 'COORDINATOR_NOT_AVAILABLE') {
  const { code, message } = kafkaErrors[name];
  return { errorCode: code, errorMessage: message, nodeId: -1, host: '', port: -1 };
}

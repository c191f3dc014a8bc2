import { KafkaError } from '../kafka/error-codes.ts';
import type { BrokerContext } from './broker-context.ts';

/** Kafka's numbers for what has configs. */
export const resourceTypes = {
  topic: 2,
  broker: 4,
  brokerLogger: 8,
  clientMetrics: 16,
  group: 32,
} as const;

export type ResourceType = (typeof resourceTypes)[keyof typeof resourceTypes];

export const isResourceType = (number: number): number is ResourceType =>
  (Object.values(resourceTypes) as number[]).includes(number);

export const unknownResourceType = (number: number): KafkaError =>
  new KafkaError('INVALID_REQUEST', `There are no configs of resource type ${number} here.`);

/** The id that a resource name spells. Throws INVALID_REQUEST unless it is a broker of this cluster. */
export function brokerIdOf({ cluster }: BrokerContext, name: string): number {
  const id = /^\d{1,10}$/.test(name) ? Number(name) : undefined;
  if (id !== undefined && cluster.brokers.some((broker) => broker.id === id)) return id;
  const ids = cluster.brokers.map((broker) => broker.id).join(', ');
  throw new KafkaError('INVALID_REQUEST', `There is no broker '${name.slice(0, 40)}' here, only ${ids}.`);
}

/** Throws INVALID_REQUEST for an empty resource name. */
export function checkIsNamed(kind: string, name: string): void {
  if (name === '') throw new KafkaError('INVALID_REQUEST', `The name of the ${kind} may not be empty.`);
}

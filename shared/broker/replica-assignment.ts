import { KafkaError } from '../kafka/error-codes.ts';
import { repeated } from './answer-each.ts';
import type { BrokerContext } from './broker-context.ts';

/**
 * Checks the replicas that a client has chosen for partitions: known brokers, each once, and as many for
 * every partition. Nothing follows from the choice: the stores replicate. Throws INVALID_REPLICA_ASSIGNMENT.
 */
export function checkReplicas({ cluster }: BrokerContext, assignments: readonly (readonly number[])[]): void {
  const known = new Set(cluster.brokers.map(({ id }) => id));
  const width = assignments[0]?.length;
  for (const replicas of assignments) {
    if (replicas.length === 0) throw badAssignment('A partition is given no replica.');
    const [twice] = repeated(replicas);
    if (twice !== undefined) throw badAssignment(`Broker ${twice} is named twice for one partition.`);
    const stranger = replicas.find((id) => !known.has(id));
    if (stranger !== undefined) throw badAssignment(`There is no broker ${stranger}.`);
    if (replicas.length !== width) {
      throw badAssignment(`One partition is given ${width} replicas, another ${replicas.length}.`);
    }
  }
}

export const badAssignment = (message: string): KafkaError =>
  new KafkaError('INVALID_REPLICA_ASSIGNMENT', message);

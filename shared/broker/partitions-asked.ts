import type { Topic } from '../catalog/topic-cache.ts';
import { KafkaError } from '../kafka/error-codes.ts';

/** Throws UNKNOWN_TOPIC_OR_PARTITION unless the topic has the partition. */
export function checkHasPartition({ name, partitions }: Topic, partition: number): void {
  if (partition >= 0 && partition < partitions) return;
  throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Topic '${name}' has no partition ${partition}.`);
}

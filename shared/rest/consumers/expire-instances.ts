import { isKafkaError } from '../../kafka/error-codes.ts';
import { consumerInstanceShards, readConsumerInstance } from '../../storage/items/consumer-instance.ts';
import { queryAll } from '../../storage/metadata-store.ts';
import { isStoreError } from '../../storage/store-error.ts';
import { type InstanceDeps, removeInstance } from './instance-store.ts';
import { leave } from './leave.ts';

/**
 * Removes instances that nobody called for `consumer.instance.timeout.ms`, and gives their partitions to the
 * others of their groups. Nothing is committed: what was given out last may not have been worked on. If it
 * never runs, nothing is lost but space: an expired instance counts as gone, and its session ends by itself
 * (I10). Answers how many went.
 */
export async function expireInstances(deps: InstanceDeps): Promise<number> {
  let expired = 0;
  for (const pk of consumerInstanceShards) {
    for await (const { item } of queryAll(deps.metadata, { pk, consistent: false })) {
      const instance = readConsumerInstance(item);
      if (instance.untilMs > deps.clock.nowMs()) continue;
      try {
        await leave(deps, instance.groupId, instance.membership.memberId);
        if (await removeInstance(deps, instance)) expired++;
      } catch (error) {
        if (!isStoreError(error) && !isKafkaError(error)) throw error;
        deps.log.warn('a consumer instance could not be removed', { group: instance.groupId, error });
      }
    }
  }
  return expired;
}

import type { PartitionId } from '../kafka/topic-partition.ts';
import { payloadKey } from '../storage/items/payload.ts';
import { exists, unset } from '../storage/metadata-store.ts';
import { tryWrite } from '../storage/store-error.ts';
import { appendRetry, type LogContext, repeated } from './log-context.ts';
import { stagedNames } from './names.ts';

/**
 * Takes the expiry from every payload that is not rolled yet: before records are promised a longer life than
 * they were staged with. A roll would not do: it leaves the tail where it is. From here on the roller removes
 * these payloads.
 */
export async function keepUnrolled(context: LogContext, partition: PartitionId): Promise<number> {
  if (!context.stores.staging.thresholds.expires) return 0;
  const { metadata } = context.stores;
  const { ids } = await stagedNames(context, partition);
  const keys = [...ids].map((id) => payloadKey(partition, id));
  const items = await metadata.getMany(keys);
  const expiring = keys.filter((_, place) => items[place]?.ttl !== undefined);
  const update = { changes: [unset(['ttl'])], condition: exists(['ttl']) };
  await Promise.all(
    expiring.map((key) => tryWrite(repeated(appendRetry(context), () => metadata.update(key, update)))),
  );
  return expiring.length;
}

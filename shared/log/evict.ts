import type { PartitionId } from '../kafka/topic-partition.ts';
import { type PartitionHead, partitionHeadKey, tailEntries } from '../storage/items/partition-head.ts';
import { producerKey, writeProducer } from '../storage/items/producer.ts';
import { absent, add, all, any, equals, isAtMost, unset } from '../storage/metadata-store.ts';
import { tryWrite } from '../storage/store-error.ts';
import { type LogContext, reliefRetry, repeated } from './log-context.ts';

/**
 * Moves the longest unused producers out of a head that holds too many: first the item, then the head, so
 * that its sequence is always in one of the two (I4). One in a transaction stays.
 */
export async function evictProducers(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
): Promise<void> {
  const surplus = Object.keys(head.prod).length - context.settings.producersInHeadMax;
  if (surplus <= 0) return;
  for (const producerId of longestUnused(head).slice(0, surplus))
    await evict(context, partition, head, producerId);
}

/**
 * Producers without an open transaction: those not in the tail first, oldest id first; then by their last
 * entry.
 */
function longestUnused(head: PartitionHead): string[] {
  const lastUse = new Map<string, number>();
  tailEntries(head).forEach((entry, place) => {
    if (entry.producer) lastUse.set(entry.producer.producerId.toString(), place);
  });
  return Object.keys(head.prod)
    .filter((producerId) => head.txnAt[producerId] === undefined)
    .sort((a, b) => (lastUse.get(a) ?? -1) - (lastUse.get(b) ?? -1) || Number(BigInt(a) - BigInt(b)));
}

async function evict(
  context: LogContext,
  partition: PartitionId,
  head: PartitionHead,
  id: string,
): Promise<void> {
  const { metadata } = context.stores;
  const value = head.prod[id];
  if (value === undefined) return;
  const lastNo = head.txnNo[id]; // negative: the number of the last transaction that ended here
  const ended = lastNo === undefined ? 0n : -lastNo;
  const ttl = BigInt(Math.ceil((context.clock.nowMs() + context.settings.producerIdExpirationMs) / 1000));
  const item = writeProducer({ value, ended, asOf: head.next, ttl });
  // A slow evictor must not put its old value over a newer one [1.b, 1.f6].
  const isNewest = any(absent(['t']), all(isAtMost(['asOf'], head.next), isAtMost(['ended'], ended)));
  const wasPut = await tryWrite(
    repeated(reliefRetry(context), () => metadata.put(producerKey(partition, BigInt(id)), item, isNewest)),
  );
  if (!wasPut) return;
  const isUnchanged = all(
    equals(['prod', id], value),
    lastNo === undefined ? absent(['txnNo', id]) : equals(['txnNo', id], lastNo),
  );
  const changes = [add(['evicted'], 1n), unset(['prod', id]), unset(['txnNo', id])];
  await tryWrite(
    repeated(reliefRetry(context), () =>
      metadata.update(partitionHeadKey(partition), { changes, condition: isUnchanged }),
    ),
  );
}

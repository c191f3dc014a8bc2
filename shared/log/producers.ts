import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import type { PlacedEntry } from '../storage/items/entry.ts';
import { type PartitionHead, tailEntries } from '../storage/items/partition-head.ts';
import { producerIdOf, producerRange, readProducer } from '../storage/items/producer.ts';
import { queryAll } from '../storage/metadata-store.ts';
import { type LogContext, loadHead } from './log-context.ts';
import { pageAtOrBefore } from './pages.ts';
import { epochOf, nextSequenceOf } from './producer-sequence.ts';

/** What a partition remembers of a producer, as DescribeProducers shows it (KIP-664). */
export type ActiveProducer = {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Of its last record; -1 when its epoch has stored none. */
  readonly lastSequence: number;
  /** Of its last batch, in ms; -1 when that is not in the tail or the newest page any more. */
  readonly lastTimestamp: bigint;
  /** Where its open transaction begins; -1 when there is none. */
  readonly currentTxnStartOffset: Offset;
};

/** The producers in the head, and those that were moved out of it and have not expired; by id. */
export async function activeProducers(
  context: LogContext,
  partition: PartitionId,
): Promise<ActiveProducer[]> {
  const head = await loadHead(context, partition);
  const values = head.evicted > 0n ? await evictedProducers(context, partition) : new Map<bigint, bigint>();
  for (const [id, value] of Object.entries(head.prod)) values.set(BigInt(id), value);
  const lastTimestamps = timestampsOf([
    ...(await newestPage(context, partition, head)),
    ...tailEntries(head),
  ]);
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([producerId, value]) => ({
      producerId,
      producerEpoch: epochOf(value),
      lastSequence: nextSequenceOf(value) - 1,
      lastTimestamp: lastTimestamps.get(producerId) ?? -1n,
      currentTxnStartOffset: head.txnAt[producerId.toString()] ?? -1n,
    }));
}

async function evictedProducers(
  { stores, clock }: LogContext,
  partition: PartitionId,
): Promise<Map<bigint, bigint>> {
  const values = new Map<bigint, bigint>();
  for await (const { key, item } of queryAll(stores.metadata, producerRange(partition))) {
    const { value, ttl } = readProducer(item);
    if (ttl * 1000n >= BigInt(clock.nowMs())) values.set(producerIdOf(key), value);
  }
  return values;
}

async function newestPage(
  context: LogContext,
  partition: PartitionId,
  { paged, rolled }: PartitionHead,
): Promise<readonly PlacedEntry[]> {
  if (paged === rolled) return [];
  return (await pageAtOrBefore(context, partition, paged - 1n))?.entries ?? [];
}

/** The last one of each producer. */
function timestampsOf(entries: readonly PlacedEntry[]): Map<bigint, bigint> {
  const timestamps = new Map<bigint, bigint>();
  for (const { producer, maxTimestamp } of entries) {
    if (producer !== undefined) timestamps.set(producer.producerId, maxTimestamp);
  }
  return timestamps;
}

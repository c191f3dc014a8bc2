import { KafkaError } from '../../kafka/error-codes.ts';
import type { PartitionId, TopicPartition } from '../../kafka/topic-partition.ts';
import type { ConsumerInstance, HeldPartition } from '../../storage/items/consumer-instance.ts';
import type { RestDeps, RestTopic } from '../deps.ts';
import { refusedByKafka } from '../errors.ts';

/** A partition of the instance that exists. */
export type Readable = { readonly held: HeldPartition; readonly topic: RestTopic };

/** Those partitions that exist now; topics may have been deleted, or named before they were made. */
export async function readable(
  { topics }: RestDeps,
  partitions: readonly HeldPartition[],
): Promise<Readable[]> {
  const found = new Map<string, RestTopic | undefined>();
  for (const { topic } of partitions) {
    if (!found.has(topic)) found.set(topic, await topics.find(topic));
  }
  return partitions.flatMap((held) => {
    const topic = found.get(held.topic);
    return topic !== undefined && held.partition < topic.partitions ? [{ held, topic }] : [];
  });
}

export const idOf = ({ held, topic }: Readable): PartitionId => ({
  topicId: topic.topicId,
  partition: held.partition,
});

const nameOf = ({ topic, partition }: TopicPartition): string => `${partition} ${topic}`;

/** The partitions with these in the place of those of the same name. */
export function updated(
  partitions: readonly HeldPartition[],
  changed: readonly HeldPartition[],
): readonly HeldPartition[] {
  const byName = new Map(changed.map((one) => [nameOf(one), one]));
  return partitions.map((one) => byName.get(nameOf(one)) ?? one);
}

export const isHeld = (partitions: readonly HeldPartition[], wanted: TopicPartition): boolean =>
  partitions.some((one) => nameOf(one) === nameOf(wanted));

/**
 * Where to begin in partitions that have no position: at the commit, or where `auto.offset.reset` says. To
 * ask for the commit shuts out earlier owners of the partitions (I5). An offset that a transaction may still
 * move is left for the next look.
 */
export async function lookUpPositions(
  deps: RestDeps,
  instance: ConsumerInstance,
  partitions: readonly HeldPartition[],
): Promise<readonly HeldPartition[]> {
  const missing = (await readable(deps, partitions)).filter(({ held }) => held.position < 0n);
  if (missing.length === 0) return partitions;
  const response = await deps.groups.offsets.fetch({
    groupId: instance.groupId,
    partitions: missing.map(({ held: { topic, partition } }) => ({ topic, partition })),
    ...{ memberId: '', memberEpoch: -1, requireStable: true },
  });
  if (response.error !== 'NONE') throw new KafkaError(response.error);
  const found: HeldPartition[] = [];
  for (const [place, one] of missing.entries()) {
    const fetched = response.offsets[place];
    if (fetched === undefined || fetched.error !== 'NONE') continue;
    const { offset } = fetched;
    if (offset >= 0n) found.push({ ...one.held, position: offset, committed: offset });
    else found.push({ ...one.held, position: await resetPosition(deps, instance, one) });
  }
  return updated(partitions, found);
}

/** Where `auto.offset.reset` begins. Throws 400 40002 when it is `none`. */
export async function resetPosition(
  { logs }: RestDeps,
  { settings: { autoOffsetReset } }: ConsumerInstance,
  place: Readable,
): Promise<bigint> {
  if (autoOffsetReset === 'none') {
    const { topic, partition } = place.held;
    throw refusedByKafka(`Nothing is committed for ${topic}-${partition}, and auto.offset.reset is none.`);
  }
  const { logStartOffset, highWatermark } = await logs.offsets(idOf(place));
  return autoOffsetReset === 'earliest' ? logStartOffset : highWatermark;
}

import { isKafkaError, KafkaError } from '../../kafka/error-codes.ts';
import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import type { BrokerContext } from '../broker-context.ts';
import { type Handler, leaderEpoch, noError, settled } from '../handler.ts';

type Wanted = RequestOf<'ListOffsets'>['topics'][number]['partitions'][number];
type PartitionAnswer = ResponseOf<'ListOffsets'>['topics'][number]['partitions'][number];
type Found = { offset: bigint; timestamp: bigint };

/**
 * Timestamps that mean something else, and the version that may ask for them (KIP-734, KIP-405, KIP-1005).
 */
const special = {
  latest: -1n,
  earliest: -2n,
  maxTimestamp: -3n,
  earliestLocal: -4n,
  latestTiered: -5n,
} as const;
const specialSince = new Map<bigint, number>([
  [special.latest, 1],
  [special.earliest, 1],
  [special.maxTimestamp, 7],
  [special.earliestLocal, 8],
  [special.latestTiered, 9],
]);

/**
 * ListOffsets v1–10. Nothing is tiered: the earliest local offset is the earliest, the latest tiered one is
 * none.
 */
export const listOffsets: Handler<'ListOffsets'> = async (broker, request, { version }) => {
  const isCommitted = request.isolationLevel === 1;
  const twice = partitionsAskedTwice(request);
  const topics = request.topics.map(async ({ name, partitions }) => ({
    name,
    partitions: await Promise.all(
      partitions.map((wanted) =>
        settled<PartitionAnswer>(
          broker,
          () => {
            if (twice.has(nameOf(name, wanted))) throw new KafkaError('INVALID_REQUEST');
            return answerOf(broker, name, wanted, { isCommitted, version });
          },
          ({ errorCode }) => ({ partitionIndex: wanted.partitionIndex, errorCode }),
          'KAFKA_STORAGE_ERROR',
        ),
      ),
    ),
  }));
  return { topics: await Promise.all(topics) };
};

const nameOf = (topic: string, { partitionIndex }: Wanted): string => `${topic}-${partitionIndex}`;

function partitionsAskedTwice({ topics }: RequestOf<'ListOffsets'>): ReadonlySet<string> {
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const { name, partitions } of topics)
    for (const wanted of partitions) {
      const partition = nameOf(name, wanted);
      (once.has(partition) ? twice : once).add(partition);
    }
  return twice;
}

async function answerOf(
  broker: BrokerContext,
  name: string,
  { partitionIndex, timestamp, currentLeaderEpoch }: Wanted,
  { isCommitted, version }: { isCommitted: boolean; version: number },
): Promise<PartitionAnswer> {
  if (timestamp < 0n && version < (specialSince.get(timestamp) ?? Infinity))
    throw new KafkaError('UNSUPPORTED_VERSION', `v${version} has no timestamp ${timestamp}.`);
  const topic = await broker.topics.get(name);
  if (partitionIndex < 0 || partitionIndex >= topic.partitions)
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  if (currentLeaderEpoch > leaderEpoch) throw new KafkaError('UNKNOWN_LEADER_EPOCH');
  const partition = { topicId: topic.topicId, partition: partitionIndex };
  const found = await find(broker, partition, timestamp, isCommitted).catch((error: unknown) => {
    if (isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION')) broker.topics.forget(name);
    throw error;
  });
  if (!found) return { partitionIndex, errorCode: noError };
  return { partitionIndex, errorCode: noError, ...found, leaderEpoch };
}

async function find(
  { logs }: BrokerContext,
  partition: PartitionId,
  timestamp: bigint,
  isCommitted: boolean,
): Promise<Found | undefined> {
  const { logStartOffset, highWatermark, lastStableOffset } = await logs.offsets(partition);
  const end = isCommitted ? lastStableOffset : highWatermark;
  switch (timestamp) {
    case special.latest:
      return { offset: end, timestamp: -1n };
    case special.earliest:
    case special.earliestLocal:
      return { offset: logStartOffset, timestamp: -1n };
    case special.latestTiered:
      return undefined;
    case special.maxTimestamp:
      return logs.offsetOfMaxTimestamp(partition);
    default: {
      const found = await logs.offsetForTimestamp(partition, timestamp);
      return found && found.offset < end ? found : undefined;
    }
  }
}

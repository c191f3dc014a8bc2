import { KafkaError } from '../../kafka/error-codes.ts';
import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import type { BrokerContext } from '../broker-context.ts';
import { type Handler, noError, settled } from '../handler.ts';

type Wanted = RequestOf<'ListOffsets'>['topics'][number]['partitions'][number];
type PartitionAnswer = ResponseOf<'ListOffsets'>['topics'][number]['partitions'][number];
type Found = { offset: bigint; timestamp: bigint };

/** Timestamps that mean something else (ListOffsetsRequest; KIP-734, KIP-405, KIP-1005). */
const special = {
  latest: -1n,
  earliest: -2n,
  maxTimestamp: -3n,
  earliestLocal: -4n,
  latestTiered: -5n,
} as const;

/** ListOffsets v1–10. Nothing is tiered: the earliest local offset is the earliest, the latest tiered one is none. */
export const listOffsets: Handler<'ListOffsets'> = async (broker, request) => {
  const isCommitted = request.isolationLevel === 1;
  const topics = request.topics.map(async ({ name, partitions }) => ({
    name,
    partitions: await Promise.all(
      partitions.map((wanted) =>
        settled<PartitionAnswer>(
          broker,
          () => answerOf(broker, name, wanted, isCommitted),
          ({ errorCode }) => ({ partitionIndex: wanted.partitionIndex, errorCode }),
        ),
      ),
    ),
  }));
  return { topics: await Promise.all(topics) };
};

async function answerOf(
  broker: BrokerContext,
  name: string,
  { partitionIndex, timestamp, currentLeaderEpoch }: Wanted,
  isCommitted: boolean,
): Promise<PartitionAnswer> {
  const topic = await broker.topics.get(name);
  if (partitionIndex < 0 || partitionIndex >= topic.partitions)
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  if (currentLeaderEpoch > 0) throw new KafkaError('UNKNOWN_LEADER_EPOCH');
  const partition = { topicId: topic.topicId, partition: partitionIndex };
  const found = await find(broker, partition, timestamp, isCommitted);
  if (!found) return { partitionIndex, errorCode: noError };
  return { partitionIndex, errorCode: noError, ...found, leaderEpoch: 0 };
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
      if (timestamp < 0n) throw new KafkaError('UNSUPPORTED_VERSION', `There is no timestamp ${timestamp}.`);
      const found = await logs.offsetForTimestamp(partition, timestamp);
      return found && found.offset < end ? found : undefined;
    }
  }
}

import { KafkaError } from '../../kafka/error-codes.ts';
import type { ResponseOf } from '../../protocol/messages/index.ts';
import { type Handler, noError, settled } from '../handler.ts';

type PartitionAnswer = ResponseOf<'OffsetForLeaderEpoch'>['topics'][number]['partitions'][number];

/** OffsetForLeaderEpoch v2–4. There is one epoch, 0, and it ends where the log does. */
export const offsetForLeaderEpoch: Handler<'OffsetForLeaderEpoch'> = async (broker, request) => {
  const topics = request.topics.map(async ({ topic: name, partitions }) => ({
    topic: name,
    partitions: await Promise.all(
      partitions.map(({ partition, leaderEpoch, currentLeaderEpoch }) =>
        settled<PartitionAnswer>(
          broker,
          async () => {
            const { topicId } = await broker.topics.get(name);
            if (currentLeaderEpoch > 0) throw new KafkaError('UNKNOWN_LEADER_EPOCH');
            const { highWatermark } = await broker.logs.offsets({ topicId, partition });
            if (leaderEpoch !== 0) return { partition, errorCode: noError };
            return { partition, errorCode: noError, leaderEpoch: 0, endOffset: highWatermark };
          },
          ({ errorCode }) => ({ partition, errorCode }),
        ),
      ),
    ),
  }));
  return { topics: await Promise.all(topics) };
};

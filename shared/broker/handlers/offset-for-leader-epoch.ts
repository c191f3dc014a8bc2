import { KafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import type { BrokerContext } from '../broker-context.ts';
import { type Handler, leaderEpoch, noError, settled } from '../handler.ts';

type Wanted = RequestOf<'OffsetForLeaderEpoch'>['topics'][number]['partitions'][number];
type PartitionAnswer = ResponseOf<'OffsetForLeaderEpoch'>['topics'][number]['partitions'][number];

/**
 * OffsetForLeaderEpoch v2–4. There is one epoch, 0, and it ends where the log does; of any other nothing is
 * known.
 */
export const offsetForLeaderEpoch: Handler<'OffsetForLeaderEpoch'> = async (broker, request) => {
  const topics = request.topics.map(async ({ topic, partitions }) => ({
    topic,
    partitions: await Promise.all(
      partitions.map((wanted) =>
        settled(
          broker,
          () => answerOf(broker, topic, wanted),
          ({ errorCode }): PartitionAnswer => ({ partition: wanted.partition, errorCode }),
          'KAFKA_STORAGE_ERROR',
        ),
      ),
    ),
  }));
  return { topics: await Promise.all(topics) };
};

async function answerOf(broker: BrokerContext, name: string, wanted: Wanted): Promise<PartitionAnswer> {
  const { partition } = wanted;
  const { topicId, partitions } = await broker.topics.get(name);
  if (partition < 0 || partition >= partitions) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  if (wanted.currentLeaderEpoch > leaderEpoch) throw new KafkaError('UNKNOWN_LEADER_EPOCH');
  const { highWatermark } = await broker.logs.offsets({ topicId, partition });
  if (wanted.leaderEpoch !== leaderEpoch) return { partition, errorCode: noError };
  return { partition, errorCode: noError, leaderEpoch, endOffset: highWatermark };
}

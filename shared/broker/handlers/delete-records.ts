import { KafkaError } from '../../kafka/error-codes.ts';
import type { ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { byTopic } from '../by-topic.ts';
import { type Handler, noError, settled } from '../handler.ts';
import { partitionFinder } from '../partitions-asked.ts';

type PartitionAnswer = ResponseOf<'DeleteRecords'>['topics'][number]['partitions'][number];
type Wanted = { topic: string; partitionIndex: number; offset: bigint };

/** DeleteRecords v0–2. Offset -1: up to the high watermark (KIP-107). */
export const deleteRecords: Handler<'DeleteRecords'> = async (broker, { topics }) => {
  const wanted = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ topic: name, ...partition })),
  );
  const find = partitionFinder(broker);
  const answers = await answerEach(wanted, async (one) => {
    const { topic, partitionIndex } = one;
    const answer = await settled<Omit<PartitionAnswer, 'partitionIndex'>>(
      broker,
      async () => ({ lowWatermark: await moved(broker, find, one), errorCode: noError }),
      ({ errorCode }) => ({ lowWatermark: -1n, errorCode }),
    );
    return { topic, partitionIndex, ...answer };
  });
  return { topics: byTopic(answers, ({ topic: _topic, ...answer }) => answer) };
};

/** The log start offset afterwards. */
async function moved(
  { logs }: BrokerContext,
  find: ReturnType<typeof partitionFinder>,
  { topic: name, partitionIndex: partition, offset }: Wanted,
): Promise<bigint> {
  const topic = await find(name, partition);
  if (!topic.logConfig.cleanupPolicy.includes('delete')) {
    const message = `The cleanup.policy of topic '${name}' does not allow records to be deleted.`;
    throw new KafkaError('POLICY_VIOLATION', message);
  }
  return logs.deleteRecordsBefore({ topicId: topic.topicId, partition }, offset);
}

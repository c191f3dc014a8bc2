import { checkTopicName } from '../../kafka/topic-names.ts';
import type { ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { byTopic } from '../by-topic.ts';
import { type Handler, noError, settled } from '../handler.ts';
import { type PartitionAsked, partitionFinder, partitionsOnce } from '../partitions-asked.ts';

type PartitionAnswer = ResponseOf<'DescribeProducers'>['topics'][number]['partitions'][number];

const noCoordinatorEpoch = -1; // no coordinator ever takes over from another here

/** DescribeProducers v0 (KIP-664). */
export const describeProducers: Handler<'DescribeProducers'> = async (broker, request) => {
  const topics = request.topics.map(({ name, partitionIndexes: partitions }) => ({ name, partitions }));
  const find = partitionFinder(broker);
  const answers = await answerEach(partitionsOnce(topics), async (asked) => {
    const answer = await settled<PartitionAnswer>(
      broker,
      () => described(broker, find, asked),
      (failure) => ({ partitionIndex: asked.partition, ...failure, activeProducers: [] }),
    );
    return { topic: asked.topic, answer };
  });
  return { topics: byTopic(answers, ({ answer }) => answer) };
};

async function described(
  { logs }: BrokerContext,
  find: ReturnType<typeof partitionFinder>,
  { topic: name, partition }: PartitionAsked,
): Promise<PartitionAnswer> {
  checkTopicName(name);
  const { topicId } = await find(name, partition);
  const producers = await logs.producers({ topicId, partition });
  return {
    partitionIndex: partition,
    errorCode: noError,
    activeProducers: producers.map((producer) => ({ ...producer, coordinatorEpoch: noCoordinatorEpoch })),
  };
}

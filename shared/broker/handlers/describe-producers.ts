import { checkTopicName } from '../../kafka/topic-names.ts';
import type { ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { byTopic } from '../by-topic.ts';
import { type Handler, noError, settled } from '../handler.ts';
import { checkHasPartition } from '../partitions-asked.ts';

type PartitionAnswer = ResponseOf<'DescribeProducers'>['topics'][number]['partitions'][number];

const noCoordinatorEpoch = -1; // no coordinator ever takes over from another here

/** DescribeProducers v0 (KIP-664). */
export const describeProducers: Handler<'DescribeProducers'> = async (broker, { topics }) => {
  const wanted = topics.flatMap(({ name, partitionIndexes }) =>
    partitionIndexes.map((partitionIndex) => ({ topic: name, partitionIndex })),
  );
  const answers = await answerEach(wanted, async ({ topic, partitionIndex }) => {
    const answer = await settled<PartitionAnswer>(
      broker,
      () => described(broker, topic, partitionIndex),
      (failure) => ({ partitionIndex, ...failure, activeProducers: [] }),
    );
    return { topic, answer };
  });
  return { topics: byTopic(answers, ({ answer }) => answer) };
};

async function described(
  { topics, logs }: BrokerContext,
  name: string,
  partitionIndex: number,
): Promise<PartitionAnswer> {
  checkTopicName(name);
  const topic = await topics.get(name);
  checkHasPartition(topic, partitionIndex);
  const producers = await logs.producers({ topicId: topic.topicId, partition: partitionIndex });
  return {
    partitionIndex,
    errorCode: noError,
    activeProducers: producers.map((producer) => ({ ...producer, coordinatorEpoch: noCoordinatorEpoch })),
  };
}

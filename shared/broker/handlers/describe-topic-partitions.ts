import type { Topic } from '../../catalog/topic-cache.ts';
import { KafkaError } from '../../kafka/error-codes.ts';
import { checkTopicName, isInternalTopic } from '../../kafka/topic-names.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { zeroUuid } from '../../protocol/uuid.ts';
import { answerEach } from '../answer-each.ts';
import { topicOperations } from '../authorized-operations.ts';
import type { BrokerContext } from '../broker-context.ts';
import { codeOf, type Handler, leaderEpoch, lookupFailed, noError } from '../handler.ts';

type Request = RequestOf<'DescribeTopicPartitions'>;
type Answer = ResponseOf<'DescribeTopicPartitions'>;
type TopicAnswer = Answer['topics'][number];
type Found = { name: string; topic: Topic | KafkaError };

/** `max.request.partition.size.limit`. */
const partitionsMax = 2_000;

/**
 * DescribeTopicPartitions v0 (KIP-966): topics by name, from the cursor on, until the answer has as many
 * partitions as asked for; then the next one is where to go on. There is one replica, so none is eligible
 * beside the leader.
 */
export const describeTopicPartitions: Handler<'DescribeTopicPartitions'> = async (broker, request) => {
  if (isSound(request)) return page(broker, request, await found(broker, request));
  return { topics: request.topics.map(({ name }) => unknown(name, codeOf('INVALID_REQUEST'))) };
};

/** Whether this list of topics can have led to the cursor. */
const isSound = ({ topics, cursor }: Request): boolean =>
  cursor === null ||
  (cursor.partitionIndex >= 0 &&
    (topics.length === 0 || topics.some(({ name }) => name === cursor.topicName)));

/**
 * Each with its topic or why there is none. Where all are asked for there is no place for an error: it is
 * thrown.
 */
async function found({ topics, ...broker }: BrokerContext, { topics: wanted, cursor }: Request) {
  const from = cursor?.topicName ?? '';
  if (wanted.length === 0) {
    const all = (await topics.list()).map((topic): Found => ({ name: topic.name, topic }));
    return all.filter(({ name }) => name >= from).sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  const names = [...new Set(wanted.map(({ name }) => name))].filter((name) => name >= from).sort();
  return answerEach(names, async (name): Promise<Found> => {
    try {
      checkTopicName(name);
      return { name, topic: await topics.get(name) };
    } catch (error) {
      return { name, topic: lookupFailed({ topics, ...broker }, error) };
    }
  });
}

function page(broker: BrokerContext, request: Request, topics: readonly Found[]): Answer {
  let room = Math.max(1, Math.min(partitionsMax, request.responsePartitionLimit));
  const answers: TopicAnswer[] = [];
  for (const { name, topic } of topics) {
    const first = request.cursor?.topicName === name ? request.cursor.partitionIndex : 0;
    if (room === 0) return { topics: answers, nextCursor: { topicName: name, partitionIndex: first } };
    if (topic instanceof KafkaError) {
      answers.push(unknown(name, topic.code));
      continue;
    }
    const beyond = Math.min(topic.partitions, first + room);
    answers.push(described(broker, topic, first, beyond));
    room -= Math.max(0, beyond - first);
    if (beyond < topic.partitions)
      return { topics: answers, nextCursor: { topicName: name, partitionIndex: beyond } };
  }
  return { topics: answers };
}

const unknown = (name: string, errorCode: number): TopicAnswer => ({
  errorCode,
  name,
  topicId: zeroUuid,
  partitions: [],
});

function described(
  { cluster }: BrokerContext,
  { name, topicId }: Topic,
  first: number,
  beyond: number,
): TopicAnswer {
  return {
    errorCode: noError,
    name,
    topicId,
    isInternal: isInternalTopic(name),
    topicAuthorizedOperations: topicOperations,
    partitions: Array.from({ length: Math.max(0, beyond - first) }, (_, place) => {
      const leaderId = cluster.leaderOf(topicId, first + place);
      return {
        errorCode: noError,
        partitionIndex: first + place,
        leaderId,
        leaderEpoch,
        replicaNodes: [leaderId],
        isrNodes: [leaderId],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
        offlineReplicas: [],
      };
    }),
  };
}

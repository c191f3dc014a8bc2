import type { Topic } from '../../catalog/topic-cache.ts';
import { isKafkaError, kafkaErrors } from '../../kafka/error-codes.ts';
import { isInternalTopic } from '../../kafka/topic-names.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { zeroUuid } from '../../protocol/uuid.ts';
import type { BrokerContext } from '../broker-context.ts';
import { failureOf, type Handler, noError } from '../handler.ts';

type Wanted = NonNullable<RequestOf<'Metadata'>['topics']>[number];
type TopicAnswer = ResponseOf<'Metadata'>['topics'][number];

/** Metadata v0–13. Topics asked for by name are made where the client and the broker allow it. */
export const metadata: Handler<'Metadata'> = async (broker, request, { version }) => {
  const { cluster } = broker;
  const wantsAll = request.topics === null || (version === 0 && request.topics.length === 0);
  const topics = wantsAll
    ? (await broker.topics.list()).map((topic) => described(broker, topic))
    : await Promise.all((request.topics ?? []).map((wanted) => describeWanted(broker, request, wanted)));
  return {
    brokers: cluster.brokers.map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack })),
    clusterId: cluster.clusterId,
    controllerId: cluster.controllerId,
    topics,
  };
};

async function describeWanted(
  broker: BrokerContext,
  { allowAutoTopicCreation }: RequestOf<'Metadata'>,
  { name, topicId }: Wanted,
): Promise<TopicAnswer> {
  try {
    if (name === null || topicId !== zeroUuid) return await describeById(broker, topicId);
    const topic = await broker.topics.find(name);
    if (topic) return described(broker, topic);
    if (!broker.settings.autoCreateTopics || !allowAutoTopicCreation)
      return described(broker, await broker.topics.get(name));
    return described(broker, await createdOnFirstUse(broker, name));
  } catch (error) {
    const { errorCode } = failureOf(broker, error);
    return { errorCode, name, topicId, partitions: [] };
  }
}

async function describeById(broker: BrokerContext, topicId: string): Promise<TopicAnswer> {
  const topic = await broker.topics.findById(topicId);
  if (topic) return described(broker, topic);
  return { errorCode: kafkaErrors.UNKNOWN_TOPIC_ID.code, name: null, topicId, partitions: [] };
}

/** Two clients may ask at once: the one that comes second takes what the first made. */
async function createdOnFirstUse({ topics }: BrokerContext, name: string): Promise<Topic> {
  try {
    return await topics.create({ name });
  } catch (error) {
    if (isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) return topics.get(name);
    throw error;
  }
}

function described({ cluster }: BrokerContext, { name, topicId, partitions }: Topic): TopicAnswer {
  return {
    errorCode: noError,
    name,
    topicId,
    isInternal: isInternalTopic(name),
    partitions: Array.from({ length: partitions }, (_, partitionIndex) => {
      const leaderId = cluster.leaderOf(topicId, partitionIndex);
      const replicas = [leaderId];
      return {
        errorCode: noError,
        partitionIndex,
        leaderId,
        leaderEpoch: 0,
        replicaNodes: replicas,
        isrNodes: replicas,
      };
    }),
  };
}

import type { Topic } from '../../catalog/topic-cache.ts';
import { isKafkaError, KafkaError } from '../../kafka/error-codes.ts';
import { checkTopicName, isInternalTopic } from '../../kafka/topic-names.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { zeroUuid } from '../../protocol/uuid.ts';
import { clusterOperations, topicOperations } from '../authorized-operations.ts';
import type { BrokerContext } from '../broker-context.ts';
import { failureOf, type Handler, leaderEpoch, noError } from '../handler.ts';

type Request = RequestOf<'Metadata'>;
type Wanted = NonNullable<Request['topics']>[number];
type TopicAnswer = ResponseOf<'Metadata'>['topics'][number];

const byIdSince = 12;

/** Metadata v0–13. Topics asked for by name are made where the client and the broker allow it. */
export const metadata: Handler<'Metadata'> = async (broker, request, { version }) => {
  const { cluster } = broker;
  const topics = wantsAll(request, version)
    ? (await broker.topics.list()).map((topic) => described(broker, request, topic))
    : await Promise.all(
        wantedOnce(request).map((wanted) => describeWanted(broker, request, version, wanted)),
      );
  return {
    brokers: cluster.brokers.map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack })),
    clusterId: cluster.clusterId,
    controllerId: cluster.controllerId,
    topics,
    ...(request.includeClusterAuthorizedOperations ? { clusterAuthorizedOperations: clusterOperations } : {}),
  };
};

/** v0 has no null: there an empty list means all. */
const wantsAll = ({ topics }: Request, version: number): boolean =>
  topics === null || (version === 0 && topics.length === 0);

/** Each topic once, however often it is asked for. */
function wantedOnce({ topics }: Request): Wanted[] {
  const wanted = new Map((topics ?? []).map((topic) => [`${topic.topicId} ${topic.name}`, topic]));
  return [...wanted.values()];
}

async function describeWanted(
  broker: BrokerContext,
  request: Request,
  version: number,
  { name, topicId }: Wanted,
): Promise<TopicAnswer> {
  try {
    const isById = name === null || topicId !== zeroUuid;
    if (isById && version < byIdSince) throw new KafkaError('INVALID_REQUEST');
    if (isById) return described(broker, request, await byId(broker, topicId));
    return described(broker, request, await byName(broker, request, name));
  } catch (error) {
    const { errorCode } = failureOf(broker, error, 'LEADER_NOT_AVAILABLE');
    return { errorCode, name: version < byIdSince ? (name ?? '') : name, topicId, partitions: [] };
  }
}

async function byId({ topics }: BrokerContext, topicId: string): Promise<Topic> {
  const topic = await topics.findById(topicId);
  if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_ID');
  return topic;
}

async function byName(
  { topics, settings }: BrokerContext,
  { allowAutoTopicCreation }: Request,
  name: string,
): Promise<Topic> {
  const topic = await topics.find(name);
  if (topic !== undefined) return topic;
  checkTopicName(name);
  return settings.autoCreateTopics && allowAutoTopicCreation
    ? createdOnFirstUse(topics, name)
    : topics.get(name);
}

/** Two clients may ask at once: the one that comes second takes what the first made. */
async function createdOnFirstUse(topics: BrokerContext['topics'], name: string): Promise<Topic> {
  try {
    return await topics.create({ name });
  } catch (error) {
    if (isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) return topics.get(name);
    throw error;
  }
}

function described(
  { cluster }: BrokerContext,
  { includeTopicAuthorizedOperations }: Request,
  { name, topicId, partitions }: Topic,
): TopicAnswer {
  return {
    errorCode: noError,
    name,
    topicId,
    isInternal: isInternalTopic(name),
    ...(includeTopicAuthorizedOperations ? { topicAuthorizedOperations: topicOperations } : {}),
    partitions: Array.from({ length: partitions }, (_, partitionIndex) => {
      const leaderId = cluster.leaderOf(topicId, partitionIndex);
      const replicas = [leaderId];
      return {
        errorCode: noError,
        partitionIndex,
        leaderId,
        leaderEpoch,
        replicaNodes: replicas,
        isrNodes: replicas,
      };
    }),
  };
}

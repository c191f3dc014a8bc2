import { KafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach, repeated } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { configAnswer } from '../config-answer.ts';
import { type Handler, noError, settled } from '../handler.ts';
import { badAssignment, checkReplicas } from '../replica-assignment.ts';

type Wanted = RequestOf<'CreateTopics'>['topics'][number];
type TopicAnswer = ResponseOf<'CreateTopics'>['topics'][number];

const asBrokerSays = -1;

/**
 * CreateTopics v2–7. One to three replicas are taken and reported as 1, since the stores replicate; an
 * assignment of replicas must be sound, and says no more than how many partitions there are.
 */
export const createTopics: Handler<'CreateTopics'> = async (broker, { topics, validateOnly }) => {
  const twice = repeated(topics.map(({ name }) => name));
  const wanted = [...new Map(topics.map((topic) => [topic.name, topic])).values()];
  const answers = answerEach(wanted, (topic) =>
    settled<TopicAnswer>(
      broker,
      async () => {
        if (twice.has(topic.name)) throw invalid(`Topic '${topic.name}' is named twice.`);
        return created(broker, topic, validateOnly);
      },
      (failure) => ({ name: topic.name, ...failure }),
      'REQUEST_TIMED_OUT',
    ),
  );
  return { topics: await answers };
};

async function created(broker: BrokerContext, wanted: Wanted, validateOnly: boolean): Promise<TopicAnswer> {
  const isAssigned = wanted.assignments.length > 0;
  const topic = await broker.topics.create({
    name: wanted.name,
    partitions: isAssigned ? partitionsAssigned(broker, wanted) : wanted.numPartitions,
    replicationFactor: wanted.replicationFactor,
    configs: Object.fromEntries(wanted.configs.map(({ name, value }) => [name, value])),
    validateOnly,
  });
  return {
    name: topic.name,
    topicId: topic.topicId,
    errorCode: noError,
    errorMessage: null,
    numPartitions: topic.partitions,
    replicationFactor: 1,
    configs: broker.topics.describeConfigs(topic).map(configAnswer),
  };
}

function partitionsAssigned(broker: BrokerContext, wanted: Wanted): number {
  const { assignments, numPartitions, replicationFactor } = wanted;
  if (numPartitions !== asBrokerSays || replicationFactor !== asBrokerSays) {
    throw invalid('Where replicas are assigned, numbers of partitions and of replicas must be -1.');
  }
  const given = new Set(assignments.map(({ partitionIndex }) => partitionIndex));
  const isWhole = assignments.every((_, partition) => given.has(partition));
  if (!isWhole) throw badAssignment(`The ${assignments.length} partitions assigned must count from 0 on.`);
  checkReplicas(
    broker,
    assignments.map(({ brokerIds }) => brokerIds),
  );
  return assignments.length;
}

const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);

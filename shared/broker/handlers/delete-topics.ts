import type { Topic } from '../../catalog/topic-cache.ts';
import { KafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { zeroUuid } from '../../protocol/uuid.ts';
import { answerEach, repeated } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { type Handler, noError, settled } from '../handler.ts';

type Wanted = RequestOf<'DeleteTopics'>['topics'][number];
type TopicAnswer = ResponseOf<'DeleteTopics'>['responses'][number];

/**
 * DeleteTopics v1–6. v6: by name or by id, not both; an id never hits another topic that has taken the
 * name.
 */
export const deleteTopics: Handler<'DeleteTopics'> = async (broker, { topics, topicNames }) => {
  const wanted = [...topics, ...topicNames.map((name) => ({ name, topicId: zeroUuid }))];
  const twice = repeated(wanted.map(keyOf));
  const once = [...new Map(wanted.map((topic) => [keyOf(topic), topic])).values()];
  const named = new Set(wanted.map(({ name }) => name));
  const answers = answerEach(once, (topic) =>
    settled<TopicAnswer>(
      broker,
      () => {
        if (twice.has(keyOf(topic))) throw invalid('The topic is named twice.');
        return deleted(broker, topic, named);
      },
      (failure) => ({ ...topic, ...failure }),
      'REQUEST_TIMED_OUT',
    ),
  );
  return { responses: await answers };
};

const keyOf = ({ name, topicId }: Wanted): string => `${topicId} ${name}`;
const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);

async function deleted(
  { topics }: BrokerContext,
  { name, topicId }: Wanted,
  named: ReadonlySet<string | null>,
): Promise<TopicAnswer> {
  const isById = topicId !== zeroUuid;
  if (isById === (name !== null)) throw invalid('A topic is named by its name or by its id.');
  const topic = isById ? await topicOfId(topics, topicId, named) : await topics.get(name ?? '');
  await (isById ? topics.delete(topic.name, topicId) : topics.delete(topic.name));
  return { name: topic.name, topicId: topic.topicId, errorCode: noError };
}

async function topicOfId(
  topics: BrokerContext['topics'],
  topicId: string,
  named: ReadonlySet<string | null>,
): Promise<Topic> {
  const topic = await topics.findById(topicId);
  if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_ID');
  if (named.has(topic.name)) throw invalid(`Topic '${topic.name}' is named by its name, too.`);
  return topic;
}

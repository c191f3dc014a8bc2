import { KafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { zeroUuid } from '../../protocol/uuid.ts';
import { answerEach, repeated } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { type Handler, lookupFailed, noError, settled } from '../handler.ts';

type Wanted = RequestOf<'DeleteTopics'>['topics'][number];
type TopicAnswer = ResponseOf<'DeleteTopics'>['responses'][number];
/** A topic to delete, or why it is not. By its name it may be there without an id: half deleted. */
type Meant = { readonly name: string; readonly topicId: string | undefined } | KafkaError;

/**
 * DeleteTopics v1–6. v6: by name or by id, not both; an id never hits another topic that has taken the name.
 */
export const deleteTopics: Handler<'DeleteTopics'> = async (broker, { topics, topicNames }) => {
  const wanted = [...topics, ...topicNames.map((name) => ({ name, topicId: zeroUuid }))];
  const twice = repeated(wanted.map(keyOf));
  const once = [...new Map(wanted.map((topic) => [keyOf(topic), topic])).values()];
  const found = await answerEach(once, async (topic) => ({
    wanted: topic,
    meant: twice.has(keyOf(topic)) ? invalid('The topic is named twice.') : await meantBy(broker, topic),
  }));
  const ids = repeated(found.flatMap(({ meant }) => (meant instanceof KafkaError ? [] : [meant.topicId])));
  const answers = answerEach(found, ({ wanted: topic, meant }) =>
    settled<TopicAnswer>(
      broker,
      () => deleted(broker, topic, meant, ids),
      (failure) => ({ ...topic, ...failure }),
      'REQUEST_TIMED_OUT',
    ),
  );
  return { responses: await answers };
};

const keyOf = ({ name, topicId }: Wanted): string => `${topicId} ${name}`;
const isById = ({ topicId }: Wanted): boolean => topicId !== zeroUuid;
const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);

async function meantBy(broker: BrokerContext, wanted: Wanted): Promise<Meant> {
  const { name, topicId } = wanted;
  if (isById(wanted) === (name !== null)) return invalid('A topic is named by its name or by its id.');
  try {
    if (name !== null) return { name, topicId: (await broker.topics.find(name))?.topicId };
    return (await broker.topics.findById(topicId)) ?? new KafkaError('UNKNOWN_TOPIC_ID');
  } catch (error) {
    return lookupFailed(broker, error);
  }
}

async function deleted(
  { topics }: BrokerContext,
  wanted: Wanted,
  meant: Meant,
  ids: ReadonlySet<string | undefined>,
): Promise<TopicAnswer> {
  if (meant instanceof KafkaError) throw meant;
  const { name, topicId } = meant;
  if (topicId !== undefined && ids.has(topicId))
    throw invalid('The topic is named by its name and by its id.');
  await topics.delete(name, isById(wanted) ? topicId : undefined);
  return { name, topicId: topicId ?? zeroUuid, errorCode: noError };
}

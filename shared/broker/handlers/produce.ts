import type { Topic } from '../../catalog/topic-cache.ts';
import { KafkaError } from '../../kafka/error-codes.ts';
import type { Appended, AppendRequest } from '../../log/api.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import type { BrokerContext } from '../broker-context.ts';
import { failureOf, type Handler, noAnswer, noError } from '../handler.ts';

type TopicData = RequestOf<'Produce'>['topicData'][number];
type PartitionAnswer = ResponseOf<'Produce'>['responses'][number]['partitionResponses'][number];
/** One partition of the request: an append, or why there is none. */
type Wanted = { topic: string; index: number; append: AppendRequest | KafkaError };

const nothing = new Uint8Array();

/**
 * Produce v3–11. Admits the next request as soon as its batches stand in the queues of their partitions: their order is
 * settled then. acks=0 is never answered; if something fails, the connection ends, and so the client hears of it.
 */
export const produce: Handler<'Produce'> = async (broker, request, _call, admit) => {
  const topics = new Map<string, Topic | KafkaError>();
  for (const { name } of request.topicData) topics.set(name, await topicOf(broker, name));
  const wanted = request.topicData.flatMap((data) => wantedOf(request, data, topics.get(data.name)));
  const appends = wanted.flatMap(({ append }) => (append instanceof KafkaError ? [] : [append]));
  const appending = broker.logs.append(appends);
  admit();
  const appended = await appending;
  for (const [place, answer] of appended.entries()) forgetIfGone(broker, wanted, appends[place], answer);
  if (request.acks === 0) {
    const failed = [...wanted.map(({ append }) => append), ...appended].find(
      (one) => one instanceof KafkaError,
    );
    if (failed instanceof KafkaError) throw failed;
    return noAnswer;
  }
  return { responses: answersOf(broker, request, wanted, appended) };
};

async function topicOf({ topics }: BrokerContext, name: string): Promise<Topic | KafkaError> {
  return (await topics.find(name)) ?? new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
}

function wantedOf(
  request: RequestOf<'Produce'>,
  data: TopicData,
  topic: Topic | KafkaError | undefined,
): Wanted[] {
  return data.partitionData.map(({ index, records }) => {
    const refusal = refusalOf(request, topic, index);
    const append =
      refusal ??
      ({
        partition: { topicId: (topic as Topic).topicId, partition: index },
        config: (topic as Topic).logConfig,
        batch: records ?? nothing,
      } satisfies AppendRequest);
    return { topic: data.name, index, append };
  });
}

function refusalOf(
  { acks, transactionalId }: RequestOf<'Produce'>,
  topic: Topic | KafkaError | undefined,
  index: number,
): KafkaError | undefined {
  if (acks < -1 || acks > 1) return new KafkaError('INVALID_REQUIRED_ACKS');
  if (transactionalId !== null)
    return new KafkaError('INVALID_TXN_STATE', 'There are no transactions here yet.');
  if (topic === undefined || topic instanceof KafkaError)
    return topic ?? new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  if (index < 0 || index >= topic.partitions) return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  return undefined;
}

/** The topic's id is remembered; that its partition is gone says that the topic was made anew, or deleted. */
function forgetIfGone(
  { topics }: BrokerContext,
  wanted: readonly Wanted[],
  append: AppendRequest | undefined,
  answer: Appended | KafkaError,
): void {
  const isGone = answer instanceof KafkaError && answer.errorName === 'UNKNOWN_TOPIC_OR_PARTITION';
  const topic = isGone ? wanted.find((one) => one.append === append)?.topic : undefined;
  if (topic !== undefined) topics.forget(topic);
}

function answersOf(
  broker: BrokerContext,
  request: RequestOf<'Produce'>,
  wanted: readonly Wanted[],
  appended: readonly (Appended | KafkaError)[],
): ResponseOf<'Produce'>['responses'] {
  let place = 0;
  const answers = wanted.map(({ index, append }): PartitionAnswer => {
    const outcome = append instanceof KafkaError ? append : appended[place++];
    return outcome === undefined || outcome instanceof KafkaError
      ? refused(broker, index, outcome)
      : { index, errorCode: noError, ...outcome };
  });
  let taken = 0;
  return request.topicData.map(({ name, partitionData }) => {
    const partitionResponses = answers.slice(taken, taken + partitionData.length);
    taken += partitionData.length;
    return { name, partitionResponses };
  });
}

function refused(broker: BrokerContext, index: number, error: KafkaError | undefined): PartitionAnswer {
  const recordErrors = (error?.recordErrors ?? []).map(({ batchIndex, message }) => ({
    batchIndex,
    batchIndexErrorMessage: message ?? null,
  }));
  return { index, ...failureOf(broker, error), baseOffset: -1n, recordErrors };
}

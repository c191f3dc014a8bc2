import type { Topic } from '../../catalog/topic-cache.ts';
import { KafkaError, kafkaErrors } from '../../kafka/error-codes.ts';
import type { Appended, AppendRepeat, AppendRequest } from '../../log/api.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { compressionTypes } from '../../records/compression.ts';
import { at, attributeBits, batchHeaderBytes } from '../../records/record-batch.ts';
import type { BrokerContext } from '../broker-context.ts';
import { codeOf, failureOf, type Handler, lookupFailed, noAnswer, noError } from '../handler.ts';

type Request = RequestOf<'Produce'>;
type TopicAnswers = ResponseOf<'Produce'>['responses'];
type PartitionAnswer = TopicAnswers[number]['partitionResponses'][number];
/** One partition of the request: an append, or why there is none. */
type Wanted = { topic: string; index: number; append: AppendRequest | KafkaError };

const nothing = new Uint8Array();
const zstdSince = 7; // KIP-110

/**
 * Produce v3–11. Admits the next request as soon as its batches stand in the queues of their partitions:
 * their order is settled then. acks=0 is never answered; if something fails, the connection ends, and so the
 * client hears of it. Left out: transactions. Half of `timeoutMs` is waited for a store that throttles.
 */
export const produce: Handler<'Produce'> = async (broker, request, call, admit) => {
  const topics = await Promise.all(request.topicData.map(({ name }) => topicOf(broker, name)));
  const wanted = wantedOf(request, topics, call.version);
  const { repeats } = call.invoked ?? {};
  const appends = wanted.flatMap(({ append }, place) =>
    append instanceof KafkaError ? [] : [repeatable(append, repeats?.[place])],
  );
  const appending = broker.logs.append(appends);
  const bytes = appends.reduce((sum, { batch }) => sum + batch.length, 0);
  const throttleTimeMs = broker.throttle.throttleMs('producer_byte_rate', call, bytes);
  if (throttleTimeMs === 0) admit();
  const outcomes = outcomesOf(wanted, await appending);
  forgetTopicsThatAreGone(broker, wanted, outcomes);
  if (request.acks !== 0) return { responses: answersOf(broker, request, wanted, outcomes), throttleTimeMs };
  for (const outcome of outcomes) if (outcome instanceof KafkaError) throw outcome;
  return noAnswer;
};

const repeatable = (append: AppendRequest, repeat: AppendRepeat | undefined): AppendRequest =>
  repeat === undefined ? append : { ...append, repeat };

async function topicOf(broker: BrokerContext, name: string): Promise<Topic | KafkaError> {
  try {
    return (await broker.topics.find(name)) ?? new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  } catch (error) {
    return lookupFailed(broker, error);
  }
}

function wantedOf(request: Request, topics: readonly (Topic | KafkaError)[], version: number): Wanted[] {
  const refusal = refusalOfAll(request);
  return request.topicData.flatMap(({ name, partitionData }, place) => {
    const topic = topics[place] ?? new KafkaError('UNKNOWN_SERVER_ERROR');
    return partitionData.map(({ index, records }) => ({
      topic: name,
      index,
      append: refusal ?? appendOf(request, topic, index, records ?? nothing, version),
    }));
  });
}

/** What makes Kafka refuse every partition, before it looks at one. */
function refusalOfAll({ transactionalId, topicData }: Request): KafkaError | undefined {
  if (transactionalId !== null)
    return new KafkaError('INVALID_TXN_STATE', 'There are no transactions here yet.');
  const isTransactional = topicData.some(({ partitionData }) =>
    partitionData.some(
      ({ records }) => (attributesOf(records ?? nothing) & attributeBits.transactional) !== 0,
    ),
  );
  if (!isTransactional) return undefined;
  const message = 'A transactional batch needs a transactional id.';
  return new KafkaError('TRANSACTIONAL_ID_AUTHORIZATION_FAILED', message);
}

/** The checks that come before those of the log, in Kafka's order. */
function appendOf(
  { acks, timeoutMs }: Request,
  topic: Topic | KafkaError,
  partition: number,
  batch: Uint8Array,
  version: number,
): AppendRequest | KafkaError {
  if (topic instanceof KafkaError) return topic;
  if (partition < 0 || partition >= topic.partitions) return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  const { topicId, logConfig } = topic;
  const compression = compressionTypes[attributesOf(batch) & attributeBits.compression];
  if (compression === 'zstd' && version < zstdSince)
    return new KafkaError('UNSUPPORTED_COMPRESSION_TYPE', `Produce v${version} cannot carry zstd.`);
  if (acks < -1 || acks > 1) return new KafkaError('INVALID_REQUIRED_ACKS');
  return {
    partition: { topicId, partition },
    config: logConfig,
    batch,
    timeoutMs: Math.max(0, timeoutMs),
  };
}

/** The attributes of the batch at the begin; 0 where there is none of magic 2, which the log will say. */
function attributesOf(batch: Uint8Array): number {
  if (batch.length < batchHeaderBytes || batch[at.magic] !== 2) return 0;
  return batch[at.attributes + 1] ?? 0; // all that have a meaning are in the lower byte
}

/** What became of each partition of the request. */
function outcomesOf(
  wanted: readonly Wanted[],
  appended: readonly (Appended | KafkaError)[],
): (Appended | KafkaError)[] {
  let place = 0;
  return wanted.map(({ append }) =>
    append instanceof KafkaError ? append : (appended[place++] ?? new KafkaError('UNKNOWN_SERVER_ERROR')),
  );
}

/** A topic's id is remembered; that its partition is gone says that the topic was made anew, or deleted. */
function forgetTopicsThatAreGone(
  { topics }: BrokerContext,
  wanted: readonly Wanted[],
  outcomes: readonly (Appended | KafkaError)[],
): void {
  for (const [place, { topic }] of wanted.entries()) {
    const outcome = outcomes[place];
    const isGone = outcome instanceof KafkaError && outcome.errorName === 'UNKNOWN_TOPIC_OR_PARTITION';
    if (isGone) topics.forget(topic);
  }
}

function answersOf(
  broker: BrokerContext,
  request: Request,
  wanted: readonly Wanted[],
  outcomes: readonly (Appended | KafkaError)[],
): TopicAnswers {
  let place = 0;
  return request.topicData.map(({ name, partitionData }) => ({
    name,
    partitionResponses: partitionData.map((): PartitionAnswer => {
      const { index } = wanted[place] as Wanted;
      const outcome = outcomes[place++] as Appended | KafkaError;
      if (outcome instanceof KafkaError) return refused(broker, index, outcome);
      const { baseOffset, logAppendTimeMs, logStartOffset } = outcome;
      return { index, errorCode: noError, baseOffset, logAppendTimeMs, logStartOffset };
    }),
  }));
}

function refused(broker: BrokerContext, index: number, error: KafkaError): PartitionAnswer {
  const recordErrors = error.recordErrors.map(({ batchIndex, message }) => ({
    batchIndex,
    batchIndexErrorMessage: message,
  }));
  const failure = failureOf(broker, error);
  const isRefused = failure.errorCode === kafkaErrors.KAFKA_STORAGE_ERROR.code;
  const errorCode = isRefused ? codeOf(broker.settings.produceRefusedAs) : failure.errorCode;
  return { index, ...failure, errorCode, baseOffset: -1n, recordErrors };
}

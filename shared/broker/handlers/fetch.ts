import { concatBytes } from '../../base/bytes.ts';
import type { Topic } from '../../catalog/topic-cache.ts';
import { KafkaError, kafkaErrors } from '../../kafka/error-codes.ts';
import type { ReadRequest, ReadResult } from '../../log/api.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import type { BrokerContext, Call } from '../broker-context.ts';
import { failureOf, type Handler, noError } from '../handler.ts';

type TopicWanted = RequestOf<'Fetch'>['topics'][number];
type PartitionWanted = TopicWanted['partitions'][number];
type TopicAnswer = ResponseOf<'Fetch'>['responses'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];
/** One partition of the request: a read, or why there is none. */
type Wanted = { topic: TopicWanted; partition: PartitionWanted; read: ReadRequest | KafkaError };

const noRecords = new Uint8Array();

/**
 * Fetch v4–17. Sessions are declined (id 0, always whole fetches); rack and followers' fields mean nothing here. What is
 * unknown does not shorten a wait; an error of a read, such as OFFSET_OUT_OF_RANGE, does.
 */
export const fetch: Handler<'Fetch'> = async (broker, request, call) => {
  if (request.sessionId !== 0 && request.sessionEpoch > 0) {
    return { errorCode: kafkaErrors.FETCH_SESSION_ID_NOT_FOUND.code, sessionId: 0, responses: [] };
  }
  const wanted = (
    await Promise.all(request.topics.map((topic) => wantedOf(broker, request, call, topic)))
  ).flat();
  const reads = wanted.flatMap(({ read }) => (read instanceof KafkaError ? [] : [read]));
  const results = await readAll(broker, request, reads, call.signal);
  forgetTopicsThatAreGone(broker, wanted, results);
  const answers = answersWithin(broker, request, wanted, results);
  return { errorCode: noError, sessionId: 0, responses: byTopic(request.topics, answers) };
};

async function wantedOf(
  broker: BrokerContext,
  request: RequestOf<'Fetch'>,
  { version }: Call,
  topic: TopicWanted,
): Promise<Wanted[]> {
  const isById = version >= 13;
  const found = await (isById ? broker.topics.findById(topic.topicId) : broker.topics.find(topic.topic));
  const unknown = new KafkaError(isById ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION');
  return topic.partitions.map((partition) => {
    const read = found ? readOf(request, found, partition) : unknown;
    return { topic, partition, read };
  });
}

function readOf(
  request: RequestOf<'Fetch'>,
  topic: Topic,
  wanted: PartitionWanted,
): ReadRequest | KafkaError {
  const { partition, currentLeaderEpoch, fetchOffset, partitionMaxBytes } = wanted;
  if (partition < 0 || partition >= topic.partitions) return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  if (currentLeaderEpoch > 0) return new KafkaError('UNKNOWN_LEADER_EPOCH'); // ours is 0
  return {
    partition: { topicId: topic.topicId, partition },
    config: topic.logConfig,
    offset: fetchOffset,
    maxBytes: Math.max(0, Math.min(partitionMaxBytes, request.maxBytes)),
    isolationLevel: request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted',
  };
}

async function readAll(
  { logs, settings }: BrokerContext,
  request: RequestOf<'Fetch'>,
  reads: readonly ReadRequest[],
  signal: AbortSignal,
): Promise<(ReadResult | KafkaError)[]> {
  if (reads.length === 0) return [];
  const maxWaitMs = Math.min(Math.max(0, request.maxWaitMs), settings.fetchWaitMsMax);
  return logs.readWaiting(reads, { minBytes: Math.max(0, request.minBytes), maxWaitMs, signal });
}

function forgetTopicsThatAreGone(
  { topics }: BrokerContext,
  wanted: readonly Wanted[],
  results: readonly (ReadResult | KafkaError)[],
): void {
  const reading = wanted.filter(({ read }) => !(read instanceof KafkaError));
  for (const [place, result] of results.entries()) {
    const isGone = result instanceof KafkaError && result.errorName === 'UNKNOWN_TOPIC_OR_PARTITION';
    const name = reading[place]?.topic.topic;
    if (isGone && name) topics.forget(name);
  }
}

/** In the order of the request, until the answer is as large as the client or the broker allows (KIP-74). */
function answersWithin(
  broker: BrokerContext,
  request: RequestOf<'Fetch'>,
  wanted: readonly Wanted[],
  results: readonly (ReadResult | KafkaError)[],
): PartitionAnswer[] {
  let room = Math.min(request.maxBytes, broker.settings.fetchBytesMax);
  let isFirst = true;
  let place = 0;
  return wanted.map(({ partition: { partition }, read }) => {
    const result =
      read instanceof KafkaError ? read : (results[place++] ?? new KafkaError('UNKNOWN_SERVER_ERROR'));
    if (result instanceof KafkaError) return refused(broker, partition, result);
    const batches: Uint8Array[] = [];
    for (const batch of result.batches) {
      if (batch.length > room && !isFirst) break;
      batches.push(batch);
      room -= batch.length;
      isFirst = false;
    }
    return served(partition, result, batches, read);
  });
}

function served(
  partitionIndex: number,
  result: ReadResult,
  batches: readonly Uint8Array[],
  read: ReadRequest | KafkaError,
): PartitionAnswer {
  const isCommitted = !(read instanceof KafkaError) && read.isolationLevel === 'read_committed';
  return {
    partitionIndex,
    errorCode: noError,
    highWatermark: result.highWatermark,
    lastStableOffset: result.lastStableOffset,
    logStartOffset: result.logStartOffset,
    abortedTransactions: isCommitted ? [...result.abortedTransactions] : null,
    records: batches.length === 1 ? (batches[0] ?? noRecords) : concatBytes(batches),
  };
}

function refused(broker: BrokerContext, partitionIndex: number, error: KafkaError): PartitionAnswer {
  const { errorCode } = failureOf(broker, error);
  return { partitionIndex, errorCode, highWatermark: -1n, abortedTransactions: null, records: noRecords };
}

function byTopic(topics: readonly TopicWanted[], answers: readonly PartitionAnswer[]): TopicAnswer[] {
  let taken = 0;
  return topics.map(({ topic, topicId, partitions }) => {
    const own = answers.slice(taken, taken + partitions.length);
    taken += partitions.length;
    return { topic, topicId, partitions: own };
  });
}

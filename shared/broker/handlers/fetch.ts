import { joinBytes } from '../../base/bytes.ts';
import type { Topic } from '../../catalog/topic-cache.ts';
import { KafkaError, kafkaErrors } from '../../kafka/error-codes.ts';
import type { ReadRequest, ReadResult } from '../../log/api.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import type { BrokerContext, Call } from '../broker-context.ts';
import { failureOf, type Handler, leaderEpoch, lookupFailed, noError } from '../handler.ts';

type Request = RequestOf<'Fetch'>;
type TopicWanted = Request['topics'][number];
type PartitionWanted = TopicWanted['partitions'][number];
type TopicAnswer = ResponseOf<'Fetch'>['responses'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];
type Outcome = ReadResult | KafkaError;
/** One partition of the request: a read, or why there is none. */
type Wanted = { topic: Topic | undefined; partition: PartitionWanted; read: ReadRequest | KafkaError };

const noRecords = new Uint8Array();
const topicIdsSince = 13; // KIP-516
const zstdSince = 10; // KIP-110

/**
 * Fetch v4–17. Sessions are declined (id 0, always whole fetches); rack and followers' fields mean nothing
 * here. What is unknown does not shorten a wait; an error of a read, such as OFFSET_OUT_OF_RANGE, does.
 */
export const fetch: Handler<'Fetch'> = async (broker, request, call) => {
  // 0 asks for a session, -1 for none: both are whole fetches (KIP-227).
  const isOfSession = request.sessionEpoch > 0;
  if (isOfSession)
    return { errorCode: kafkaErrors.FETCH_SESSION_ID_NOT_FOUND.code, sessionId: 0, responses: [] };
  const looked = request.topics.map((topic) => wantedOf(broker, request, call, topic));
  const wanted = (await Promise.all(looked)).flat();
  const outcomes = await readAll(broker, request, wanted, call.signal);
  forgetTopicsThatAreGone(broker, wanted, outcomes);
  const answers = answersWithin(broker, request, wanted, outcomes);
  const bytes = answers.reduce((sum, { records }) => sum + (records?.length ?? 0), 0);
  const throttleTimeMs = broker.throttle.throttleMs('consumer_byte_rate', call, bytes);
  return { throttleTimeMs, errorCode: noError, sessionId: 0, responses: byTopic(request.topics, answers) };
};

async function wantedOf(
  broker: BrokerContext,
  request: Request,
  { version }: Call,
  { topic: name, topicId, partitions }: TopicWanted,
): Promise<Wanted[]> {
  const isById = version >= topicIdsSince;
  try {
    const topic = await (isById ? broker.topics.findById(topicId) : broker.topics.find(name));
    const isMissing = isById ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION';
    return partitions.map((partition) => {
      const read = topic ? readOf(request, version, topic, partition) : new KafkaError(isMissing);
      return { topic, partition, read };
    });
  } catch (error) {
    const read = lookupFailed(broker, error);
    return partitions.map((partition) => ({ topic: undefined, partition, read }));
  }
}

function readOf(
  request: Request,
  version: number,
  { topicId, partitions, logConfig }: Topic,
  { partition, currentLeaderEpoch, fetchOffset, partitionMaxBytes }: PartitionWanted,
): ReadRequest | KafkaError {
  if (partition < 0 || partition >= partitions) return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  if (currentLeaderEpoch > leaderEpoch) return new KafkaError('UNKNOWN_LEADER_EPOCH');
  if (version < zstdSince && logConfig.compressionType === 'zstd')
    return new KafkaError('UNSUPPORTED_COMPRESSION_TYPE');
  return {
    partition: { topicId, partition },
    config: logConfig,
    offset: fetchOffset,
    maxBytes: Math.max(0, Math.min(partitionMaxBytes, request.maxBytes)),
    isolationLevel: request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted',
  };
}

/** What became of each partition of the request. */
async function readAll(
  { logs, settings }: BrokerContext,
  request: Request,
  wanted: readonly Wanted[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const reads = wanted.flatMap(({ read }) => (read instanceof KafkaError ? [] : [read]));
  if (reads.length === 0) return wanted.map(({ read }) => read as KafkaError);
  const results = await logs.readWaiting(reads, {
    minBytes: Math.max(0, request.minBytes),
    maxWaitMs: Math.min(Math.max(0, request.maxWaitMs), settings.fetchWaitMsMax),
    maxBytes: answerBytesMax(request, settings.fetchBytesMax),
    signal,
  });
  let place = 0;
  return wanted.map(({ read }) =>
    read instanceof KafkaError ? read : (results[place++] ?? new KafkaError('UNKNOWN_SERVER_ERROR')),
  );
}

const answerBytesMax = ({ maxBytes }: Request, ours: number): number => Math.max(0, Math.min(maxBytes, ours));

function forgetTopicsThatAreGone(
  { topics }: BrokerContext,
  wanted: readonly Wanted[],
  outcomes: readonly Outcome[],
): void {
  for (const [place, { topic, read }] of wanted.entries()) {
    const outcome = outcomes[place];
    if (topic === undefined || read instanceof KafkaError || !(outcome instanceof KafkaError)) continue;
    if (outcome.errorName === 'UNKNOWN_TOPIC_OR_PARTITION') topics.forget(topic.name);
  }
}

/**
 * In the order of the request, until the answer is as large as the client or the broker allows. Only the
 * first batch of all may be larger than the limits (KIP-74).
 */
function answersWithin(
  broker: BrokerContext,
  request: Request,
  wanted: readonly Wanted[],
  outcomes: readonly Outcome[],
): PartitionAnswer[] {
  let room = answerBytesMax(request, broker.settings.fetchBytesMax);
  let isFirst = true;
  return wanted.map(({ partition: { partition, partitionMaxBytes } }, place) => {
    const outcome = outcomes[place] as Outcome;
    if (outcome instanceof KafkaError) return refused(broker, partition, outcome);
    const batches: Uint8Array[] = [];
    let own = Math.min(partitionMaxBytes, room);
    for (const batch of outcome.batches) {
      if (batch.length > own && !isFirst) break;
      batches.push(batch);
      own -= batch.length;
      room -= batch.length;
      isFirst = false;
    }
    return served(request, partition, outcome, batches);
  });
}

function served(
  { isolationLevel }: Request,
  partitionIndex: number,
  { highWatermark, lastStableOffset, logStartOffset, abortedTransactions }: ReadResult,
  batches: readonly Uint8Array[],
): PartitionAnswer {
  return {
    partitionIndex,
    errorCode: noError,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions: isolationLevel === 1 ? [...abortedTransactions] : null,
    records: batches.length === 0 ? noRecords : joinBytes(batches),
  };
}

function refused(broker: BrokerContext, partitionIndex: number, error: KafkaError): PartitionAnswer {
  const { errorCode } = failureOf(broker, error, 'KAFKA_STORAGE_ERROR');
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

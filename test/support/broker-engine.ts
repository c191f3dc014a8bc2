import { randomUUID } from 'node:crypto';
import { concatBytes, utf8Decode, utf8Encode } from '../../shared/base/bytes.ts';
import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { type Log, silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { type Answer, Broker } from '../../shared/broker/broker.ts';
import {
  type BrokerCluster,
  type BrokerSettings,
  type Caller,
  defaultBrokerSettings,
} from '../../shared/broker/broker-context.ts';
import { ClientQuotas } from '../../shared/catalog/client-quotas.ts';
import { ProducerIds } from '../../shared/catalog/producer-ids.ts';
import type { Topic } from '../../shared/catalog/topic-cache.ts';
import { Topics } from '../../shared/catalog/topics.ts';
import { CommittedOffsets } from '../../shared/groups/committed-offsets.ts';
import { GroupCoordinator } from '../../shared/groups/group-coordinator.ts';
import { openGroupRoom } from '../../shared/groups/group-room.ts';
import type { LogSettings } from '../../shared/log/log-context.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../../shared/log/partition-logs.ts';
import { decodeResponse, encodeRequest } from '../../shared/protocol/frame.ts';
import { fetch } from '../../shared/protocol/messages/fetch.ts';
import { produce } from '../../shared/protocol/messages/produce.ts';
import type { Api, Decoded, Fields, Given } from '../../shared/protocol/schema.ts';
import { openNativeCodecs } from '../../shared/records/codecs-native.ts';
import {
  decodeRecords,
  encodeRecordBatch,
  type RecordBatchToEncode,
  splitBatches,
} from '../../shared/records/record-batch.ts';
import { LocalCluster } from '../../shared/runtime/local-cluster.ts';
import type { Stores } from '../../shared/storage/stores.ts';

export const codecs = await openNativeCodecs();

export type BrokerEngineOptions = {
  readonly stores: Stores;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly cluster?: BrokerCluster;
  readonly settings?: Partial<BrokerSettings>;
  readonly logSettings?: Partial<LogSettings>;
  readonly topicCacheMs?: number;
};

/** A broker and what stands behind it, as a process of its own on some stores. */
export type BrokerEngine = {
  readonly broker: Broker;
  readonly topics: Topics;
  readonly logs: OpenPartitionLogs;
};

export function openBroker({
  stores,
  clock = systemClock,
  log = silentLog,
  cluster = new LocalCluster('test-cluster', () => [{ id: 1, host: '127.0.0.1', port: 9092, rack: null }]),
  settings = {},
  logSettings = {},
  topicCacheMs = 60_000,
}: BrokerEngineOptions): BrokerEngine {
  const world = { stores, clock, random: systemRandom, log };
  const logs = openPartitionLogs({ ...world, codecs, settings: logSettings });
  const topics = new Topics({ ...world, settings: { defaultPartitions: 1, cacheMs: topicCacheMs } });
  const room = openGroupRoom({ ...world, topics });
  const broker = new Broker({
    ...world,
    topics,
    logs,
    groups: new GroupCoordinator(room),
    offsets: new CommittedOffsets(room),
    producerIds: new ProducerIds(world),
    quotas: new ClientQuotas(world),
    cluster,
    settings: { ...defaultBrokerSettings, ...settings },
  });
  return { broker, topics, logs };
}

export const testCaller: Caller = { principal: 'User:ANONYMOUS', clientHost: '127.0.0.1', brokerId: 1 };
const neverAborted = new AbortController().signal;

/** One request as a frame without its size. */
export const frameOf = <Req extends Fields, Res extends Fields>(
  api: Api<string, Req, Res>,
  version: number,
  body: Given<Req>,
  correlationId = 7,
): Uint8Array =>
  concatBytes(encodeRequest(api, version, { correlationId, clientId: 'test' }, body)).subarray(4);

export const serve = (
  { broker }: Pick<BrokerEngine, 'broker'>,
  frame: Uint8Array,
  signal: AbortSignal = neverAborted,
): Promise<Answer> => broker.serve(frame, testCaller, signal).answer;

/** The answer to one request, by way of the bytes of both. Throws when there is none. */
export async function call<Req extends Fields, Res extends Fields>(
  engine: Pick<BrokerEngine, 'broker'>,
  api: Api<string, Req, Res>,
  version: number,
  body: Given<Req>,
  signal?: AbortSignal,
): Promise<Decoded<Res>> {
  const answer = await serve(engine, frameOf(api, version, body), signal);
  return decodedAnswer(api, version, answer);
}

export function decodedAnswer<Req extends Fields, Res extends Fields>(
  api: Api<string, Req, Res>,
  version: number,
  answer: Answer,
): Decoded<Res> {
  if (answer === 'none' || 'close' in answer) throw new Error(`no answer: ${JSON.stringify(answer)}`);
  const bytes = concatBytes(answer);
  const size = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0);
  if (size !== bytes.length - 4) throw new Error(`a frame of ${bytes.length - 4} bytes says ${size}`);
  const { correlationId, body } = decodeResponse(api, version, bytes.subarray(4));
  if (correlationId !== 7) throw new Error(`an answer to request ${correlationId}`);
  return body;
}

/** A topic that no other test uses. */
export const newTopic = (
  { topics }: Pick<BrokerEngine, 'topics'>,
  options: { partitions?: number; configs?: Record<string, string> } = {},
): Promise<Topic> => topics.create({ name: `t-${randomUUID()}`, ...options });

/** A batch of records with these values, dated now. */
export const batchOf = (
  values: readonly string[],
  options: Partial<RecordBatchToEncode> & { timestamp?: bigint } = {},
): Uint8Array => {
  const { timestamp = BigInt(systemClock.nowMs()), ...rest } = options;
  const records = values.map((value) => ({
    timestamp,
    key: utf8Encode('key'),
    value: utf8Encode(value),
    headers: [],
  }));
  return encodeRecordBatch({ records, compression: 'none', ...rest }, codecs);
};

export type ProduceOptions = {
  readonly version?: number;
  readonly acks?: number;
  readonly partition?: number;
  readonly transactionalId?: string | null;
};

export const produceBody = (
  topic: string,
  batches: readonly (Uint8Array | null)[],
  { acks = -1, partition = 0, transactionalId = null }: ProduceOptions = {},
) => ({
  transactionalId,
  acks,
  timeoutMs: 30_000,
  topicData: [{ name: topic, partitionData: batches.map((records) => ({ index: partition, records })) }],
});

/** What Produce answers for the one partition of a request. */
export async function produceTo(
  engine: Pick<BrokerEngine, 'broker'>,
  topic: string,
  batch: Uint8Array | null,
  options: ProduceOptions = {},
) {
  const { version = 9 } = options;
  const { responses } = await call(engine, produce, version, produceBody(topic, [batch], options));
  const answer = responses[0]?.partitionResponses[0];
  if (answer === undefined) throw new Error('Produce answered no partition');
  return answer;
}

export type FetchOptions = {
  readonly version?: number;
  readonly partition?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
  readonly currentLeaderEpoch?: number;
  readonly isolationLevel?: number;
  readonly sessionId?: number;
  readonly sessionEpoch?: number;
  readonly signal?: AbortSignal;
};

type PartitionToFetch = { topic: Pick<Topic, 'name' | 'topicId'>; partition?: number; offset: bigint };

export function fetchBody(
  wanted: readonly PartitionToFetch[],
  {
    version = 12,
    partition: onePartition = 0,
    maxWaitMs = 0,
    minBytes = 1,
    maxBytes = 1_000_000,
    partitionMaxBytes = 1_000_000,
    currentLeaderEpoch = -1,
    isolationLevel = 0,
    sessionId = 0,
    sessionEpoch = -1,
  }: FetchOptions = {},
) {
  const partitionOf = ({ partition = onePartition, offset }: PartitionToFetch) => ({
    partition,
    fetchOffset: offset,
    partitionMaxBytes,
    ...(version >= 9 ? { currentLeaderEpoch } : {}),
  });
  return {
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    ...(version >= 7 ? { sessionId, sessionEpoch } : {}),
    topics: wanted.map((one) => ({
      ...(version >= 13 ? { topicId: one.topic.topicId } : { topic: one.topic.name }),
      partitions: [partitionOf(one)],
    })),
  };
}

/** What Fetch answers, one partition after the other. */
export async function fetchAll(
  engine: Pick<BrokerEngine, 'broker'>,
  wanted: readonly PartitionToFetch[],
  options: FetchOptions = {},
) {
  const { version = 12, signal } = options;
  const body = fetchBody(wanted, options);
  const { responses } = await call(engine, fetch, version, body as never, signal);
  return responses.flatMap(({ partitions }) => [...partitions]);
}

export async function fetchFrom(
  engine: Pick<BrokerEngine, 'broker'>,
  topic: Pick<Topic, 'name' | 'topicId'>,
  offset: bigint,
  options: FetchOptions = {},
) {
  const [answer] = await fetchAll(engine, [{ topic, offset }], options);
  if (answer === undefined) throw new Error('Fetch answered no partition');
  return answer;
}

/** The records in what Fetch answered for a partition. */
export const valuesOf = ({ records }: { records: Uint8Array | null }): [offset: bigint, value: string][] =>
  splitBatches(records ?? new Uint8Array())
    .flatMap((batch) => decodeRecords(batch, codecs))
    .map(({ offset, value }) => [offset, utf8Decode(value ?? new Uint8Array())]);

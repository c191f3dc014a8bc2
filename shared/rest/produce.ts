import { isKafkaError, KafkaError } from '../kafka/error-codes.ts';
import type { Appended, AppendRequest } from '../log/api.ts';
import type { ProducedRecord, RecordHeader } from '../records/record.ts';
import { batchHeaderBytes, encodeRecordBatch } from '../records/record-batch.ts';
import type { RestDeps, RestTopic } from './deps.ts';
import type { Partitioner } from './partitioner.ts';
import { findTopicAnew } from './topic-lookup.ts';

export type RecordToProduce = {
  /** Where the caller wants it; without one the partitioner chooses. */
  readonly partition?: bigint | undefined;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** ms since 1970; without one it is now. */
  readonly timestamp?: bigint | undefined;
};

export type StoredRecord = {
  readonly partition: number;
  readonly offset: bigint;
  /** As stored: the door's, the caller's or the log's own. */
  readonly timestamp: bigint;
};

/** An idempotent producer and where in its sequence (of this partition) a batch begins. */
export type ProducerSequence = {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
};

type PlacedRecord = { readonly index: number; readonly record: ProducedRecord };
type Batch = { readonly partition: number; readonly placed: PlacedRecord[]; sizeBytes: number };

type Outcome = StoredRecord | KafkaError;

/**
 * Stores records of one topic, each partition's in one batch or, where that would be too large, in several.
 * Each answer stands for the record at its place; a record that may not be stored fails alone. Never throws
 * for one of them.
 */
export async function produceRecords(
  deps: RestDeps,
  topic: RestTopic,
  records: readonly RecordToProduce[],
  partitioner: Partitioner,
): Promise<Outcome[]> {
  const known = BigInt(topic.partitions);
  const isStale = records.some(({ partition }) => partition !== undefined && partition >= known);
  const current = isStale ? ((await findTopicAnew(deps, topic.name)) ?? topic) : topic;
  const outcomes = await storeAll(deps, current, records, partitioner);
  const gone = [...outcomes.keys()].filter((index) => isGone(outcomes[index], current, records[index]));
  const again = gone.length > 0 ? await findTopicAnew(deps, topic.name) : undefined;
  if (!again || again.topicId === current.topicId) return outcomes;
  const others = await storeAll(
    deps,
    again,
    gone.map((index) => records[index] as RecordToProduce),
    partitioner,
  );
  for (const [at, index] of gone.entries()) outcomes[index] = others[at] as Outcome;
  return outcomes;
}

/**
 * Whether the log has no such partition though the topic, as we know it, has: it was deleted, or made again.
 */
const isGone = (
  outcome: Outcome | undefined,
  { partitions }: RestTopic,
  wanted: RecordToProduce | undefined,
): boolean =>
  isKafkaError(outcome, 'UNKNOWN_TOPIC_OR_PARTITION') &&
  (wanted?.partition === undefined || wanted.partition < BigInt(partitions));

async function storeAll(
  deps: RestDeps,
  topic: RestTopic,
  records: readonly RecordToProduce[],
  partitioner: Partitioner,
): Promise<Outcome[]> {
  const nowMs = BigInt(deps.clock.nowMs());
  const outcomes: (Outcome | undefined)[] = new Array(records.length);
  const batches = new Batches(topic.logConfig.batchBytesMax);
  for (const [index, wanted] of records.entries()) {
    const record = toStore(wanted, nowMs);
    const partition = choosePartition(topic, wanted, partitioner);
    const refusal = partition instanceof KafkaError ? partition : whyRefused(topic, record, nowMs);
    if (refusal) outcomes[index] = refusal;
    else batches.add(partition as number, { index, record });
  }
  await appendAll(deps, topic, batches.all, outcomes);
  return outcomes as Outcome[];
}

/**
 * Stores the records of an idempotent producer as one batch in one partition: all or none (I4). Throws the
 * `KafkaError` of the first record, or of the batch.
 */
export async function produceInSequence(
  deps: RestDeps,
  topic: RestTopic,
  partition: number,
  records: readonly RecordToProduce[],
  producer: ProducerSequence,
): Promise<StoredRecord[]> {
  try {
    return await storeInSequence(deps, topic, partition, records, producer);
  } catch (error) {
    if (!isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
    const again = await findTopicAnew(deps, topic.name);
    if (!again || again.topicId === topic.topicId || partition >= again.partitions) throw error;
    return storeInSequence(deps, again, partition, records, producer);
  }
}

async function storeInSequence(
  deps: RestDeps,
  topic: RestTopic,
  partition: number,
  records: readonly RecordToProduce[],
  producer: ProducerSequence,
): Promise<StoredRecord[]> {
  const nowMs = BigInt(deps.clock.nowMs());
  const placed = records.map((wanted, index) => ({ index, record: toStore(wanted, nowMs) }));
  for (const { record } of placed) {
    const refusal = whyRefused(topic, record, nowMs);
    if (refusal) throw refusal;
  }
  const batch = encode(deps, topic, { partition, placed, sizeBytes: 0 }, producer);
  if (batch instanceof KafkaError) throw batch;
  const [appended] = await deps.logs.append([batch]);
  if (appended === undefined || appended instanceof KafkaError) throw appended;
  return placed.map(({ record }, index) => stored(partition, appended, index, record));
}

const toStore = ({ key, value, headers, timestamp }: RecordToProduce, nowMs: bigint): ProducedRecord => ({
  key,
  value,
  headers,
  timestamp: timestamp ?? nowMs,
});

function choosePartition(
  topic: RestTopic,
  { partition, key }: RecordToProduce,
  partitioner: Partitioner,
): number | KafkaError {
  if (partition === undefined) return partitioner.partitionFor(key, topic.partitions);
  if (partition >= 0n && partition < BigInt(topic.partitions)) return Number(partition);
  const message = `Topic ${topic.name} has no partition ${partition}; it has ${topic.partitions}.`;
  return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', message);
}

/** What the log would refuse a whole batch for, found before one record can spoil its neighbours (I14). */
function whyRefused(topic: RestTopic, record: ProducedRecord, nowMs: bigint): KafkaError | undefined {
  const { logConfig } = topic;
  if (record.key === null && logConfig.cleanupPolicy.includes('compact')) {
    return new KafkaError('INVALID_RECORD', `Topic ${topic.name} is compacted: its records need a key.`);
  }
  if (logConfig.timestampType === 'LogAppendTime') return undefined;
  const aheadMs = record.timestamp - nowMs;
  if (aheadMs > logConfig.timestampAfterMaxMs || -aheadMs > logConfig.timestampBeforeMaxMs) {
    const message = `The timestamp ${record.timestamp} is too far from now for topic ${topic.name}.`;
    return new KafkaError('INVALID_TIMESTAMP', message);
  }
  return undefined;
}

/** Collects records into batches, a new one for a partition when the record might not fit any more. */
class Batches {
  readonly all: Batch[] = [];
  private readonly current = new Map<number, Batch>();
  private readonly batchBytesMax: number;

  constructor(batchBytesMax: number) {
    this.batchBytesMax = batchBytesMax;
  }

  add(partition: number, placed: PlacedRecord): void {
    const sizeBytes = recordBytesAtMost(placed.record);
    const current = this.current.get(partition);
    if (current && current.sizeBytes + sizeBytes <= this.batchBytesMax) {
      current.placed.push(placed);
      current.sizeBytes += sizeBytes;
      return;
    }
    const batch = { partition, placed: [placed], sizeBytes: batchHeaderBytes + sizeBytes };
    this.current.set(partition, batch);
    this.all.push(batch);
  }
}

/** Two varints of 10 and 5 bytes, four lengths of 5, the attributes. */
const recordOverheadBytesMax = 36;

function recordBytesAtMost({ key, value, headers }: ProducedRecord): number {
  let bytes = recordOverheadBytesMax + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += 10 + 3 * header.key.length + (header.value?.length ?? 0);
  return bytes;
}

async function appendAll(
  deps: RestDeps,
  topic: RestTopic,
  batches: readonly Batch[],
  outcomes: (Outcome | undefined)[],
): Promise<void> {
  const requests = batches.map((batch) => encode(deps, topic, batch));
  const toAppend = requests.filter((request): request is AppendRequest => !(request instanceof KafkaError));
  const appended = (toAppend.length > 0 ? await deps.logs.append(toAppend) : []).values();
  for (const [at, { partition, placed }] of batches.entries()) {
    const request = requests[at];
    const outcome =
      request instanceof KafkaError ? request : (appended.next().value as Appended | KafkaError);
    for (const [position, { index, record }] of placed.entries()) {
      outcomes[index] =
        outcome instanceof KafkaError ? outcome : stored(partition, outcome, position, record);
    }
  }
}

const stored = (
  partition: number,
  { baseOffset, logAppendTimeMs }: Appended,
  position: number,
  { timestamp }: ProducedRecord,
): StoredRecord => ({
  partition,
  offset: baseOffset + BigInt(position),
  timestamp: logAppendTimeMs >= 0n ? logAppendTimeMs : timestamp,
});

/**
 * The batch as it will be stored. Its size counts before compression, so that chance does not decide what
 * fits.
 */
function encode(
  { codecs, settings }: RestDeps,
  { topicId, name, logConfig }: RestTopic,
  { partition, placed }: Batch,
  producer?: ProducerSequence,
): AppendRequest | KafkaError {
  const records = placed.map(({ record }) => record);
  const plain = encodeRecordBatch({ records, compression: 'none', ...producer }, codecs);
  if (plain.length > logConfig.batchBytesMax) {
    const what = records.length === 1 ? 'The record takes' : 'The records take';
    const most = `topic ${name} allows ${logConfig.batchBytesMax} (max.message.bytes)`;
    return new KafkaError('MESSAGE_TOO_LARGE', `${what} ${plain.length} bytes, ${most}.`);
  }
  const request = { partition: { topicId, partition }, config: logConfig };
  const wanted = compressionFor(logConfig.compressionType, plain.length, settings);
  if (wanted === 'none') return { ...request, batch: plain };
  const compressed = encodeRecordBatch({ records, compression: wanted, ...producer }, codecs);
  const isChosen = logConfig.compressionType !== 'producer' || compressed.length <= plain.length * 0.75;
  return { ...request, batch: isChosen && compressed.length <= logConfig.batchBytesMax ? compressed : plain };
}

function compressionFor(
  configured: RestTopic['logConfig']['compressionType'],
  sizeBytes: number,
  { compression }: RestDeps['settings'],
): Parameters<typeof encodeRecordBatch>[0]['compression'] {
  if (configured === 'uncompressed') return 'none';
  if (configured !== 'producer') return configured;
  return compression !== undefined && sizeBytes > compression.aboveBytes ? compression.type : 'none';
}

import { randomUUID } from 'node:crypto';
import { utf8Decode, utf8Encode } from '../../shared/base/bytes.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import type { Random } from '../../shared/base/random.ts';
import { KafkaError, type KafkaErrorName } from '../../shared/kafka/error-codes.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import type { Appended, ReadResult } from '../../shared/log/api.ts';
import type { LogSettings } from '../../shared/log/log-context.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../../shared/log/partition-logs.ts';
import type { RecordCodecs } from '../../shared/records/compression.ts';
import { crc32c } from '../../shared/records/crc32c.ts';
import { decodeRecords, encodeRecordBatch } from '../../shared/records/record-batch.ts';
import { jobsKey, newJobs } from '../../shared/storage/items/jobs.ts';
import { newPartitionHead, partitionHeadKey } from '../../shared/storage/items/partition-head.ts';
import type { Stores } from '../../shared/storage/stores.ts';

/** Checksums without compression: enough for tests that look at logs, not at codecs. */
export const plainCodecs: RecordCodecs = {
  compress: (_type, bytes) => bytes,
  decompress: (_type, bytes) => bytes,
  crc32c,
};

export const logConfig: LogConfig = {
  batchBytesMax: 1_048_588,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: (1n << 63n) - 1n,
  timestampAfterMaxMs: 3_600_000n,
  compressionType: 'producer',
  retentionMs: 604_800_000n,
  retentionBytes: -1n,
  cleanupPolicy: ['delete'],
  segmentBytes: 16 * 1024 * 1024,
  segmentMs: 3_600_000n,
};

/** A process's view of the log on some stores. */
export function openLogs(
  stores: Stores,
  { clock, random, settings = {} }: { clock: Clock; random: Random; settings?: Partial<LogSettings> },
): OpenPartitionLogs {
  return openPartitionLogs({ stores, codecs: plainCodecs, clock, random, log: silentLog, settings });
}

/** A partition of a topic of its own, made as the catalog makes it. */
export async function newPartition(stores: Stores, clock: Clock): Promise<PartitionId> {
  const id = { topicId: randomUUID(), partition: 0 };
  await stores.metadata.put(jobsKey(id), newJobs(clock.nowMs()));
  await stores.metadata.put(partitionHeadKey(id), newPartitionHead());
  return id;
}

export type TestProducer = { producerId: bigint; producerEpoch: number; baseSequence: number };

/** A batch of records with these values; `producer` makes it idempotent. */
export function batchOf(values: readonly string[], timestampMs: number, producer?: TestProducer): Uint8Array {
  const records = values.map((value, place) => ({
    timestamp: BigInt(timestampMs + place),
    key: null,
    value: utf8Encode(value),
    headers: [],
  }));
  return encodeRecordBatch({ records, compression: 'none', ...producer }, plainCodecs);
}

export type SeenRecord = { offset: bigint; value: string };

/** The records of an answer from `from` on. */
export const recordsOf = ({ batches }: ReadResult, from = 0n): SeenRecord[] =>
  batches
    .flatMap((batch) => decodeRecords(batch, plainCodecs))
    .filter(({ offset }) => offset >= from)
    .map(({ offset, value }) => ({ offset, value: utf8Decode(value ?? new Uint8Array()) }));

/** Everything in the log from its start (or `from`) on, read in answers of at most `maxBytes`. */
export async function readAll(
  logs: OpenPartitionLogs,
  partition: PartitionId,
  {
    config = logConfig,
    from,
    maxBytes = 10_000,
  }: { config?: LogConfig; from?: bigint; maxBytes?: number } = {},
): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = [];
  let offset = from ?? (await logs.offsets(partition)).logStartOffset;
  for (;;) {
    const result = await logs.read({ partition, config, offset, maxBytes });
    seen.push(...recordsOf(result, offset));
    if (result.nextOffset === offset) return seen;
    offset = result.nextOffset;
  }
}

/** The answer to a single append; throws what was answered instead of an offset. */
export async function appendOne(
  logs: OpenPartitionLogs,
  partition: PartitionId,
  batch: Uint8Array,
  config: LogConfig = logConfig,
): Promise<Appended> {
  const [answer] = await logs.append([{ partition, config, batch }]);
  if (answer === undefined || answer instanceof KafkaError) throw answer;
  return answer;
}

/** The name of the error that a call ends with; fails if it does not. */
export async function errorOf(call: Promise<unknown>): Promise<KafkaErrorName> {
  try {
    await call;
  } catch (error) {
    if (error instanceof KafkaError) return error.errorName;
    throw error;
  }
  throw new Error('the call should have failed');
}

import { rm } from 'node:fs/promises';
import { systemClock } from '../shared/base/clock.ts';
import { silentLog } from '../shared/base/log.ts';
import { systemRandom } from '../shared/base/random.ts';
import { Topics } from '../shared/catalog/topics.ts';
import { KafkaError } from '../shared/kafka/error-codes.ts';
import type { PartitionId } from '../shared/kafka/topic-partition.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../shared/log/partition-logs.ts';
import { rollPartition } from '../shared/log/roll.ts';
import { openNativeCodecs } from '../shared/records/codecs-native.ts';
import { encodeRecordBatch } from '../shared/records/record-batch.ts';
import { openEmbeddedStores } from '../shared/storage/embedded/open-embedded-stores.ts';
import { type Figure, inSeconds, perSecond, temporaryFolder, untilOver } from './report.ts';

const world = { clock: systemClock, random: systemRandom, log: silentLog };

/** The log on the embedded engine, synced when it acknowledges, without a door before it. */
export async function domainFigures(secondsEach: number, backlogBytes: number): Promise<Figure[]> {
  const folder = await temporaryFolder();
  const stores = await openEmbeddedStores({ folder, ...world });
  try {
    const codecs = await openNativeCodecs();
    const logs = openPartitionLogs({ ...world, stores, codecs });
    const topics = new Topics({ ...world, stores, settings: { defaultPartitions: 1, cacheMs: 60_000 } });
    const topic = await topics.create({ name: 'bench', partitions: 8 });
    const target = (partition: number) => ({ topicId: topic.topicId, partition });
    const figures: Figure[] = [];
    const batchOf = (records: number) => {
      const value = systemRandom.bytes(1024 - 80);
      const one = { timestamp: BigInt(systemClock.nowMs()), key: null, value, headers: [] };
      return encodeRecordBatch(
        { records: Array.from({ length: records }, () => one), compression: 'none' },
        codecs,
      );
    };
    let partition = 0;
    for (const [name, records] of [
      ['1 KB', 1],
      ['16 KB', 16],
    ] as const) {
      for (const callers of [1, 64]) {
        const batch = batchOf(records);
        const id = target(partition++);
        const { count, ms } = await untilOver(callers, secondsEach, () =>
          append(logs, topic.logConfig, id, batch),
        );
        figures.push({
          what: `append of ${name} batches, ${callers} callers`,
          ...perSecond(count, ms, 'appends/s'),
        });
      }
    }
    figures.push(...(await backlogFigures(logs, topic.logConfig, target(7), batchOf(64), backlogBytes)));
    return figures;
  } finally {
    await stores.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type Config = Parameters<typeof rollPartition>[2];

async function append(logs: OpenPartitionLogs, config: Config, partition: PartitionId, batch: Uint8Array) {
  const [answer] = await logs.append([{ partition, config, batch: batch.slice() }]);
  if (answer instanceof KafkaError) throw answer;
}

/** A backlog that lies in segments, read from its begin as a consumer reads it. */
async function backlogFigures(
  logs: OpenPartitionLogs,
  config: Config,
  partition: PartitionId,
  batch: Uint8Array,
  bytes: number,
): Promise<Figure[]> {
  const appends = Math.ceil(bytes / batch.length);
  const startedMs = systemClock.nowMs();
  for (let n = 0; n < appends; n += 64) {
    await Promise.all(Array.from({ length: 64 }, () => append(logs, config, partition, batch)));
  }
  await logs.drain();
  const writtenMs = systemClock.nowMs() - startedMs;
  const rollStartedMs = systemClock.nowMs();
  await rollPartition(logs.context, partition, config, { force: true });
  const rolledMs = systemClock.nowMs() - rollStartedMs;
  const readStartedMs = systemClock.nowMs();
  let read = 0;
  let offset = 0n;
  for (;;) {
    const result = await logs.read({ partition, config, offset, maxBytes: 1024 * 1024 });
    for (const part of result.batches) read += part.length;
    if (result.nextOffset === offset) break;
    offset = result.nextOffset;
  }
  const megabytes = read / 1e6;
  const size = `${Math.round(megabytes)} MB`;
  return [
    { what: `append of ${size} in 64 KB batches, 64 callers`, ...perSecond(megabytes, writtenMs, 'MB/s') },
    { what: `roll of ${size}`, ...inSeconds(rolledMs) },
    {
      what: `read of a backlog of ${size}`,
      ...perSecond(megabytes, systemClock.nowMs() - readStartedMs, 'MB/s'),
    },
  ];
}

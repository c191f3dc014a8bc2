import { rm } from 'node:fs/promises';
import { systemClock } from '../shared/base/clock.ts';
import { silentLog } from '../shared/base/log.ts';
import { systemRandom } from '../shared/base/random.ts';
import { KafkaError } from '../shared/kafka/error-codes.ts';
import { openNativeCodecs } from '../shared/records/codecs-native.ts';
import { encodeRecordBatch } from '../shared/records/record-batch.ts';
import { openLocalRuntime } from '../shared/runtime/local-runtime.ts';
import { type Figure, temporaryFolder } from './report.ts';
import { type Resident, residentOf } from './resident.ts';

const recordsPerBatch = 500;

/** What the process holds after so many records of 100 bytes, and how long a fresh one needs to open them. */
export async function memoryFigures(records: number): Promise<Figure[]> {
  const folder = await temporaryFolder();
  const options = { folder, nodes: () => [], log: silentLog };
  try {
    const runtime = await openLocalRuntime(options);
    const topic = await runtime.topics.create({ name: 'memory', partitions: 6 });
    const codecs = await openNativeCodecs();
    const record = {
      timestamp: BigInt(systemClock.nowMs()),
      key: null,
      value: systemRandom.bytes(90),
      headers: [],
    };
    const batch = encodeRecordBatch(
      { records: Array.from({ length: recordsPerBatch }, () => record), compression: 'none' },
      codecs,
    );
    const before = residentOf();
    for (let sent = 0; sent < records; sent += recordsPerBatch * 24) {
      const appends = Array.from({ length: 24 }, (_, n) => ({
        partition: { topicId: topic.topicId, partition: n % 6 },
        config: topic.logConfig,
        batch: batch.slice(),
      }));
      for (const answer of await runtime.logs.append(appends)) if (answer instanceof KafkaError) throw answer;
    }
    const after = residentOf();
    const { heapUsed } = process.memoryUsage();
    await runtime.close();
    const startedMs = systemClock.nowMs();
    await (await openLocalRuntime(options)).close();
    return [
      ...figuresOf('before the first record', before),
      ...figuresOf(`after ${records} records of 100 bytes`, after),
      { what: 'of it JavaScript heap', ...megabytes(heapUsed) },
      { what: 'open and close again with that log', value: systemClock.nowMs() - startedMs, unit: 'ms' },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const megabytes = (bytes: number) => ({ value: bytes / 1e6, unit: 'MB' });

/** LMDB maps its file: what is resident of it the system takes back when it needs the memory. */
function figuresOf(when: string, { bytes, anonymousBytes, fileBytes }: Resident): Figure[] {
  const all = { what: `resident ${when}`, ...megabytes(bytes) };
  if (anonymousBytes === undefined || fileBytes === undefined) return [all];
  return [
    all,
    { what: `of it the process's own, ${when}`, ...megabytes(anonymousBytes) },
    { what: `of it mapped files, ${when}`, ...megabytes(fileBytes) },
  ];
}

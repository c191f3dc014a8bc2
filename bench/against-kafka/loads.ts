import { existsSync } from 'node:fs';
import { systemClock } from '../../shared/base/clock.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { openNativeCodecs } from '../../shared/records/codecs-native.ts';
import { encodeRecordBatch } from '../../shared/records/record-batch.ts';
import { untilOver } from '../report.ts';
import { outputOf } from './child.ts';
import { Connection, checkProduced, produceFrame } from './connection.ts';
import { javaClassPath, python, type Server } from './servers.ts';

/** How much of everything. */
export type LoadSizes = {
  /** What a producer sends in a run. */
  megabytes: number;
  /** What a consumer reads in a run. */
  backlogMegabytes: number;
  /** How long callers and the steady rate last in a run. */
  seconds: number;
  /** Records a second of the steady rate. */
  rate: number;
};

/** What a run comes to. Every figure is better the larger it is, but for times (`ms`). */
export type LoadFigures = { [figure: string]: number };

/** Something that is done to one server after the other. */
export type Load = {
  name: string;
  what: string;
  partitions: number;
  /** Once a server, before the runs. The topic is kept for all of them. */
  prepare?(server: Server, topic: string, sizes: LoadSizes): Promise<void>;
  run(server: Server, topic: string, sizes: LoadSizes): Promise<LoadFigures>;
  /** What it needs and does not find; undefined: it can run. */
  misses?(): string | undefined;
};

const recordBytes = 1000;
const recordsIn = (megabytes: number): number => Math.ceil((megabytes * 1e6) / recordBytes);

export const loads: readonly Load[] = [
  javaProducer('java-16k', 1, 16),
  javaProducer('java-128k', 1, 128),
  javaProducer('java-16k-6', 6, 16),
  javaProducer('java-128k-6', 6, 128),
  {
    name: 'librdkafka',
    what: 'librdkafka producer, 1 partition',
    partitions: 1,
    misses: () => (existsSync(python) ? undefined : 'confluent-kafka for Python'),
    run: async ({ bootstrapServers }, topic, { megabytes }) => {
      const program = new URL('./producer.py', import.meta.url).pathname;
      const printed = await outputOf(python, [
        program,
        bootstrapServers,
        topic,
        String(recordsIn(megabytes)),
      ]);
      const { records, seconds } = JSON.parse(lastLine(printed)) as { records: number; seconds: number };
      return { 'MB/s': (records * recordBytes) / 1e6 / seconds };
    },
  },
  callers('callers-1', 1),
  callers('callers-64', 64),
  {
    name: 'consumer',
    what: 'Java consumer of a backlog',
    partitions: 1,
    prepare: (server, topic, { backlogMegabytes }) =>
      produceWithJava(server, topic, { megabytes: backlogMegabytes, batchKilobytes: 128 }).then(() => {}),
    run: consumeWithJava,
  },
  {
    name: 'latency',
    what: 'from due to consumed, at a steady rate',
    partitions: 1,
    run: async ({ bootstrapServers }, topic, { seconds, rate }) => {
      const args = [bootstrapServers, topic, String(rate), String(seconds), '2'];
      const printed = await outputOf('java', ['-cp', javaClassPath, 'Latency', ...args]);
      const { p50Ms, p99Ms } = JSON.parse(lastLine(printed)) as { p50Ms: number; p99Ms: number };
      return { 'p50 ms': p50Ms, 'p99 ms': p99Ms };
    },
  },
];

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

function javaProducer(name: string, partitions: number, batchKilobytes: number): Load {
  const where = partitions === 1 ? '1 partition' : `${partitions} partitions`;
  return {
    name,
    what: `Java producer, ${batchKilobytes} KB batches, ${where}`,
    partitions,
    run: async (server, topic, { megabytes }) => ({
      'MB/s': await produceWithJava(server, topic, { megabytes, batchKilobytes }),
    }),
  };
}

/** Kafka's ProducerPerformance: idempotent, acks=all, everything else as the client has it. */
async function produceWithJava(
  { bootstrapServers }: Server,
  topic: string,
  { megabytes, batchKilobytes }: { megabytes: number; batchKilobytes: number },
): Promise<number> {
  const props = [
    `bootstrap.servers=${bootstrapServers}`,
    'acks=all',
    'enable.idempotence=true',
    `batch.size=${batchKilobytes * 1024}`,
  ];
  const size = ['--num-records', String(recordsIn(megabytes)), '--record-size', String(recordBytes)];
  const args = ['--topic', topic, ...size, '--throughput', '-1', '--producer-props', ...props];
  const tool = 'org.apache.kafka.tools.ProducerPerformance';
  const printed = await outputOf('java', ['-cp', javaClassPath, tool, ...args]);
  const [, perSecond] = /(\d+(?:\.\d+)?) records\/sec/.exec(lastLine(printed)) ?? [];
  if (perSecond === undefined || /Exception/.test(printed))
    throw new Error(`the producer failed\n${printed}`);
  return (Number(perSecond) * recordBytes) / 1e6;
}

/** Kafka's ConsumerPerformance, in a group of its own; the time in which the group forms does not count. */
async function consumeWithJava(
  { bootstrapServers }: Server,
  topic: string,
  { backlogMegabytes }: LoadSizes,
): Promise<LoadFigures> {
  const records = recordsIn(backlogMegabytes);
  const args = ['--bootstrap-server', bootstrapServers, '--topic', topic, '--messages', String(records)];
  const options = ['--group', `bench-${systemClock.nowMs()}`, '--hide-header'];
  const tool = 'org.apache.kafka.tools.ConsumerPerformance';
  const printed = await outputOf('java', ['-cp', javaClassPath, tool, ...args, ...options]);
  // start, end, MiB, MiB/s, records, records/s, rebalance ms, fetch ms, MiB/s of fetch, records/s of fetch
  const fields = lastLine(printed)
    .split(',')
    .map((field) => field.trim());
  const [read, perSecond] = [Number(fields[4]), Number(fields[9])];
  if (!(read >= records)) throw new Error(`the consumer read ${read} of ${records} records\n${printed}`);
  return { 'MB/s': (perSecond * recordBytes) / 1e6 };
}

/** Callers with a connection each, who send one record and wait for its answer before they send the next. */
function callers(name: string, count: number): Load {
  return {
    name,
    what: count === 1 ? '1 caller, single records' : `${count} callers, single records`,
    partitions: 1,
    run: async ({ port }, topic, { seconds }) => {
      const frame = produceFrame(topic, await singleRecord());
      const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(port)));
      try {
        const { count: sent, ms } = await untilOver(count, seconds, async (caller) =>
          checkProduced(await (connections[caller] as Connection).exchange(frame)),
        );
        return { 'records/s': (sent / ms) * 1000 };
      } finally {
        for (const connection of connections) connection.close();
      }
    },
  };
}

async function singleRecord(): Promise<Uint8Array> {
  const timestamp = BigInt(systemClock.nowMs());
  const record = { timestamp, key: null, value: systemRandom.bytes(recordBytes), headers: [] };
  return encodeRecordBatch({ records: [record], compression: 'none' }, await openNativeCodecs());
}

/**
 * The picture that every introduction to Kafka draws: `npm run example:orders -- 127.0.0.1:9092`, best with
 * `npm start -- --brokers 3`.
 *
 * The topic `orders` has three partitions, each led by another broker. A consumer comes, and goes away. Then
 * messages are produced, keyed `hello` and `bye`. The consumer comes back: it gets every message, those of a
 * key from one partition and in the order they were sent. What is not so is named, and the exit code is 1.
 */
import { parseArgs } from 'node:util';
import { type EachMessagePayload, Kafka, logLevel, Partitioners } from 'kafkajs';

const usage = `npm run example:orders -- BOOTSTRAP [options]

  BOOTSTRAP      where Kafka clients begin, e.g. 127.0.0.1:9092
  --topic NAME   default orders; made with 3 partitions, and may not be there yet
  --count N      messages, default 200
  --json         one JSON report on standard output
`;

const keys = ['hello', 'bye'];
const patienceMs = 30_000;
type Seen = { readonly partition: number; readonly key: string; readonly value: string };

async function createTopic(kafka: Kafka, topic: string): Promise<Map<number, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const isNew = await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] });
    if (!isNew) throw new Error(`there is a topic ${topic} already: give another --topic`);
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    return new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader]));
  } finally {
    await admin.disconnect();
  }
}

async function produce(kafka: Kafka, topic: string, count: number): Promise<void> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  for (let number = 0; number < count; number++) {
    const key = keys[number % keys.length] ?? '';
    await producer.send({ topic, messages: [{ key, value: `${key} ${number}` }] });
  }
  await producer.disconnect();
}

/** One visit of the consumer: until it has `count` messages; with 0, until it begins to fetch. */
async function visit(kafka: Kafka, topic: string, count: number): Promise<Seen[]> {
  const consumer = kafka.consumer({ groupId: `${topic}-readers`, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const seen: Seen[] = [];
  const enough = new Promise<void>((resolve, reject) => {
    const patience = setTimeout(
      () => reject(new Error(`${seen.length} of ${count} messages came within ${patienceMs / 1000} s`)),
      patienceMs,
    );
    const done = (): void => {
      clearTimeout(patience);
      resolve();
    };
    consumer.on(consumer.events.FETCH_START, () => count === 0 && done());
    const eachMessage = async ({ partition, message }: EachMessagePayload): Promise<void> => {
      seen.push({ partition, key: String(message.key), value: String(message.value) });
      if (seen.length === count) done();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await enough.finally(() => consumer.disconnect());
  return seen;
}

function violationsOf(seen: readonly Seen[], count: number): string[] {
  return keys.flatMap((key, place) => {
    const ofKey = seen.filter((one) => one.key === key);
    const partitions = new Set(ofKey.map(({ partition }) => partition));
    const expected = Array.from({ length: count }, (_, number) => number)
      .filter((number) => number % keys.length === place)
      .map((number) => `${key} ${number}`);
    const values = ofKey.map(({ value }) => value);
    return [
      ...(partitions.size === 1 ? [] : [`${key} is in ${partitions.size} partitions`]),
      ...(values.join() === expected.join() ? [] : [`${key}: not every message came once and in order`]),
    ];
  });
}

async function run(bootstrap: string, topic: string, count: number) {
  const kafka = new Kafka({ clientId: 'orders', brokers: bootstrap.split(','), logLevel: logLevel.ERROR });
  const leaders = await createTopic(kafka, topic);
  await visit(kafka, topic, 0);
  await produce(kafka, topic, count);
  const seen = await visit(kafka, topic, count);
  const partitionOf = (key: string) => seen.find((one) => one.key === key)?.partition;
  return {
    topic,
    leaders: Object.fromEntries(leaders),
    partitions: Object.fromEntries(keys.map((key) => [key, partitionOf(key)])),
    messages: seen.length,
    violations: violationsOf(seen, count),
  };
}

function described(report: Awaited<ReturnType<typeof run>>): string {
  return [
    ...Object.entries(report.leaders).map(
      ([partition, leader]) => `${report.topic} partition ${partition} is led by broker ${leader}`,
    ),
    ...Object.entries(report.partitions).map(([key, partition]) => `${key} is in partition ${partition}`),
    ...(report.violations.length === 0
      ? [`The consumer that was away got all ${report.messages} messages, each key in order.`]
      : []),
    ...report.violations.map((violation) => `VIOLATION ${violation}`),
  ].join('\n');
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      topic: { type: 'string', default: 'orders' },
      count: { type: 'string', default: '200' },
      json: { type: 'boolean', default: false },
    },
  });
  const [bootstrap, ...others] = positionals;
  if (bootstrap === undefined || others.length > 0) throw new Error(`one address is wanted\n\n${usage}`);
  if (!/^[1-9]\d{0,5}$/.test(values.count)) throw new Error(`--count is a whole number, not ${values.count}`);
  const report = await run(bootstrap, values.topic, Number(values.count));
  process.stdout.write(`${values.json ? JSON.stringify(report) : described(report)}\n`);
  if (report.violations.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`orders: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1); // a client that fails may hold on to its connections
});

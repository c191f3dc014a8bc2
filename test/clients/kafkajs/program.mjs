// kafkajs, doing what README.md of the folder above says.
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import {
  acks,
  args,
  bootstrap,
  count,
  partition,
  pieces,
  print,
  records,
  task,
  untilStopped,
} from '../npm/arguments.mjs';

const load = createRequire(`${process.env.CLIENTS_NPM}/package.json`);
const kafkajs = load('kafkajs');
const { CompressionTypes, CompressionCodecs } = kafkajs;
const lz4 = load('lz4-napi');
CompressionCodecs[CompressionTypes.Snappy] = load('kafkajs-snappy');
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: ({ buffer }) => lz4.compressFrame(buffer),
  decompress: (buffer) => lz4.decompressFrame(buffer),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => {
  const zstd = load('@bokuweb/zstd-wasm');
  const ready = zstd.init();
  return {
    compress: async ({ buffer }) => ready.then(() => Buffer.from(zstd.compress(buffer))),
    decompress: async (buffer) => ready.then(() => Buffer.from(zstd.decompress(buffer))),
  };
};
const codecs = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

const toStandardError = () => (entry) => process.stderr.write(`${JSON.stringify(entry).slice(0, 600)}\n`);
const kafka = new kafkajs.Kafka({
  clientId: 'kafkajs-test',
  brokers: bootstrap.split(','),
  logLevel: kafkajs.logLevel.WARN,
  logCreator: toStandardError,
});

async function produce() {
  const isIdempotent = args.idempotent === 'true';
  const producer = kafka.producer({
    idempotent: isIdempotent,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    ...(isIdempotent ? { maxInFlightRequests: 1 } : {}),
  });
  await producer.connect();
  const messages = records().map(({ key, value, headers, timeMs }) => ({
    key,
    value,
    headers: asObject(headers),
    ...(timeMs === undefined ? {} : { timestamp: String(timeMs) }),
    ...(partition < 0 ? {} : { partition }),
  }));
  for await (const piece of pieces(messages))
    await producer.send({
      topic: args.topic,
      acks,
      compression: codecs[args.codec],
      messages: piece,
    });
  await producer.disconnect();
  print({ sent: [] });
}

/** Headers of one name become a list, in kafkajs's way. */
function asObject(headers) {
  const object = {};
  for (const [name, value] of headers) object[name] = [...(object[name] ?? []), value];
  return object;
}

const asPairs = (headers) =>
  Object.entries(headers ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, one.toString()]),
  );

async function consume() {
  const consumer = kafka.consumer({
    groupId: args.group || `alone-${process.pid}`,
    sessionTimeout: 6_000,
    heartbeatInterval: 1_000,
    // Only when these are used up does it look for another broker.
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 },
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
    print({ assigned: payload.memberAssignment[args.topic] ?? [] }),
  );
  await consumer.connect();
  await consumer.subscribe({ topic: args.topic, fromBeginning: true });
  let seen = 0;
  await untilStopped(
    new Promise((enough) => {
      const eachMessage = async (message) => {
        if (
          partition >= 0 &&
          (message.partition !== partition || BigInt(message.message.offset) < BigInt(args.offset))
        )
          return;
        if (count > 0 && seen >= count) return;
        print({ record: shown(message) });
        if (args.group)
          await consumer.commitOffsets([
            {
              topic: args.topic,
              partition: message.partition,
              offset: String(BigInt(message.message.offset) + 1n),
            },
          ]);
        if (++seen === count) enough();
      };
      consumer.run({ autoCommit: false, eachMessage });
      if (partition >= 0) consumer.seek({ topic: args.topic, partition, offset: args.offset });
    }),
  );
  await consumer.disconnect();
  print({ closed: true });
}

function shown({ partition: place, message: { offset, key, value, headers, timestamp } }) {
  return {
    partition: place,
    offset: Number(offset),
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    headers: asPairs(headers),
    time: Number(timestamp),
  };
}

async function offsetForTime(admin) {
  const offsets = await admin.fetchTopicOffsetsByTimestamp(args.topic, Number(args.time));
  print({ offset: Number(offsets.find((one) => one.partition === partition).offset) });
}

const pause = promisify(setTimeout);
async function administrate(admin) {
  const { topic } = args;
  const configEntries = [{ name: 'retention.ms', value: '3600000' }];
  await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1, configEntries }] });
  const partitionsNow = async () =>
    (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length;
  print({ created: await partitionsNow() });
  print({ listed: (await admin.listTopics()).includes(topic) });
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }];
  const described = await admin.describeConfigs({ resources, includeSynonyms: false });
  print({ config: described.resources[0].configEntries[0].configValue });
  await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
  print({ grown: await partitionsNow() });
  await admin.deleteTopics({ topics: [topic] });
  for (let tries = 0; (await admin.listTopics()).includes(topic) && tries < 50; tries++) await pause(100);
  print({ deleted: !(await admin.listTopics()).includes(topic) });
}

async function withAdmin(work) {
  const admin = kafka.admin();
  await admin.connect();
  await work(admin);
  await admin.disconnect();
}

const tasks = {
  produce,
  consume,
  'offset-for-time': () => withAdmin(offsetForTime),
  admin: () => withAdmin(administrate),
};
await tasks[task]();
process.stdout.write('', () => process.exit(0)); // a pipe may hold lines still

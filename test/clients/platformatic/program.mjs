// @platformatic/kafka, doing what README.md of the folder above says.
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
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
const { Admin, Consumer, Producer } = load('@platformatic/kafka');

const connection = { clientId: 'platformatic-test', bootstrapBrokers: bootstrap.split(',') };
const { topic } = args;
const bytes = (text) => (text === null ? null : Buffer.from(text));
const text = (data) => data?.toString() ?? null;

async function produce() {
  const producer = new Producer({ ...connection, idempotent: args.idempotent === 'true' });
  const messages = records().map(({ key, value, headers, timeMs }) => ({
    topic,
    ...(key === null ? {} : { key: bytes(key) }),
    ...(value === null ? {} : { value: bytes(value) }),
    headers: new Map(headers.map(([name, data]) => [Buffer.from(name), Buffer.from(data)])),
    ...(timeMs === undefined ? {} : { timestamp: BigInt(timeMs) }),
    ...(partition < 0 ? {} : { partition }),
  }));
  for await (const piece of pieces(messages))
    await producer.send({ acks, compression: args.codec, messages: piece });
  await producer.close();
  print({ sent: [] });
}

function openConsumer() {
  const group =
    args.assignor === 'consumer'
      ? { groupProtocol: 'consumer' }
      : { sessionTimeout: 6_000, heartbeatInterval: 1_000 };
  return new Consumer({
    ...connection,
    groupId: args.group || `alone-${process.pid}`,
    autocommit: false,
    maxWaitTime: 200,
    ...group,
  });
}

async function consume() {
  const consumer = openConsumer();
  let shownBefore = '';
  const showAssigned = () => {
    const ofTopic = consumer.assignments?.find((one) => one.topic === topic);
    const assigned = [...(ofTopic?.partitions ?? [])].sort();
    if (JSON.stringify(assigned) !== shownBefore) print({ assigned });
    shownBefore = JSON.stringify(assigned);
  };
  const [start, offsets] =
    partition >= 0
      ? ['manual', [{ topic, partition, offset: BigInt(args.offset) }]]
      : [args.group ? 'committed' : 'earliest', undefined];
  const stream = await consumer.consume({
    topics: [topic],
    mode: start,
    fallbackMode: 'earliest',
    ...(offsets ? { offsets } : {}),
  });
  const watching = setInterval(showAssigned, 20);
  let seen = 0;
  const reading = async () => {
    for await (const message of stream) {
      showAssigned();
      print({ record: shown(message) });
      if (args.group) await message.commit();
      if (++seen === count) return;
    }
  };
  await untilStopped(reading());
  clearInterval(watching);
  await consumer.close(true);
  print({ closed: true });
}

function shown({ partition: place, offset, key, value, headerEntries, timestamp }) {
  return {
    partition: place,
    offset: Number(offset),
    key: text(key),
    value: text(value),
    headers: headerEntries.map(([name, data]) => [text(name), text(data)]),
    time: Number(timestamp),
  };
}

async function offsetForTime() {
  const consumer = openConsumer();
  const partitions = { [topic]: [partition] };
  const offsets = await consumer.listOffsets({ topics: [topic], partitions, timestamp: BigInt(args.time) });
  print({ offset: Number(offsets.get(topic)[partition] ?? offsets.get(topic)[0]) });
  await consumer.close(true);
}

async function administrate() {
  const admin = new Admin(connection);
  const configs = [{ name: 'retention.ms', value: '3600000' }];
  await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1, configs });
  const partitionsNow = async () => {
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    return metadata.topics.get(topic).partitionsCount;
  };
  const has = async () => (await admin.listTopics()).includes(topic);
  print({ created: await partitionsNow() });
  print({ listed: await has() });
  const resources = [{ resourceType: 2, resourceName: topic, configurationKeys: ['retention.ms'] }];
  const [described] = await admin.describeConfigs({ resources });
  print({ config: described.configs[0].value });
  await admin.createPartitions({
    topics: [{ name: topic, count: 5, assignments: null }],
    validateOnly: false,
  });
  print({ grown: await partitionsNow() });
  await admin.deleteTopics({ topics: [topic] });
  for (let tries = 0; tries < 100 && (await has()); tries++) await pause(100);
  print({ deleted: !(await has()) });
  await admin.close();
}

await { produce, consume, 'offset-for-time': offsetForTime, admin: administrate }[task]();
process.stdout.write('', () => process.exit(0)); // a pipe may hold lines still

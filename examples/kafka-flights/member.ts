/**
 * One member of the group that reads the flights: `member.ts BOOTSTRAP TOPIC GROUP`. A process of its own.
 * Prints, into a file, a line of JSON for what it is given, for what it gives back and for each flight, with
 * the time in microseconds that all processes of a machine share. SIGTERM ends it in peace.
 */
import { writeSync } from 'node:fs';
import { Kafka, logLevel } from 'kafkajs';
import type { Told } from './judge.ts';

const [bootstrap = '', topic = '', groupId = ''] = process.argv.slice(2);
const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);
/** Into a file, so before anything else happens: a process that is killed has told all that it did. */
const tell = (told: Told): void => void writeSync(1, `${JSON.stringify(told)}\n`);

const kafka = new Kafka({ clientId: 'flights', brokers: bootstrap.split(','), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 6_000,
  heartbeatInterval: 500,
  maxBytesPerPartition: 16_384, // small batches, so that a member is killed in the middle of its work
});
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
  tell({ took: payload.memberAssignment[topic] ?? [], atUs: nowUs() }),
);
consumer.on(consumer.events.REBALANCING, () => tell({ gaveAll: true, atUs: nowUs() }));

consumer.on(consumer.events.CRASH, ({ payload }) => {
  process.stderr.write(`a member crashed: ${payload.error.message}\n`);
  if (!payload.restart) process.exit(1);
});

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachBatchAutoResolve: false,
  autoCommitThreshold: 50,
  eachBatch: async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary, isRunning, isStale }) => {
    for (const { key, value, offset } of batch.messages) {
      if (!isRunning() || isStale()) return;
      const { number } = JSON.parse(String(value)) as { number: number };
      const { partition } = batch;
      tell({ flight: number, airport: String(key), partition, offset: Number(offset), atUs: nowUs() });
      resolveOffset(offset);
      await commitOffsetsIfNecessary();
    }
    await commitOffsetsIfNecessary();
    await heartbeat();
  },
});
process.once('SIGTERM', () => {
  consumer.disconnect().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});

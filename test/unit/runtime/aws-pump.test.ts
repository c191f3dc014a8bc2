import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import type { Topic } from '../../../shared/catalog/topic-cache.ts';
import { Topics } from '../../../shared/catalog/topics.ts';
import { openPartitionLogs } from '../../../shared/log/partition-logs.ts';
import { loadGroups } from '../../../shared/runtime/aws-groups.ts';
import { runJob } from '../../../shared/runtime/aws-jobs.ts';
import { type Pump, pumpHourly, pumpStream } from '../../../shared/runtime/aws-pump.ts';
import type { AwsRuntime } from '../../../shared/runtime/aws-runtime.ts';
import { isSegmentFull, newPagesOf, type StreamRecord } from '../../../shared/runtime/aws-stream-pages.ts';
import {
  type JobEvent,
  type JobName,
  readJobEvent,
  writeJobEvent,
} from '../../../shared/runtime/job-events.ts';
import type { Attribute, Item } from '../../../shared/storage/item.ts';
import {
  type ConsumerInstance,
  consumerInstanceKey,
  noMembership,
  writeConsumerInstance,
} from '../../../shared/storage/items/consumer-instance.ts';
import { pageRange } from '../../../shared/storage/items/page.ts';
import { segmentRange } from '../../../shared/storage/items/segment.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { queryAll } from '../../../shared/storage/metadata-store.ts';
import { batchOf, plainCodecs } from '../../support/log-engine.ts';

const hourMs = 3_600_000;
const idleInstance: Omit<ConsumerInstance, 'untilMs'> = {
  ...{ groupId: 'old', instanceId: 'idle', nonce: '01HF7YAT31JZHSMW1CG6VCC7Q3', version: 1n, writeId: '' },
  settings: {
    ...{ format: 'binary', autoOffsetReset: 'latest', autoCommit: true },
    ...{ requestTimeoutMs: 1000, fetchMinBytes: -1 },
  },
  selection: { by: 'nothing' },
  membership: noMembership,
  partitions: [],
};
type Started = { job: JobName; event: JobEvent };

/** The AWS runtime on stores in memory, and a pump that notes what it starts. */
function openPump() {
  const clock = new ManualClock(Date.UTC(2026, 10, 24, 12));
  const random = seededRandom(3);
  const stores = openMemoryStores({ clock, random });
  const world = { stores, clock, random, log: silentLog };
  const topics = new Topics({ ...world, settings: { defaultPartitions: 1, cacheMs: 0 } });
  const runtime: AwsRuntime = {
    ...world,
    settings: { tableName: 'table', bucketName: 'bucket', recoveryDays: 7, corsOrigins: [] },
    codecs: plainCodecs,
    logs: openPartitionLogs({ ...world, codecs: plainCodecs }),
    topics,
  };
  const started: Started[] = [];
  const lines: string[] = [];
  const pump: Pump = {
    runtime,
    start: async (job, event) =>
      void started.push({ job, event: readJobEvent(JSON.parse(writeJobEvent(event))) }),
    write: (line) => lines.push(line),
  };
  return { clock, stores, runtime, pump, started, lines };
}

/** Enough small batches for `pages` whole pages. */
async function fill({ logs, clock }: AwsRuntime, topic: Topic, partition: number, pages = 1): Promise<void> {
  for (let batch = 0; batch < pages * 16; batch++) {
    const bytes = batchOf(['x'.repeat(300)], clock.nowMs());
    await logs.append([
      { partition: { topicId: topic.topicId, partition }, config: topic.logConfig, batch: bytes },
    ]);
  }
  await logs.drain();
}

const asStreamAttribute = (value: Attribute) =>
  typeof value === 'string' ? { S: value } : typeof value === 'bigint' ? { N: value.toString() } : {};

/** The stream's record of an item that was put. */
const inserted = (key: { pk: string; sk: string }, item: Item): StreamRecord => ({
  eventName: 'INSERT',
  dynamodb: {
    NewImage: Object.fromEntries(
      Object.entries({ ...item, ...key }).map(([name, value]) => [name, asStreamAttribute(value)]),
    ),
  },
});

async function pageRecords({ stores }: AwsRuntime, topic: Topic, partition = 0): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  const range = pageRange({ topicId: topic.topicId, partition });
  for await (const { key, item } of queryAll(stores.metadata, range)) records.push(inserted(key, item));
  return records;
}

const runsOf = (started: readonly Started[], job: JobName): string[] =>
  started
    .filter((one) => one.job === job)
    .flatMap(({ event }) => event.runs.map(({ topic, first, beyond }) => `${topic} ${first}..${beyond}`));

const timeLeft = { getRemainingTimeInMillis: () => 900_000 };

describe('new pages from the stream', () => {
  const page = (bytesBefore: bigint, bytes: bigint) => ({
    partition: { topicId: 't', partition: 0 },
    bytesBefore,
    bytesWith: bytesBefore + bytes,
  });

  test.each([
    [0n, 99n, false],
    [0n, 100n, true],
    [99n, 1n, true],
    [100n, 99n, false],
    [150n, 300n, true],
  ])('%d bytes and then %d more: a segment of 100 bytes is full: %s', (before, bytes, isFull) => {
    expect(isSegmentFull(page(before, bytes), 100)).toBe(isFull);
  });

  test('a roll is started when a segment is full, once for a partition, and not before', async () => {
    const { runtime, pump, started } = openPump();
    const small = await runtime.topics.create({ name: 'small', configs: { 'segment.bytes': '10000' } });
    const large = await runtime.topics.create({ name: 'large' });
    for (const topic of [small, large]) await fill(runtime, topic, 0, 4);
    const records = [...(await pageRecords(runtime, small)), ...(await pageRecords(runtime, large))];
    expect(records.length).toBeGreaterThanOrEqual(8);
    await pumpStream(pump, records.slice(0, 1));
    expect(started).toEqual([]);
    await pumpStream(pump, records);
    expect(started.map(({ job }) => job)).toEqual(['roll']);
    expect(runsOf(started, 'roll')).toEqual(['small 0..1']);
  });

  test('a start that fails fails the batch, so that the stream sends it again', async () => {
    const { runtime, pump } = openPump();
    const topic = await runtime.topics.create({ name: 'small', configs: { 'segment.bytes': '14' } });
    await fill(runtime, topic, 0);
    const failing = { ...pump, start: () => Promise.reject(new Error('throttled')) };
    await expect(pumpStream(failing, await pageRecords(runtime, topic))).rejects.toThrow('throttled');
  });

  test('records that are no new pages, and pages of topics that are gone, start nothing', async () => {
    const { runtime, pump, started } = openPump();
    const topic = await runtime.topics.create({ name: 'small', configs: { 'segment.bytes': '14' } });
    await fill(runtime, topic, 0);
    const [record] = await pageRecords(runtime, topic);
    const image = record?.dynamodb?.NewImage ?? {};
    const others: StreamRecord[] = [
      { ...record, eventName: 'MODIFY' },
      { eventName: 'INSERT', dynamodb: { NewImage: { ...image, t: { S: 's' } } } },
      { eventName: 'INSERT', dynamodb: { NewImage: { ...image, pk: { S: 'nonsense' } } } },
      { eventName: 'REMOVE', dynamodb: {} },
      {},
    ];
    expect(newPagesOf(others)).toEqual([]);
    await runtime.topics.delete('small');
    await pumpStream(pump, [...others, record as StreamRecord]);
    expect(started).toEqual([]);
  });
});

describe('the hourly rule', () => {
  test('an idle cluster starts nothing but the daily sweep', async () => {
    const { runtime, pump, started, clock } = openPump();
    await runtime.topics.create({ name: 'idle', partitions: 3 });
    for (let hour = 0; hour < 24; hour++) {
      await pumpHourly(pump);
      clock.advance(hourMs);
    }
    expect(started.map(({ job }) => job).every((job) => job === 'sweep')).toBe(true);
    const swept = started.flatMap(({ event }) => event.runs.flatMap(({ first, beyond }) => beyond - first));
    expect(swept.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(started.filter(({ event }) => event.leftovers)).toHaveLength(1);
  });

  test('starts a roll when the oldest page is older than segment.ms, for just those partitions', async () => {
    const { runtime, pump, started, clock } = openPump();
    const topic = await runtime.topics.create({ name: 'slow', partitions: 4 });
    for (const partition of [0, 1, 3]) await fill(runtime, topic, partition);
    await pumpHourly(pump);
    expect(runsOf(started, 'roll')).toEqual([]);
    clock.advance(2 * hourMs);
    await pumpHourly(pump);
    expect(runsOf(started, 'roll')).toEqual(['slow 0..2', 'slow 3..4']);
  });

  test('starts the roll of a full segment whose event was lost', async () => {
    const { runtime, pump, started } = openPump();
    const topic = await runtime.topics.create({ name: 'lost', configs: { 'segment.bytes': '1000' } });
    await fill(runtime, topic, 0);
    await pumpHourly(pump);
    expect(runsOf(started, 'roll')).toEqual(['lost 0..1']);
  });

  test('what it starts is done by the jobs, and then nothing is left to start', async () => {
    const { runtime, pump, started, clock, stores } = openPump();
    const topic = await runtime.topics.create({
      name: 'orders',
      configs: { 'segment.bytes': '5000', 'retention.ms': String(4 * hourMs) },
    });
    await fill(runtime, topic, 0, 3);
    await pumpHourly(pump);
    for (const { job, event } of started.splice(0)) {
      expect(await runJob(runtime, job, event, timeLeft)).toMatchObject({ skipped: 0, left: 0 });
    }
    const partition = { topicId: topic.topicId, partition: 0 };
    const segments = async () => (await stores.metadata.query(segmentRange(partition))).items.length;
    expect(await segments()).toBeGreaterThan(1);
    clock.advance(5 * hourMs);
    for (let hour = 0; hour < 2; hour++) {
      await pumpHourly(pump);
      for (const { job, event } of started.splice(0)) await runJob(runtime, job, event, timeLeft);
      clock.advance(hourMs);
    }
    expect(await segments()).toBe(0);
    const { logStartOffset, highWatermark } = await runtime.logs.offsets(partition);
    expect(logStartOffset).toBe(highWatermark);
  });

  test('a topic that was deleted is swept in the same hour, its data with it', async () => {
    const { runtime, pump, started, clock, stores } = openPump();
    const topic = await runtime.topics.create({ name: 'gone' });
    await fill(runtime, topic, 0);
    await runtime.topics.delete('gone');
    await pumpHourly(pump);
    const sweep = started.find(({ event }) => event.leftovers) as Started;
    expect(sweep).toMatchObject({ job: 'sweep', event: { runs: [], leftovers: true } });
    await runJob(runtime, 'sweep', sweep.event, timeLeft);
    const { items } = await stores.metadata.query(pageRange({ topicId: topic.topicId, partition: 0 }));
    expect(items).toEqual([]);
    expect(clock.nowMs()).toBeGreaterThan(0);
  });

  test('what ran out of groups and of HTTP consumers goes once a day', async () => {
    const { runtime, clock, stores } = openPump();
    const { offsets, coordinator } = await loadGroups(runtime);
    await runtime.topics.create({ name: 'orders' });
    await offsets.commit({
      ...{ groupId: 'old', generationId: -1, memberId: '', groupInstanceId: null, knowsMemberEpochs: true },
      offsets: [{ topic: 'orders', partition: 0, offset: 1n, leaderEpoch: -1, metadata: null }],
    });
    const item = writeConsumerInstance({ ...idleInstance, untilMs: clock.nowMs() });
    await stores.metadata.put(consumerInstanceKey('old', 'idle'), item);
    const left = async (): Promise<unknown[]> => [
      (await coordinator.listGroups()).groups.length,
      (await stores.metadata.get(consumerInstanceKey('old', 'idle'))) !== undefined,
    ];
    clock.advance(8 * 24 * hourMs); // 12:00 UTC, as when it began
    for (let hour = 12; hour < 26; hour++) {
      await runJob(runtime, 'sweep', { runs: [], leftovers: true }, timeLeft);
      clock.advance(hourMs);
    }
    expect(await left()).toEqual([1, true]);
    clock.advance(hourMs);
    await runJob(runtime, 'sweep', { runs: [], leftovers: true }, timeLeft);
    expect(await left()).toEqual([0, false]);
  });

  test('reports the oldest page that should have been rolled, and nothing while all is well', async () => {
    const { runtime, pump, lines, clock } = openPump();
    const topic = await runtime.topics.create({ name: 'stuck' });
    await fill(runtime, topic, 0);
    clock.advance(hourMs);
    await pumpHourly(pump);
    expect(lines).toEqual([]);
    clock.advance(6 * hourMs);
    await pumpHourly(pump);
    const metric = JSON.parse(lines[0] ?? '{}');
    expect(metric).toMatchObject({ level: 'WARN', Table: 'table', OldestUnrolledPageAge: 6 * hourMs });
    expect(metric._aws.CloudWatchMetrics[0]).toEqual({
      Namespace: 'Millrace',
      Dimensions: [['Table']],
      Metrics: [{ Name: 'OldestUnrolledPageAge', Unit: 'Milliseconds' }],
    });
  });

  test('many partitions are cut into events of a bounded size', async () => {
    const { runtime, pump, started, clock } = openPump();
    const topic = await runtime.topics.create({ name: 'wide', partitions: 25 });
    for (let partition = 0; partition < 25; partition++) await fill(runtime, topic, partition);
    clock.advance(2 * hourMs);
    await pumpHourly(pump);
    expect(runsOf(started, 'roll')).toEqual(['wide 0..10', 'wide 10..20', 'wide 20..25']);
  });
});

describe('jobs', () => {
  const eventFor = (topic: Topic): JobEvent => ({
    runs: [{ topic: topic.name, topicId: topic.topicId, first: 0, beyond: topic.partitions }],
  });

  test('leave a partition alone that another process has, and topics that are others by now', async () => {
    const { runtime } = openPump();
    const topic = await runtime.topics.create({ name: 'busy', configs: { 'segment.bytes': '100' } });
    await fill(runtime, topic, 0);
    let inner: unknown;
    const slow: AwsRuntime = {
      ...runtime,
      stores: runtime.stores,
      logs: Object.create(runtime.logs, {
        context: {
          value: {
            ...runtime.logs.context,
            stores: {
              ...runtime.stores,
              objects: Object.assign(Object.create(runtime.stores.objects), {
                put: async (key: string, bytes: Uint8Array) => {
                  inner ??= await runJob(runtime, 'roll', eventFor(topic), timeLeft);
                  await runtime.stores.objects.put(key, bytes);
                },
              }),
            },
          },
        },
      }),
    };
    expect(await runJob(slow, 'roll', eventFor(topic), timeLeft)).toEqual({ done: 1, skipped: 0, left: 0 });
    expect(inner).toEqual({ done: 0, skipped: 1, left: 0 });
    const other = { runs: [{ topic: 'busy', topicId: 'another', first: 0, beyond: 1 }] };
    expect(await runJob(runtime, 'roll', other, timeLeft)).toEqual({ done: 0, skipped: 1, left: 0 });
  });

  test('begin nothing when the time of the function is nearly over', async () => {
    const { runtime } = openPump();
    const topic = await runtime.topics.create({ name: 'late', partitions: 3 });
    const nearlyOver = { getRemainingTimeInMillis: () => 1_000 };
    expect(await runJob(runtime, 'retain', eventFor(topic), nearlyOver)).toEqual({
      done: 0,
      skipped: 0,
      left: 3,
    });
  });

  test('go through the others when one fails, and fail in the end, so that they are started again', async () => {
    const { runtime, stores } = openPump();
    const topic = await runtime.topics.create({ name: 'mixed', partitions: 3 });
    const { metadata } = stores;
    const get = metadata.get.bind(metadata);
    let heads = 0;
    metadata.get = async (key, options) => {
      if (key.sk === 'head') heads++;
      if (key.pk.endsWith('#1') && key.sk === 'head') throw new Error('damaged');
      return get(key, options);
    };
    const job = runJob(runtime, 'retain', eventFor(topic), timeLeft);
    await expect(job).rejects.toThrow('retain failed for 1 of its partitions: mixed-1');
    expect(heads).toBe(3);
  });

  test.each([{}, null, { format: 2, runs: [] }, { format: 1, runs: [{ topic: 1 }] }])(
    'an event like %j is refused with a word on what to do',
    (event) => expect(() => readJobEvent(event)).toThrow(/for pump to send/),
  );
});

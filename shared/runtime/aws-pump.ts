import { forEachAtMost } from '../base/concurrency.ts';
import { logConfigOf } from '../catalog/topic-configs.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import { deletedTopicRange } from '../storage/items/deleted-topic.ts';
import { type Page, pageRange, readPage } from '../storage/items/page.ts';
import { type PartitionHead, partitionHeadKey, readPartitionHead } from '../storage/items/partition-head.ts';
import { readTopic, topicRange } from '../storage/items/topic.ts';
import { queryAll } from '../storage/metadata-store.ts';
import { metricLine } from './aws-log.ts';
import type { AwsRuntime } from './aws-runtime.ts';
import { isSegmentFull, newPagesOf, type StreamRecord } from './aws-stream-pages.ts';
import { intoEvents, type JobEvent, type JobName } from './job-events.ts';
import { oldestUnrolledPage } from './settings.ts';

export type Pump = {
  readonly runtime: AwsRuntime;
  readonly start: (job: JobName, event: JobEvent) => Promise<void>;
  readonly write: (line: string) => void;
};

/** So many partitions one invocation gets. A roll reads and writes megabytes, the others mostly look. */
const partitionsMax: Readonly<Record<JobName, number>> = { roll: 10, retain: 200, sweep: 200 };
const atOnce = 16;
const hourMs = 3_600_000;
/** The hour (UTC) in which what belongs to no partition is swept. */
const leftoversHour = 3;

/** New pages: a roll for each partition whose segment may be full now. */
export async function pumpStream({ runtime, start }: Pump, records: readonly StreamRecord[]): Promise<void> {
  const due = new Map<string, { topic: string; topicId: string; partition: number }>();
  for (const page of newPagesOf(records)) {
    const { topicId, partition } = page.partition;
    const topic = await runtime.topics.findById(topicId);
    if (topic && isSegmentFull(page, segmentBytesOf(runtime, topic.logConfig))) {
      due.set(`${topicId}#${partition}`, { topic: topic.name, topicId, partition });
    }
  }
  // Each alone: they are worth a function each, and one that fails is started again alone.
  await forEachAtMost(atOnce, intoEvents([...due.values()], 1), (event) => start('roll', event));
}

type Candidate = { topic: string; topicId: string; partition: number; config: LogConfig };

/** Once an hour: what lost events did not start, and what only time makes due. */
export async function pumpHourly(pump: Pump): Promise<void> {
  const { runtime, start } = pump;
  const { candidates, isDeleting } = await partitionsToLookAt(runtime);
  const due: Record<JobName, Candidate[]> = { roll: [], retain: [], sweep: [] };
  const ages: number[] = [];
  const heads = await headsOf(runtime, candidates);
  await forEachAtMost(atOnce, candidates.entries(), async ([place, candidate]) => {
    const head = heads[place];
    if (isHourOf(candidate, runtime.clock.nowMs())) due.sweep.push(candidate);
    if (!head) return;
    if (mayLetGo(head, candidate.config)) due.retain.push(candidate);
    const page = head.paged > 0n ? await firstPage(runtime, candidate) : undefined;
    if (isRollDue(runtime, head, page, candidate.config)) due.roll.push(candidate);
    if (page && page.baseOffset >= head.rolled) ages.push(overdueMs(runtime, page, candidate.config));
  });
  reportOldest(pump, ages);
  for (const job of ['roll', 'retain', 'sweep'] as const) {
    const events = intoEvents(due[job].sort(byPlace), partitionsMax[job]);
    await forEachAtMost(atOnce, events, (event) => start(job, event));
  }
  const isLeftoversHour = new Date(runtime.clock.nowMs()).getUTCHours() === leftoversHour;
  if (isDeleting || isLeftoversHour) await start('sweep', { runs: [], leftovers: true });
}

/** All partitions of live topics, and whether topics are being deleted or have left data. */
async function partitionsToLookAt({
  stores,
}: AwsRuntime): Promise<{ candidates: Candidate[]; isDeleting: boolean }> {
  const candidates: Candidate[] = [];
  const deleted = await stores.metadata.query({ ...deletedTopicRange, limit: 1, consistent: false });
  let isDeleting = deleted.items.length > 0;
  for await (const { item } of queryAll(stores.metadata, { ...topicRange, consistent: false })) {
    const { name, topicId, partitions, configs, state } = readTopic(item);
    if (state === 'deleting') isDeleting = true;
    if (state !== 'live') continue;
    const config = logConfigOf(configs);
    for (let partition = 0; partition < partitions; partition++) {
      candidates.push({ topic: name, topicId, partition, config });
    }
  }
  return { candidates, isDeleting };
}

/** They are hints, so they may be a little old: the jobs themselves read what counts. */
async function headsOf(
  { stores }: AwsRuntime,
  candidates: readonly Candidate[],
): Promise<(PartitionHead | undefined)[]> {
  const items = await stores.metadata.getMany(candidates.map(partitionHeadKey), { consistent: false });
  return items.map((item) => (item === undefined ? undefined : readPartitionHead(item)));
}

async function firstPage({ stores }: AwsRuntime, partition: Candidate): Promise<Page | undefined> {
  const { items } = await stores.metadata.query({ ...pageRange(partition), limit: 1, consistent: false });
  return items[0] && readPage(items[0].item);
}

/** A segment is full or old, or an earlier roller left something. */
function isRollDue(
  runtime: AwsRuntime,
  head: PartitionHead,
  page: Page | undefined,
  config: LogConfig,
): boolean {
  if (head.newSeg) return true;
  if (!page) return false;
  if (page.baseOffset < head.rolled) return true;
  const isFull = head.pagedBytes - page.bytesBefore >= BigInt(segmentBytesOf(runtime, config));
  return isFull || overdueMs(runtime, page, config) >= 0;
}

/** By how much a page is older than `segment.ms`; negative when it is not. */
const overdueMs = ({ clock }: AwsRuntime, page: Page, config: LogConfig): number =>
  Number(BigInt(clock.nowMs()) - page.pagedOutMs - config.segmentMs);

const segmentBytesOf = ({ logs }: AwsRuntime, { segmentBytes }: LogConfig): number =>
  Math.min(segmentBytes, logs.context.settings.segmentBytesMax);

/** Retention has something to look at: records, and a limit that could let them go. */
function mayLetGo({ start, next }: PartitionHead, config: LogConfig): boolean {
  const isLimited =
    config.cleanupPolicy.includes('delete') && (config.retentionMs >= 0n || config.retentionBytes >= 0n);
  return start < next && (isLimited || start > 0n);
}

/** Every partition is swept once a day, each in an hour of its own: a sweep lists, and lists have a price. */
function isHourOf({ topicId, partition }: Candidate, nowMs: number): boolean {
  let hash = partition;
  for (const character of topicId) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return hash % 24 === new Date(nowMs).getUTCHours();
}

/** A page is worth a metric when it should have been rolled by the hour before. */
function reportOldest({ runtime, write }: Pump, ages: readonly number[]): void {
  const oldest = ages.reduce((most, age) => Math.max(most, age), 0);
  if (oldest <= hourMs) return;
  const { namespace, name, dimension } = oldestUnrolledPage;
  const dimensions = { [dimension]: runtime.settings.tableName };
  write(metricLine(runtime.clock, { namespace, name, unit: 'Milliseconds', dimensions, value: oldest }));
}

const byPlace = (a: Candidate, b: Candidate): number =>
  a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition;

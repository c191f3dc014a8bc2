import { integerBelow, type Random } from '../../shared/base/random.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import { defaultLogSettings, type LogSettings } from '../../shared/log/log-context.ts';
import type { Unkindness } from '../../shared/storage/memory/unkindness.ts';
import type { StagingThresholds } from '../../shared/storage/staging.ts';
import { drawChances, drawUnkindness, type FaultChances } from './faults.ts';
import { type Theme, themes } from './focus.ts';
import { happens, oneOf, spread } from './scheduler.ts';

/**
 * Everything that a run draws from its seed before it begins: who does what, how fast, and what goes wrong.
 */
export type Plan = {
  readonly theme: Theme;
  /** How long clients think between two requests, about: everything else is measured in it. */
  readonly tempoMs: number;
  readonly brokers: number;
  readonly skewMsMax: number;
  readonly topics: readonly TopicPlan[];
  readonly producers: readonly ProducerPlan[];
  readonly readers: number;
  readonly readsEach: number;
  readonly jobs: readonly JobPlan[];
  /** How long jobs go on when the last client has finished. */
  readonly tailMs: number;
  readonly settings: LogSettings;
  /** Another version of the code, with other pages, runs beside this one in some processes. */
  readonly otherPageEntries: number;
  readonly thresholds: StagingThresholds;
  readonly unkindness: Unkindness;
  readonly chances: FaultChances;
};

export type TopicPlan = {
  readonly name: string;
  readonly partitions: number;
  readonly config: LogConfig;
  /** It is deleted, made again and given more partitions while others use it. */
  readonly isRestless: boolean;
};

export type ProducerPlan = {
  readonly kind: 'plain' | 'idempotent';
  readonly id: number;
  readonly batches: number;
  /** Batches under way at once. */
  readonly window: number;
  readonly recordsMax: number;
  readonly padding: number;
  /** Chance that an old batch is sent again, much later. */
  readonly zombies: number;
};

export type JobName = 'roll' | 'retain' | 'sweep';
export type JobPlan = { readonly job: JobName; readonly everyMs: number };

const minuteMs = 60_000;
const dayMs = 86_400_000;
const monthMs = 30 * dayMs;

export function drawPlan(random: Random): Plan {
  const theme = oneOf(random, themes);
  const tempoMs = spread(random, 100, 30 * minuteMs);
  const isRestless = theme === 'topics' || (theme === 'everything' && happens(random, 0.25));
  const config = drawConfig(random, tempoMs, theme);
  const partitions = theme === 'producers' ? 1 : 1 + integerBelow(random, 2);
  return {
    theme,
    tempoMs,
    brokers: 1 + integerBelow(random, 4),
    skewMsMax: happens(random, 0.3) ? 500 : 0,
    topics: [{ name: 'orders', partitions, config, isRestless }],
    producers: drawProducers(random, theme),
    readers: 1 + integerBelow(random, theme === 'producers' ? 2 : 4),
    readsEach: 5 + integerBelow(random, 25),
    jobs: drawJobs(random, tempoMs),
    tailMs: spread(random, tempoMs, 200 * tempoMs),
    settings: drawSettings(random, tempoMs),
    otherPageEntries: happens(random, theme === 'pages' ? 0.5 : 0.1) ? 1 + integerBelow(random, 6) : 0,
    thresholds: drawThresholds(random),
    unkindness: drawUnkindness(random),
    chances: drawChances(random, tempoMs, theme),
  };
}

function drawConfig(random: Random, tempoMs: number, theme: Theme): LogConfig {
  const retains = theme === 'retention' ? random.next() : 0.25 + random.next() * 0.65;
  return {
    batchBytesMax: 1_048_588,
    timestampType: happens(random, 0.1) ? 'LogAppendTime' : 'CreateTime',
    timestampBeforeMaxMs: (1n << 63n) - 1n,
    timestampAfterMaxMs: (1n << 63n) - 1n,
    compressionType: 'producer',
    retentionMs: retains < 0.4 ? BigInt(Math.round(spread(random, 30 * tempoMs, 3_000 * tempoMs))) : -1n,
    retentionBytes: retains > 0.8 ? BigInt(Math.round(spread(random, 1_000, 20_000))) : -1n,
    cleanupPolicy: ['delete'],
    segmentBytes: Math.round(spread(random, 300, 10_000)),
    segmentMs: BigInt(Math.round(spread(random, tempoMs, 100 * tempoMs))),
  };
}

function drawProducers(random: Random, theme: Theme): ProducerPlan[] {
  const count = (theme === 'producers' ? 4 : 2) + integerBelow(random, 7);
  const batches = Math.ceil((40 + integerBelow(random, 120)) / count);
  const isIdempotent = theme === 'producers' ? 1 : random.next();
  return Array.from({ length: count }, (_, at) => ({
    kind: happens(random, isIdempotent) ? 'idempotent' : 'plain',
    id: 100 + at,
    batches,
    window: happens(random, 0.5) ? 1 : 1 + integerBelow(random, 5),
    recordsMax: 1 + integerBelow(random, 3),
    padding: oneOf(random, [0, 0, 100, 250, 600]),
    zombies: happens(random, 0.7) ? spread(random, 0.05, theme === 'producers' ? 1 : 0.5) : 0,
  }));
}

function drawJobs(random: Random, tempoMs: number): JobPlan[] {
  const every = (): number => spread(random, 3 * tempoMs, 100 * tempoMs);
  const jobs: JobName[] = [
    'roll',
    'roll',
    'retain',
    'sweep',
    ...(happens(random, 0.3) ? ['sweep' as const] : []),
  ];
  const isIdle = happens(random, 0.1);
  return isIdle ? [] : jobs.map((job) => ({ job, everyMs: every() }));
}

/** Small, so that pages, evictions and segments come after a few batches. */
const drawSettings = (random: Random, tempoMs: number): LogSettings => ({
  ...defaultLogSettings,
  pageEntries: 1 + integerBelow(random, 4),
  pageBytes: 768,
  producersInHeadMax: 1 + integerBelow(random, 4),
  producerIdExpirationMs: 12 * monthMs,
  // Segments of a few batches: the five batches that a repeat may reach back lie far apart.
  repeatPagesMax: 100_000,
  repeatSegmentsMax: 100_000,
  indexSlotBytes: 256,
  sweepAgeMs: Math.max(2_000, Math.round(spread(random, 3 * tempoMs, 200 * tempoMs))),
});

const drawThresholds = (random: Random): StagingThresholds => ({
  entryBytesMax: oneOf(random, [60, 120, 250]),
  itemBytesMax: oneOf(random, [400, 400, 4096]),
  expires: happens(random, 0.5),
  groupEntriesMax: oneOf(random, [1, 4, 32]),
  groupBytesMax: 1024,
  tailEntriesMax: 4 + integerBelow(random, 12),
  tailBytesMax: 2048,
});

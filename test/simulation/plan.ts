import { integerBelow, type Random } from '../../shared/base/random.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import { defaultLogSettings, type LogSettings } from '../../shared/log/log-context.ts';
import type { Unkindness } from '../../shared/storage/memory/unkindness.ts';
import type { StagingThresholds } from '../../shared/storage/staging.ts';
import { drawChances, drawUnkindness, type FaultChances } from './faults.ts';
import type { Theme } from './focus.ts';
import { drawGroups, type GroupsPlan } from './group-plan.ts';
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
  /** Chance that a reader deletes records instead. */
  readonly deletions: number;
  readonly jobs: readonly JobPlan[];
  /** How long jobs go on when the last client has finished. */
  readonly tailMs: number;
  readonly settings: LogSettings;
  /** Another version of the code, with other pages, runs beside this one in some processes. */
  readonly otherPageEntries: number;
  readonly thresholds: StagingThresholds;
  readonly unkindness: Unkindness;
  readonly chances: FaultChances;
  /** Only then are there groups, and nothing but groups. */
  readonly groups?: GroupsPlan;
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

export function drawPlan(random: Random, theme: Theme): Plan {
  const plan = drawLogPlan(random, theme);
  if (theme !== 'groups' && theme !== 'commits' && theme !== 'consumers') return plan;
  const groups = drawGroups(random, theme);
  const { tempoMs } = groups;
  return {
    ...plan,
    tempoMs,
    brokers: 2 + integerBelow(random, 2),
    topics: plan.topics.map((topic) => ({
      ...topic,
      partitions: 2 + integerBelow(random, 3),
      isRestless: false,
    })),
    producers: [],
    readers: 0,
    jobs: [],
    // Long enough to sleep over a session and a round, short enough to come before the end.
    chances: drawChances(random, tempoMs / 12, theme),
    groups,
  };
}

function drawLogPlan(random: Random, theme: Theme): Plan {
  const tempoMs = drawTempo(random, theme);
  const settings = drawSettings(random, tempoMs, theme);
  const isRestless = theme === 'topics' || (theme === 'everything' && happens(random, 0.25));
  const config = drawConfig(random, tempoMs, theme);
  const isOfProducers = theme === 'producers' || theme === 'evictions';
  const partitions = isOfProducers ? 1 : 1 + integerBelow(random, 2);
  return {
    theme,
    tempoMs,
    brokers: (theme === 'everything' ? 1 : 2) + integerBelow(random, 3),
    skewMsMax: happens(random, 0.3) ? 500 : 0,
    topics: [{ name: 'orders', partitions, config, isRestless }],
    producers: drawProducers(random, theme),
    readers: 1 + integerBelow(random, isOfProducers ? 2 : 4),
    readsEach: 5 + integerBelow(random, 25),
    deletions: theme === 'retention' ? spread(random, 0.02, 0.3) : 0.02,
    jobs: drawJobs(random, tempoMs, theme),
    tailMs: spread(random, tempoMs, 100 * tempoMs),
    settings,
    otherPageEntries: happens(random, theme === 'pages' ? 0.8 : 0.1) ? 1 + integerBelow(random, 6) : 0,
    thresholds: drawThresholds(random, theme),
    unkindness: drawUnkindness(random),
    chances: drawChances(random, theme === 'sweeps' ? settings.sweepAgeMs : tempoMs, theme),
  };
}

/** Where it matters how long calls take against what others do meanwhile, clients are slower than calls. */
function drawTempo(random: Random, theme: Theme): number {
  if (theme === 'everything') return spread(random, 100, 30 * minuteMs);
  if (theme === 'retention') return spread(random, minuteMs, 60 * minuteMs);
  if (theme === 'expiry') return spread(random, 60 * minuteMs, 300 * minuteMs);
  return spread(random, 2_000, 10 * minuteMs);
}

function drawConfig(random: Random, tempoMs: number, theme: Theme): LogConfig {
  const retains = theme === 'expiry' ? 0 : theme === 'retention' ? random.next() : 0.3 + random.next() * 0.6;
  const isSmall = theme === 'rolls' || theme === 'retention';
  return {
    batchBytesMax: 1_048_588,
    timestampType: happens(random, 0.1) ? 'LogAppendTime' : 'CreateTime',
    timestampBeforeMaxMs: (1n << 63n) - 1n,
    timestampAfterMaxMs: (1n << 63n) - 1n,
    compressionType: 'producer',
    retentionMs:
      retains < 0.4
        ? BigInt(Math.round(spread(random, 2 * tempoMs, (theme === 'expiry' ? 15 : 500) * tempoMs)))
        : -1n,
    retentionBytes: retains > 0.8 ? BigInt(Math.round(spread(random, 500, 20_000))) : -1n,
    cleanupPolicy: ['delete'],
    segmentBytes: Math.round(spread(random, 300, isSmall ? 1_500 : 10_000)),
    segmentMs: BigInt(Math.round(spread(random, tempoMs, 100 * tempoMs))),
  };
}

function drawProducers(random: Random, theme: Theme): ProducerPlan[] {
  const isOfProducers = theme === 'producers' || theme === 'evictions';
  const count = (isOfProducers ? 4 : 2) + integerBelow(random, 6);
  const batches = Math.ceil((40 + integerBelow(random, 100)) / count);
  const isIdempotent = isOfProducers ? 1 : random.next();
  const paddings = paddingsOf[theme] ?? [0, 0, 100, 250, 600];
  return Array.from({ length: count }, (_, at) => ({
    kind: happens(random, isIdempotent) ? 'idempotent' : 'plain',
    id: 100 + at,
    batches,
    window: happens(random, 0.5) ? 1 : 1 + integerBelow(random, 5),
    recordsMax: 1 + integerBelow(random, 3),
    padding: oneOf(random, paddings),
    zombies: happens(random, 0.7) ? spread(random, 0.05, isOfProducers ? 1 : 0.5) : 0,
  }));
}

const paddingsOf: { readonly [of in Theme]?: readonly number[] } = {
  sweeps: [100, 250, 600, 600],
  expiry: [100, 250],
};

function drawJobs(random: Random, tempoMs: number, theme: Theme): JobPlan[] {
  const isBusy = theme === 'rolls' || theme === 'sweeps' || theme === 'retention';
  const every = (): number => spread(random, tempoMs, (isBusy ? 15 : 60) * tempoMs);
  const more: { readonly [of in Theme]?: JobName } = { rolls: 'roll', sweeps: 'sweep', retention: 'retain' };
  const all: JobName[] = ['roll', 'roll', 'retain', 'sweep', more[theme] ?? 'sweep'];
  // What is rolled in time never expires.
  const jobs = all.filter((job) => theme !== 'expiry' || (job !== 'roll' && happens(random, 0.5)));
  const isIdle = happens(random, theme === 'rolls' || theme === 'sweeps' ? 0 : 0.15);
  return isIdle ? [] : jobs.map((job) => ({ job, everyMs: every() }));
}

/** Small, so that pages, evictions and segments come after a few batches. */
const drawSettings = (random: Random, tempoMs: number, theme: Theme): LogSettings => ({
  ...defaultLogSettings,
  pageEntries: 1 + integerBelow(random, theme === 'evictions' ? 2 : 4),
  pageBytes: 768,
  producersInHeadMax: 1 + integerBelow(random, theme === 'evictions' ? 2 : 4),
  producerIdExpirationMs: 12 * monthMs,
  // Segments of a few batches: the five batches that a repeat may reach back lie far apart.
  repeatPagesMax: 100_000,
  repeatSegmentsMax: 100_000,
  indexSlotBytes: 256,
  sweepAgeMs: Math.max(2_000, Math.round(spread(random, tempoMs, (theme === 'sweeps' ? 10 : 100) * tempoMs))),
});

const drawThresholds = (random: Random, theme: Theme): StagingThresholds => ({
  entryBytesMax: oneOf(random, [60, 120, 250]),
  itemBytesMax: oneOf(random, [400, 400, 4096]),
  expires: theme === 'expiry' || happens(random, 0.4),
  groupEntriesMax: oneOf(random, [1, 4, 32]),
  groupBytesMax: 1024,
  tailEntriesMax: 7 + integerBelow(random, 9),
  tailBytesMax: 2048,
});

import { assert } from '../base/assert.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { PartitionOffsets } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import type { RecordBatchHeader } from '../records/record-batch.ts';
import { validateBatch } from '../records/validate-batch.ts';
import { entryOverheadBytesMax } from '../storage/items/entry.ts';
import { lastStableOffset, type PartitionHead } from '../storage/items/partition-head.ts';
import type {
  Appended,
  AppendRequest,
  PartitionLogs,
  ReadRequest,
  ReadResult,
  TimestampOffset,
  WaitOptions,
} from './api.ts';
import { type AppendEvents, PartitionAppender } from './append.ts';
import { Linger } from './linger.ts';
import {
  asKafkaError,
  defaultLogSettings,
  type LogContext,
  type LogSettings,
  loadHead,
} from './log-context.ts';
import { logSizeBytes } from './log-size.ts';
import { PartitionWatch, type WatchTimes } from './partition-watch.ts';
import type { Sequenced } from './pending-append.ts';
import { type ActiveProducer, activeProducers } from './producers.ts';
import { checkRange, read } from './read.ts';
import { bytesOf, readMany } from './read-many.ts';
import { type BatchToStage, stage } from './stage.ts';
import { StagingIds } from './staging-ids.ts';
import { advanceStart } from './start-offset.ts';
import { offsetForTimestamp, offsetOfMaxTimestamp } from './timestamps.ts';
import { AppendBell, AppendWatchers } from './watchers.ts';

export type PartitionLogsOptions = Omit<LogContext, 'settings'> & {
  settings?: Partial<LogSettings>;
  /** Called when a page was written: a roll may be due. */
  pagedOut?: (partition: PartitionId, head: PartitionHead) => void;
  /**
   * For a process in which many reads wait: one watcher a partition notices what other processes append.
   * Without it each waiting read looks for itself, as a function's should.
   */
  watch?: WatchTimes;
};

/** The logs of all partitions, on one engine, for one process. */
export interface OpenPartitionLogs extends PartitionLogs {
  readonly context: LogContext;
  /** Whom the partition remembers, by producer id. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  producers(partition: PartitionId): Promise<ActiveProducer[]>;
  /** Bytes from the log start offset on. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  sizeBytes(partition: PartitionId): Promise<bigint>;
  /** Resolves when nothing goes on behind the answers any more: a function waits for it before it returns. */
  drain(): Promise<void>;
}

export function openPartitionLogs(options: PartitionLogsOptions): OpenPartitionLogs {
  const { settings, pagedOut, watch, ...world } = options;
  const context: LogContext = { ...world, settings: { ...defaultLogSettings, ...settings } };
  checkTailHoldsPage(context);
  return new EnginePartitionLogs(context, pagedOut ?? (() => {}), watch);
}

/** Otherwise a full tail could hold no whole page for ever, and nobody could relieve it [9.p3]. */
function checkTailHoldsPage({ settings, stores }: LogContext): void {
  const { tailEntriesMax, tailBytesMax, entryBytesMax } = stores.staging.thresholds;
  const holdsPage = tailEntriesMax > settings.pageEntries;
  assert(
    holdsPage,
    `a tail of ${tailEntriesMax} entries holds no page of ${settings.pageEntries} and one more`,
  );
  const bytes = settings.pageBytes + entryBytesMax + entryOverheadBytesMax;
  assert(
    tailBytesMax >= bytes,
    `a tail of ${tailBytesMax} bytes holds no page and the largest entry: ${bytes}`,
  );
}

type CheckedAppend = BatchToStage & { logAppendTimeMs: bigint };

class EnginePartitionLogs implements OpenPartitionLogs {
  readonly context: LogContext;
  private readonly watchers = new AppendWatchers();
  private readonly appenders = new Map<string, PartitionAppender>();
  private readonly background = new Set<Promise<void>>();
  private readonly events: AppendEvents;
  private readonly watch: PartitionWatch | undefined;
  private readonly linger: Linger | undefined;
  private waitingReads = 0;

  constructor(
    context: LogContext,
    pagedOut: (partition: PartitionId, head: PartitionHead) => void,
    watch: WatchTimes | undefined,
  ) {
    this.context = context;
    this.watch = watch && new PartitionWatch(context, this.watchers, watch);
    const isLingering = context.settings.lingerMs > 0;
    this.linger = isLingering ? new Linger(context, (appends) => this.begin(appends, true)) : undefined;
    this.events = {
      appended: (partition, next) => {
        this.watchers.appended(partition, next);
        this.watch?.appended(partition, next);
      },
      pagedOut,
      inBackground: (work) => this.inBackground(work),
    };
  }

  async append(requests: readonly AppendRequest[]): Promise<(Appended | KafkaError)[]> {
    const checked = requests.map((request) => this.check(request));
    const valid = checked.filter((request): request is CheckedAppend => !(request instanceof KafkaError));
    const begun = this.linger ? this.linger.add(valid) : this.begin(valid);
    const appends = new Map(valid.map((request, place) => [request, begun[place]]));
    return Promise.all(
      checked.map(async (request) => {
        if (request instanceof KafkaError) return request;
        const { logAppendTimeMs } = request;
        const appended = await this.answered(() => must(appends.get(request)));
        return appended instanceof KafkaError
          ? this.noted(request, appended)
          : { ...appended, logAppendTimeMs };
      }),
    );
  }

  /** Stages them together and puts each into its partition's queue, in this order. */
  private begin(appends: readonly BatchToStage[], isSharing = false): Promise<Sequenced>[] {
    const staged = stage(this.context, appends, isSharing);
    return appends.map((append, place) => {
      const own = staged[place];
      assert(own !== undefined, 'a batch is staged for each');
      return this.appenderOf(append.partition).append(append, own);
    });
  }

  private check(request: AppendRequest): CheckedAppend | KafkaError {
    const { partition, config, batch, timeoutMs, repeat } = request;
    const { codecs, clock, settings } = this.context;
    const nowMs = clock.nowMs();
    const limits = { decompressedBytesMax: settings.decompressedBytesMax };
    try {
      const { bytes, header } = validateBatch(batch, codecs, { config, nowMs, limits });
      const logAppendTimeMs = config.timestampType === 'LogAppendTime' ? BigInt(nowMs) : -1n;
      const checked = { partition, config, batch: bytes, description: describe(header), logAppendTimeMs };
      return {
        ...checked,
        ...(timeoutMs === undefined
          ? {}
          : { giveUpMs: nowMs + Math.min(timeoutMs, settings.throttledMsMax) / 2 }),
        ...(repeat === undefined ? {} : { ids: new StagingIds(repeat, partition), repeat }),
      };
    } catch (error) {
      if (error instanceof KafkaError) return error;
      throw error;
    }
  }

  read(request: ReadRequest): Promise<ReadResult> {
    return this.translated(() => read(this.context, request));
  }

  async readWaiting(
    requests: readonly ReadRequest[],
    { minBytes, maxWaitMs, maxBytes = Number.MAX_SAFE_INTEGER, signal }: WaitOptions,
  ): Promise<(ReadResult | KafkaError)[]> {
    const { clock, settings } = this.context;
    const deadlineMs = clock.nowMs() + maxWaitMs;
    const bell = new AppendBell(this.watchers, requests);
    let unwatch: (() => void) | undefined;
    this.waitingReads++;
    try {
      for (let pollMs = settings.pollFirstMs; ; pollMs = Math.min(pollMs * 2, settings.pollMaxMs)) {
        const share = this.shareOfReads();
        const results = await readMany(requests, Math.min(maxBytes, share), {
          read: (request) => this.answered(() => read(this.context, request)),
          look: (request) => this.answered(() => this.look(request)),
        });
        const leftMs = deadlineMs - clock.nowMs();
        // Batches are whole, so a share that is full may be half empty.
        const enoughBytes = Math.min(minBytes, share / 2);
        if (leftMs <= 0 || signal?.aborted || isEnough(results, enoughBytes)) return results;
        for (const [place, result] of results.entries())
          if (!(result instanceof KafkaError)) bell.saw(place, result.highWatermark);
        unwatch ??= this.watch?.watch(requests.map(({ partition }) => partition));
        await bell.wait(clock, this.watch ? leftMs : Math.min(pollMs, leftMs), signal);
      }
    } finally {
      this.waitingReads--;
      unwatch?.();
      bell.close();
    }
  }

  /** What one of the waiting reads may bring, so that all of them together keep to a limit. */
  private shareOfReads(): number {
    const { readBytesMax, readShareBytesMin } = this.context.settings;
    return Math.max(readShareBytesMin, Math.floor(readBytesMax / this.waitingReads));
  }

  /** A read without room. */
  private async look({ partition, offset }: ReadRequest): Promise<ReadResult> {
    const head = await loadHead(this.context, partition);
    checkRange(head, offset);
    return { ...offsetsOf(head), batches: [], nextOffset: offset, abortedTransactions: [] };
  }

  offsets(partition: PartitionId): Promise<PartitionOffsets> {
    return this.translated(async () => offsetsOf(await loadHead(this.context, partition)));
  }

  offsetForTimestamp(partition: PartitionId, timestamp: bigint): Promise<TimestampOffset | undefined> {
    return this.translated(() => offsetForTimestamp(this.context, partition, timestamp));
  }

  offsetOfMaxTimestamp(partition: PartitionId): Promise<TimestampOffset | undefined> {
    return this.translated(() => offsetOfMaxTimestamp(this.context, partition));
  }

  deleteRecordsBefore(partition: PartitionId, offset: bigint): Promise<bigint> {
    return this.translated(async () => {
      const { start, next } = await loadHead(this.context, partition);
      const wanted = offset === -1n ? next : offset; // -1: up to the high watermark (KIP-107)
      if (wanted < 0n || wanted > next) {
        throw new KafkaError('OFFSET_OUT_OF_RANGE', `There is no offset ${wanted}: the log ends at ${next}.`);
      }
      if (wanted <= start) return start;
      await advanceStart(this.context, partition, wanted);
      return (await loadHead(this.context, partition)).start;
    });
  }

  producers(partition: PartitionId): Promise<ActiveProducer[]> {
    return this.translated(() => activeProducers(this.context, partition));
  }

  sizeBytes(partition: PartitionId): Promise<bigint> {
    return this.translated(() => logSizeBytes(this.context, partition));
  }

  async drain(): Promise<void> {
    while (this.background.size > 0) await Promise.all(this.background);
  }

  private appenderOf(partition: PartitionId): PartitionAppender {
    const name = nameOf(partition);
    const known = this.appenders.get(name);
    if (known) return known;
    const appender = new PartitionAppender(this.context, partition, this.events);
    this.appenders.set(name, appender);
    return appender;
  }

  /** A partition that is gone needs no appender any more. */
  private noted({ partition }: AppendRequest, error: KafkaError): KafkaError {
    const name = nameOf(partition);
    if (error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION' && this.appenders.get(name)?.isIdle)
      this.appenders.delete(name);
    return error;
  }

  private inBackground(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((error: unknown) => this.context.log.error('work behind an answer failed', { error }))
      .finally(() => this.background.delete(tracked));
    this.background.add(tracked);
  }

  /** Store failures by their Kafka names. */
  private async translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asKafkaError(error);
    }
  }

  /** The same, with errors that Kafka names as the answer: one partition's failure is not its neighbours'. */
  private async answered<T>(work: () => Promise<T>): Promise<T | KafkaError> {
    try {
      return await this.translated(work);
    } catch (error) {
      if (error instanceof KafkaError) return error;
      this.context.log.error('unexpected failure', { error });
      return new KafkaError('UNKNOWN_SERVER_ERROR');
    }
  }
}

const nameOf = ({ topicId, partition }: PartitionId): string => `${topicId}#${partition}`;

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new KafkaError('UNKNOWN_SERVER_ERROR');
  return value;
}

/** An error, or enough bytes, ends the wait. */
const isEnough = (results: readonly (ReadResult | KafkaError)[], minBytes: number): boolean =>
  results.some((result) => result instanceof KafkaError) ||
  results.reduce((bytes, result) => bytes + bytesOf(result), 0) >= minBytes;

const offsetsOf = (head: PartitionHead): PartitionOffsets => ({
  logStartOffset: head.start,
  highWatermark: head.next,
  lastStableOffset: lastStableOffset(head),
});

const describe = (header: RecordBatchHeader): BatchToStage['description'] => ({
  recordCount: header.recordCount,
  maxTimestamp: header.maxTimestamp,
  ...(header.producerId < 0n
    ? {}
    : {
        producer: {
          producerId: header.producerId,
          producerEpoch: header.producerEpoch,
          baseSequence: header.baseSequence,
        },
      }),
});

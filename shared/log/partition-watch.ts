import { backoffMs } from '../base/retry.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { partitionHeadKey, readPartitionHead } from '../storage/items/partition-head.ts';
import type { LogContext } from './log-context.ts';
import type { AppendWatchers } from './watchers.ts';

/** How often a partition that somebody waits for is looked at. */
export type WatchTimes = {
  /** After something new; doubling up to the next while there is nothing. */
  readonly firstMs: number;
  readonly busyMs: number;
  /** Where nothing was new for `idleAfterMs`, and for `quietAfterMs`. */
  readonly idleMs: number;
  readonly idleAfterMs: number;
  readonly quietMs: number;
  readonly quietAfterMs: number;
};

export const defaultWatchTimes: WatchTimes = {
  firstMs: 50,
  busyMs: 500,
  idleMs: 2_000,
  idleAfterMs: 60_000,
  quietMs: 5_000,
  quietAfterMs: 600_000,
};

type Watched = {
  readonly partition: PartitionId;
  /** Reads of this process that wait for it. */
  waiting: number;
  delayMs: number;
  dueMs: number;
  /** When something new was last seen, or the watch began. */
  movedMs: number;
  next: Offset | undefined;
  /** When the last one stopped waiting. */
  leftMs: number;
};

/** Long polls come one after another: what is known of a partition outlives the pause between two. */
const rememberedMs = 60_000;
/** Whoever is due so soon is looked at together. */
const togetherMs = 10;
/** No batch get is larger: a slow answer for many must not keep the others waiting. */
const looksAtOnceMax = 1_000;

/**
 * One watcher a partition for all reads of this process: it notices what other processes append. It looks at
 * heads that may be a little old, in batches; these are hints only, whoever is woken reads the log itself.
 */
export class PartitionWatch {
  private readonly context: LogContext;
  private readonly watchers: AppendWatchers;
  private readonly times: WatchTimes;
  private readonly watched = new Map<string, Watched>();
  private waiting = 0;
  private isRunning = false;
  private wake = new AbortController();

  constructor(context: LogContext, watchers: AppendWatchers, times: WatchTimes) {
    this.context = context;
    this.watchers = watchers;
    this.times = times;
  }

  /** Looks at these partitions until the returned function is called. */
  watch(partitions: readonly PartitionId[]): () => void {
    const { clock } = this.context;
    const watched = partitions.map((partition) => this.watchedOf(partition));
    for (const one of watched) {
      one.waiting++;
      one.dueMs = Math.max(one.dueMs, clock.nowMs());
    }
    this.waiting++;
    this.wake.abort();
    if (!this.isRunning) void this.run();
    return () => {
      this.waiting--;
      for (const one of watched) {
        one.waiting--;
        one.leftMs = clock.nowMs();
      }
      if (this.waiting === 0) this.wake.abort();
    };
  }

  /** What this process has appended is new, but no news to anybody here. */
  appended({ topicId, partition }: PartitionId, next: Offset): void {
    const known = this.watched.get(`${topicId}#${partition}`);
    if (known !== undefined) this.noteNext(known, next);
  }

  private watchedOf(partition: PartitionId): Watched {
    const name = `${partition.topicId}#${partition.partition}`;
    const known = this.watched.get(name);
    if (known !== undefined) return known;
    const nowMs = this.context.clock.nowMs();
    const delayMs = this.times.firstMs;
    const times = { delayMs, dueMs: nowMs + delayMs, movedMs: nowMs, leftMs: nowMs };
    const fresh = { partition, waiting: 0, next: undefined, ...times };
    this.watched.set(name, fresh);
    return fresh;
  }

  private async run(): Promise<void> {
    const { clock } = this.context;
    this.isRunning = true;
    while (this.waiting > 0) {
      const nowMs = clock.nowMs();
      const due = this.dueAt(nowMs + togetherMs);
      if (due.length > 0) {
        await this.look(due);
        continue;
      }
      this.wake = new AbortController();
      await clock.sleep(Math.max(1, this.nextDueMs() - nowMs), this.wake.signal);
    }
    this.isRunning = false;
    this.forgetOld();
  }

  private dueAt(timeMs: number): Watched[] {
    const due: Watched[] = [];
    for (const one of this.watched.values()) {
      if (one.waiting > 0 && one.dueMs <= timeMs && due.length < looksAtOnceMax) due.push(one);
    }
    return due;
  }

  private nextDueMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { waiting, dueMs } of this.watched.values()) if (waiting > 0) nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  private async look(due: readonly Watched[]): Promise<void> {
    const { stores, log } = this.context;
    const keys = due.map(({ partition }) => partitionHeadKey(partition));
    try {
      const heads = await stores.metadata.getMany(keys, { consistent: false });
      for (const [place, one] of due.entries()) {
        const head = heads[place];
        // A head that is not there is news, too: the read that is woken finds out why.
        this.found(one, head === undefined ? (one.next ?? 0n) + 1n : readPartitionHead(head).next);
      }
    } catch (error) {
      log.debug('partitions that are waited for could not be looked at', { error });
      const delayMs = this.times.busyMs + backoffMs({ ...this.context, ...backoff }, 0);
      for (const one of due) one.dueMs = this.context.clock.nowMs() + delayMs;
    }
  }

  private found(one: Watched, next: Offset): void {
    const { times } = this;
    const nowMs = this.context.clock.nowMs();
    const hasMoved = this.noteNext(one, next);
    const idleForMs = nowMs - one.movedMs;
    if (hasMoved) one.delayMs = times.firstMs;
    else if (idleForMs >= times.quietAfterMs) one.delayMs = times.quietMs;
    else if (idleForMs >= times.idleAfterMs) one.delayMs = times.idleMs;
    else one.delayMs = Math.min(times.busyMs, one.delayMs * 2);
    one.dueMs = nowMs + one.delayMs;
    this.watchers.appended(one.partition, next);
  }

  /** True if it is more than was known. */
  private noteNext(one: Watched, next: Offset): boolean {
    if (one.next !== undefined && next <= one.next) return false;
    const isNews = one.next !== undefined;
    one.next = next;
    if (!isNews) return false;
    one.movedMs = this.context.clock.nowMs();
    one.delayMs = Math.min(one.delayMs, this.times.busyMs);
    one.dueMs = Math.min(one.dueMs, one.movedMs + one.delayMs);
    return true;
  }

  private forgetOld(): void {
    const beforeMs = this.context.clock.nowMs() - rememberedMs;
    for (const [name, { waiting, leftMs }] of this.watched)
      if (waiting === 0 && leftMs < beforeMs) this.watched.delete(name);
  }
}

const backoff = { firstDelayMs: 500, delayMsMax: 500 };

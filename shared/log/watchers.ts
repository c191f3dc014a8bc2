import type { Clock } from '../base/clock.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';

type Watcher = (next: Offset) => void;

/**
 * Wakes reads of this process that wait for an append of this process. A hint: the read itself asks the
 * store.
 */
export class AppendWatchers {
  private readonly watchers = new Map<string, Set<Watcher>>();

  /** Says that the partition's log now ends at `next` or later. */
  appended({ topicId, partition }: PartitionId, next: Offset): void {
    for (const watcher of this.watchers.get(`${topicId}#${partition}`) ?? []) watcher(next);
  }

  /** Calls `watcher` at each append until the returned function is called. */
  watch({ topicId, partition }: PartitionId, watcher: Watcher): () => void {
    const name = `${topicId}#${partition}`;
    const set = this.watchers.get(name) ?? new Set();
    this.watchers.set(name, set.add(watcher));
    return () => {
      set.delete(watcher);
      if (set.size === 0 && this.watchers.get(name) === set) this.watchers.delete(name);
    };
  }
}

/**
 * A bell that rings for appends behind the offsets given. `wait` resolves at the first ring since the last
 * wait, after `timeoutMs`, or when `signal` is aborted.
 */
export class AppendBell {
  private readonly stops: (() => void)[];
  private hasRung = false;
  private ring: () => void = () => {};

  constructor(watchers: AppendWatchers, behind: readonly { partition: PartitionId; offset: Offset }[]) {
    this.stops = behind.map(({ partition, offset }) =>
      watchers.watch(partition, (next) => {
        if (next <= offset) return;
        this.hasRung = true;
        this.ring();
      }),
    );
  }

  async wait(clock: Clock, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (!this.hasRung && !signal?.aborted) {
      const stop = new AbortController();
      this.ring = () => stop.abort();
      const cancel = (): void => stop.abort();
      signal?.addEventListener('abort', cancel, { once: true });
      await clock.sleep(timeoutMs, stop.signal);
      signal?.removeEventListener('abort', cancel);
    }
    this.hasRung = false;
    this.ring = () => {};
  }

  close(): void {
    for (const stop of this.stops) stop();
  }
}

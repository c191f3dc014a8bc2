import type { Clock } from '../base/clock.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';

type Watcher = (next: Offset) => void;

/** Wakes reads of this process that wait for a log to grow. A hint: the read itself asks the store. */
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

type Watched = { seen: Offset; said: Offset };

/**
 * A bell that rings when a log has grown beyond what its owner has seen of it: first the offsets given, later
 * what `saw` says. `wait` resolves at the first such ring since the last wait, after `timeoutMs`, or when
 * `signal` is aborted.
 */
export class AppendBell {
  private readonly stops: (() => void)[];
  private readonly watched: readonly Watched[];
  private ring: () => void = () => {};

  constructor(watchers: AppendWatchers, behind: readonly { partition: PartitionId; offset: Offset }[]) {
    this.watched = behind.map(({ offset }) => ({ seen: offset, said: offset }));
    this.stops = behind.map(({ partition }, place) =>
      watchers.watch(partition, (next) => this.say(this.watched[place], next)),
    );
  }

  /** The owner has read that the log at this place ends at `next`. */
  saw(place: number, next: Offset): void {
    const watched = this.watched[place];
    if (watched !== undefined && next > watched.seen) watched.seen = next;
  }

  async wait(clock: Clock, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const hasRung = this.watched.some(({ seen, said }) => said > seen);
    if (!hasRung && !signal?.aborted) {
      const stop = new AbortController();
      this.ring = () => stop.abort();
      const cancel = (): void => stop.abort();
      signal?.addEventListener('abort', cancel, { once: true });
      await clock.sleep(timeoutMs, stop.signal);
      signal?.removeEventListener('abort', cancel);
    }
    for (const watched of this.watched) watched.said = watched.seen;
    this.ring = () => {};
  }

  close(): void {
    for (const stop of this.stops) stop();
  }

  private say(watched: Watched | undefined, next: Offset): void {
    if (watched === undefined || next <= watched.seen) return;
    if (next > watched.said) watched.said = next;
    this.ring();
  }
}

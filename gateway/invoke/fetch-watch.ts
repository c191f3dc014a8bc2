import type { Clock } from '../../shared/base/clock.ts';
import type { RequestOf } from '../../shared/protocol/messages/index.ts';

type Topics = RequestOf<'Fetch'>['topics'];

/** When to look again at partitions in which nothing has come for so long (ms). */
const pace: readonly { readonly idleMs: number; readonly everyMs: number }[] = [
  { idleMs: 600_000, everyMs: 5_000 },
  { idleMs: 60_000, everyMs: 2_000 },
  { idleMs: 2_000, everyMs: 500 },
  { idleMs: 1_000, everyMs: 200 },
  { idleMs: 400, everyMs: 100 },
];
const shortestMs = 50;
/** Partitions that are remembered; beyond it those that were seen first are forgotten. */
const partitionsMax = 10_000;

/** One fetch that waits. */
export type Watched = {
  readonly names: readonly string[];
  /** Whether it is time to look again after a look at `lookedMs`. */
  isDue(lookedMs: number): boolean;
  /** A look begins: what has rung before it is seen by it. */
  begins(): void;
  /** A look is done: whether it brought records. */
  looked(hasRecords: boolean): void;
  end(): void;
};

type Waiter = Watched & {
  ring: () => void;
  hasRung: boolean;
};

/**
 * Who waits for which partitions, and when each is to look again: often while records come, seldom where none
 * have come for long, at once when this gateway has appended. Times are rounded to a grid, so that fetches
 * that wait for as long look together.
 */
export class FetchWatch {
  private readonly clock: Clock;
  private readonly waiters = new Set<Waiter>();
  private readonly topicNames = new Map<string, string>();
  /** When records last came, or the partition was first asked for, oldest first. */
  private readonly busyMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  learn(topicId: string, name: string): void {
    this.topicNames.set(topicId, name);
    const [oldest] = this.topicNames.keys();
    if (this.topicNames.size > partitionsMax && oldest !== undefined) this.topicNames.delete(oldest);
  }

  begin(topics: Topics): Watched {
    const names = topics.flatMap(({ topic, topicId, partitions }) => {
      const name = topic === '' ? (this.topicNames.get(topicId) ?? topicId) : topic;
      return partitions.map(({ partition }) => watchedName(name, partition));
    });
    const waiter: Waiter = {
      names,
      ring: () => {},
      hasRung: false,
      isDue: (lookedMs) => waiter.hasRung || this.clock.nowMs() >= this.nextLookMs(names, lookedMs),
      begins: () => {
        waiter.hasRung = false;
      },
      looked: (hasRecords) => this.looked(names, hasRecords),
      end: () => this.waiters.delete(waiter),
    };
    this.waiters.add(waiter);
    return waiter;
  }

  appended(topic: string, partition: number): void {
    const name = watchedName(topic, partition);
    for (const waiter of this.waiters) {
      if (!waiter.names.includes(name)) continue;
      waiter.hasRung = true;
      waiter.ring();
    }
  }

  /** Resolves when it is time to look again after a look at `lookedMs`, at `untilMs` at the latest. */
  async wait(watched: Watched, lookedMs: number, untilMs: number, signal: AbortSignal): Promise<void> {
    const waiter = watched as Waiter;
    if (!waiter.hasRung && !signal.aborted) {
      const over = new AbortController();
      const end = (): void => over.abort();
      waiter.ring = end;
      signal.addEventListener('abort', end, { once: true });
      await this.clock.sleep(
        Math.min(untilMs, this.nextLookMs(waiter.names, lookedMs)) - this.clock.nowMs(),
        over.signal,
      );
      signal.removeEventListener('abort', end);
    }
    waiter.ring = () => {};
  }

  private nextLookMs(names: readonly string[], lookedMs: number): number {
    const nowMs = this.clock.nowMs();
    const busiestMs = Math.max(...names.map((name) => this.busyMs.get(name) ?? nowMs));
    const found = pace.find(({ idleMs }) => nowMs - busiestMs >= idleMs);
    const everyMs = found?.everyMs ?? shortestMs;
    return (Math.floor(lookedMs / everyMs) + 1) * everyMs;
  }

  private looked(names: readonly string[], hasRecords: boolean): void {
    const nowMs = this.clock.nowMs();
    for (const name of names) {
      const known = this.busyMs.get(name);
      if (known !== undefined && !hasRecords) continue;
      this.busyMs.delete(name);
      this.busyMs.set(name, nowMs); // the newest last
    }
    for (const oldest of this.busyMs.keys()) {
      if (this.busyMs.size <= partitionsMax) return;
      this.busyMs.delete(oldest);
    }
  }
}

/** What a partition is known by among those that wait. */
export const watchedName = (topic: string, partition: number): string => `${partition} ${topic}`;

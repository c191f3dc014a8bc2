/** Time comes in through this door only, so that a test or a simulation can own it. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
  /** Resolves after `durationMs`, or as soon as `signal` is aborted; never rejects. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

type Sleeper = { wakeAtMs: number; wake: () => void };

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  private now: number;
  private sleepers: Sleeper[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.now = startMs;
  }

  nowMs(): number {
    return this.now;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || durationMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = { wakeAtMs: this.now + durationMs, wake: resolve };
      const abort = (): void => this.wake([sleeper]);
      sleeper.wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Moves time forward and wakes, in order of their time, those whose sleep is over. */
  advance(durationMs: number): void {
    this.now += durationMs;
    const due = this.sleepers.filter((sleeper) => sleeper.wakeAtMs <= this.now);
    this.wake(due.sort((a, b) => a.wakeAtMs - b.wakeAtMs));
  }

  private wake(sleepers: Sleeper[]): void {
    this.sleepers = this.sleepers.filter((sleeper) => !sleepers.includes(sleeper));
    for (const sleeper of sleepers) sleeper.wake();
  }
}

import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/base/clock.ts';
import { integerBelow, type Random, seededRandom } from '../../shared/base/random.ts';
import { EventQueue } from './event-queue.ts';

/** Where virtual time begins: a Tuesday, 22:13:20 UTC, so that days and hours change early in a run. */
export const simulationStartMs = 1_700_000_000_000;

/**
 * Thrown when a run does not come to an end: something waits for what never happens, or never stops working.
 */
export class RunawaySimulation extends Error {
  override name = 'RunawaySimulation';
}

/**
 * One queue for everything that happens. An event fires only after all promises of the one before have
 * settled, so the order of all effects follows from the seed alone. Time jumps from event to event; nothing
 * real is ever waited for.
 */
export class Scheduler {
  readonly random: Random;
  private readonly queue = new EventQueue();
  private readonly eventsMax: number;
  private readonly digest = createHash('sha256');
  private readonly unhandled: unknown[] = [];
  private now = simulationStartMs;
  private order = 0;
  /** The last events, as `time label`, when asked for. */
  readonly trace: string[] | undefined;
  eventsFired = 0;

  constructor(seed: number, options: { eventsMax?: number; trace?: boolean } = {}) {
    this.random = seededRandom(seed);
    this.eventsMax = options.eventsMax ?? 3_000_000;
    this.trace = options.trace ? [] : undefined;
  }

  /** Virtual time in ms, with a fraction: two events rarely share it. */
  get nowMs(): number {
    return this.now;
  }

  /** Lets `fire` happen after `delayMs`. */
  after(delayMs: number, label: string, fire: () => void): void {
    this.queue.push({ atMs: this.now + Math.max(0, delayMs), order: this.order++, label, fire });
  }

  /** Says something into the history that the hash of a run covers. */
  note(label: string): void {
    this.digest.update(`${this.now} ${label}\n`);
    this.trace?.push(`${(this.now - simulationStartMs).toFixed(3)} ${label}`);
  }

  /** Something outside of any awaited promise failed; the run will throw it. */
  fail(error: unknown): void {
    this.unhandled.push(error);
  }

  /** Fires events, until `isOver` says so or nothing is left. */
  async run(isOver: () => boolean = () => false): Promise<void> {
    await settled();
    while (!isOver()) {
      const event = this.queue.pop();
      if (event === undefined) return;
      if (++this.eventsFired > this.eventsMax) {
        throw new RunawaySimulation(`${this.eventsMax} events without an end; the last was ${event.label}`);
      }
      this.now = Math.max(this.now, event.atMs);
      this.note(event.label);
      event.fire();
      await settled();
      if (this.unhandled.length > 0) throw this.unhandled[0];
    }
  }

  /** The hash of everything that happened so far. */
  hash(): string {
    return this.digest.copy().digest('hex');
  }
}

/** Resolves when every promise that can settle by itself has settled. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** True with a probability of `chance`. */
export const happens = (random: Random, chance: number): boolean => random.next() < chance;

/** A number between the two, each order of magnitude equally likely. */
export const spread = (random: Random, from: number, to: number): number =>
  from * (to / from) ** random.next();

export const oneOf = <T>(random: Random, choices: readonly T[]): T =>
  choices[integerBelow(random, choices.length)] as T;

/** The clock of one process: it may be wrong by `skewMs`, and its wake-ups go through `deliver`. */
export function virtualClock(
  scheduler: Scheduler,
  skewMs: number,
  deliver: (wake: () => void) => void,
): Clock {
  return {
    nowMs: () => Math.floor(scheduler.nowMs) + skewMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        signal?.addEventListener('abort', () => resolve(), { once: true });
        scheduler.after(durationMs, 'wake', () => deliver(resolve));
      }),
  };
}

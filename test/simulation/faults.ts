import type { Random } from '../../shared/base/random.ts';
import type { Unkindness } from '../../shared/storage/memory/unkindness.ts';
import type { StoreErrorKind } from '../../shared/storage/store-error.ts';
import { drawFocuses, type Focus, type Theme } from './focus.ts';
import { happens, spread } from './scheduler.ts';

/** One store call on its way: `name` says what it does to which item, e.g. `update p#…/head next,tail`. */
export type Call = { readonly process: string; readonly name: string; readonly isWrite: boolean };

/** What becomes of a call. */
export type Fate =
  /** It is on its way for `slowMs` longer than usual. */
  | { readonly is: 'answered'; readonly slowMs?: number }
  /** Surely not applied, and the caller hears it. */
  | { readonly is: 'refused'; readonly kind: StoreErrorKind }
  /** The caller hears `unknown`; it took effect before, never does, or does so `lateMs` afterwards. */
  | { readonly is: 'lost'; readonly effect: 'before' | 'never' }
  | { readonly is: 'lost'; readonly effect: 'late'; readonly lateMs: number };

/** What becomes of a process when something is about to happen to it. */
export type Mishap = { readonly is: 'death' } | { readonly is: 'sleep'; readonly forMs: number };

/** Decides what goes wrong, and how long everything takes. */
export interface Faults {
  /** One way of a call over the network. */
  legMs(): number;
  fateOf(call: Call): Fate;
  /** Asked before every answer, wake-up and call of a process. */
  mishapOf(process: string, what: string): Mishap | undefined;
  /** What becomes of a call whose process died while it was under way. */
  fateOfOrphan(): 'now' | 'never' | { readonly lateMs: number };
}

/**
 * How likely each fault is. A run draws its own: many runs have only a few kinds of faults, but those in
 * number.
 */
export type FaultChances = {
  readonly legMs: readonly [number, number];
  readonly slow: number;
  readonly throttled: number;
  readonly unavailable: number;
  readonly lost: number;
  readonly death: number;
  readonly sleep: number;
  /** The longest that a call is late, or that a process sleeps. */
  readonly lateMsMax: number;
  readonly sleepMsMax: number;
  /** Where it goes wrong far more often than elsewhere. */
  readonly focuses: readonly Focus[];
};

const dayMs = 86_400_000;

/**
 * Late and sleeping are long enough for others to append, roll and sweep meanwhile: they do so every few
 * `tempoMs`.
 */
export function drawChances(random: Random, tempoMs: number, theme: Theme = 'everything'): FaultChances {
  const focuses = drawFocuses(random, theme);
  const elsewhere = focuses.length > 0 ? 0.5 : 1;
  const some = (chance: number, from: number, to: number): number =>
    happens(random, chance * elsewhere) ? spread(random, from, to) * elsewhere : 0;
  return {
    legMs: [0.5, spread(random, 2, 50)],
    slow: some(0.5, 0.005, 0.1),
    throttled: some(0.4, 0.005, 0.15),
    unavailable: some(0.4, 0.005, 0.1),
    lost: some(0.7, 0.01, 0.25),
    death: some(0.5, 0.0005, 0.01),
    sleep: some(0.6, 0.0005, 0.01),
    lateMsMax: spread(random, 5 * tempoMs, 500 * tempoMs),
    sleepMsMax: spread(random, 5 * tempoMs, 500 * tempoMs),
    focuses,
  };
}

/** Faults by chance. */
export class RandomFaults implements Faults {
  private readonly random: Random;
  private readonly chances: FaultChances;
  /** From now on nothing goes wrong any more. */
  isOver = false;

  constructor(random: Random, chances: FaultChances) {
    this.random = random;
    this.chances = chances;
  }

  legMs(): number {
    const [from, to] = this.chances.legMs;
    const isSlow = !this.isOver && happens(this.random, this.chances.slow);
    return spread(this.random, from, to) * (isSlow ? spread(this.random, 10, 1_000) : 1);
  }

  fateOf({ name, isWrite }: Call): Fate {
    if (this.isOver) return { is: 'answered' };
    for (const { on, what, chance } of this.chances.focuses) {
      if (what === 'held' && on.test(name) && happens(this.random, chance)) {
        return { is: 'answered', slowMs: spread(this.random, 100, 1_000 + this.chances.lateMsMax) };
      }
      if (what !== 'late' && what !== 'lost') continue;
      if (isWrite && on.test(name) && happens(this.random, chance))
        return this.lost(what === 'late' ? 1 : 0.4);
    }
    const { throttled, unavailable, lost } = this.chances;
    if (happens(this.random, throttled)) return { is: 'refused', kind: 'throttled' };
    if (happens(this.random, unavailable)) return { is: 'refused', kind: 'unavailable' };
    if (!happens(this.random, isWrite ? lost : lost / 4)) return { is: 'answered' };
    if (!isWrite) return { is: 'refused', kind: 'unavailable' };
    return this.lost(this.random.next());
  }

  private lost(effect: number): Fate {
    if (effect < 0.4) return { is: 'lost', effect: 'before' };
    if (effect < 0.6) return { is: 'lost', effect: 'never' };
    return { is: 'lost', effect: 'late', lateMs: spread(this.random, 1, this.chances.lateMsMax) };
  }

  mishapOf(_process: string, what: string): Mishap | undefined {
    if (this.isOver) return undefined;
    const { death, sleep, sleepMsMax, focuses } = this.chances;
    for (const focus of focuses) {
      if ((focus.what !== 'sleep' && focus.what !== 'death') || !what.includes(focus.when)) continue;
      if (!focus.on.test(what) || !happens(this.random, focus.chance)) continue;
      if (focus.what === 'death') return { is: 'death' };
      return { is: 'sleep', forMs: spread(this.random, sleepMsMax / 100, sleepMsMax) };
    }
    const chance = this.random.next();
    if (chance < death) return { is: 'death' };
    if (chance < death + sleep) return { is: 'sleep', forMs: spread(this.random, 1, sleepMsMax) };
    return undefined;
  }

  fateOfOrphan(): 'now' | 'never' | { lateMs: number } {
    const chance = this.random.next();
    if (chance < 0.5) return 'now';
    if (chance < 0.75) return 'never';
    return { lateMs: spread(this.random, 1, this.chances.lateMsMax) };
  }
}

/** What the memory engine itself does to its callers; latency comes from the simulation. */
export function drawUnkindness(random: Random): Unkindness {
  return {
    transactionConflicts: { holdMs: 10, freshMs: 5 },
    writeUnitsPerSecond: 1_000,
    readUnitsPerSecond: 3_000,
    staleReadsMs: happens(random, 0.5) ? spread(random, 10, 5_000) : 0,
    shortPages: happens(random, 0.5) ? 0.3 : 0,
    ...(happens(random, 0.7) ? { expiry: { delayMsMax: spread(random, 1, 2 * dayMs) } } : {}),
  };
}

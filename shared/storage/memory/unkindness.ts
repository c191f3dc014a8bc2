import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { StoreError } from '../store-error.ts';

/**
 * How DynamoDB is harder on its callers than a map in memory. Each habit is on only when its option is given.
 */
export type Unkindness = {
  /** Every call takes this long, and takes effect somewhere within. */
  latency?: { minMs: number; maxMs: number };
  /**
   * A transaction holds its items for `holdMs`: single writes on them are refused meanwhile (`conflict`). It
   * is itself refused when one of its items is held, or was written within the last `freshMs`.
   */
  transactionConflicts?: { holdMs: number; freshMs: number };
  /** Of one partition key: 1 unit a KB of the item, refused conditions included. DynamoDB: 1,000. */
  writeUnitsPerSecond?: number;
  /** Of one partition key: 1 unit for 4 KB read consistently, half of it otherwise. DynamoDB: 3,000. */
  readUnitsPerSecond?: number;
  /** Inconsistent reads answer what was true up to this long ago. */
  staleReadsMs?: number;
  /** Chance that a query answers fewer items than it could; a full page always names a `next`. */
  shortPages?: number;
  /** Items with a `ttl` vanish at some time within `delayMsMax` after it. Without it `ttl` means nothing. */
  expiry?: { delayMsMax: number };
};

/** All habits at once, as strong as in the real one; latencies as published. */
export const asUnkindAsDynamoDb: Unkindness = {
  latency: { minMs: 2, maxMs: 10 },
  transactionConflicts: { holdMs: 10, freshMs: 5 },
  writeUnitsPerSecond: 1_000,
  readUnitsPerSecond: 3_000,
  staleReadsMs: 1_000,
  shortPages: 0.2,
  expiry: { delayMsMax: 48 * 3_600_000 },
};

/** Units that flow in at a steady rate; up to one second's worth is saved. */
export class UnitBudgets {
  private readonly clock: Clock;
  private readonly unitsPerSecond: number | undefined;
  private readonly budgets = new Map<string, { units: number; asOfMs: number }>();

  constructor(clock: Clock, unitsPerSecond: number | undefined) {
    this.clock = clock;
    this.unitsPerSecond = unitsPerSecond;
  }

  /** Takes the units from the key's budget, or refuses: then nothing is taken. */
  spend(key: string, units: number): void {
    const perSecond = this.unitsPerSecond;
    if (perSecond === undefined) return;
    const nowMs = this.clock.nowMs();
    const last = this.budgets.get(key) ?? { units: perSecond, asOfMs: nowMs };
    const saved = Math.min(perSecond, last.units + ((nowMs - last.asOfMs) * perSecond) / 1000);
    const isEnough = saved >= Math.min(units, perSecond);
    this.budgets.set(key, { units: isEnough ? saved - units : saved, asOfMs: nowMs });
    if (!isEnough) throw new StoreError('throttled', `key ${key} is over its ${perSecond} units a second`);
  }
}

/** Carries out an effect somewhere within a call that takes its time. */
export async function withLatency<T>(
  { latency }: Unkindness,
  clock: Clock,
  random: Random,
  effect: () => T | Promise<T>,
): Promise<T> {
  if (latency === undefined) return effect();
  const durationMs = latency.minMs + random.next() * (latency.maxMs - latency.minMs);
  const beforeMs = durationMs * random.next();
  await clock.sleep(beforeMs);
  try {
    return await effect();
  } finally {
    await clock.sleep(durationMs - beforeMs);
  }
}

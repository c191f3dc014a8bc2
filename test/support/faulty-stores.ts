import type { Clock } from '../../shared/base/clock.ts';
import { StoreError } from '../../shared/storage/store-error.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import { aroundStores, type StoreCall } from './store-calls.ts';

/**
 * What becomes of one call. A lost answer of a read is told as `unavailable`: nothing could have happened.
 * - `throttled`, `conflict`, `unavailable`: refused with that kind, and not applied.
 * - `lost`: applied; the caller hears `unknown`.
 * - `never`: not applied; the caller hears `unknown`.
 * - `late`: the caller hears `unknown` now; it is applied `lateMs` later, or when `releaseHeld` is called.
 * - `dies before`, `dies after`: the caller never hears anything, as when its process ended before the call
 *   was sent, or after it was applied.
 */
export type Fate =
  | 'ok'
  | 'throttled'
  | 'conflict'
  | 'unavailable'
  | 'lost'
  | 'never'
  | { late: number | 'held' }
  | 'dies before'
  | 'dies after';

/** Decides about each call before it is made; it may take (virtual) time to do so, which delays the call. */
export type FaultPlan = (call: StoreCall) => Fate | Promise<Fate>;

export type FaultyStores = Stores & {
  /** Every call so far, with what became of it, in the order in which they were made. */
  readonly history: readonly (StoreCall & { fate: Fate })[];
  /** Applies what was held, in the order it came, and resolves when that is done. */
  releaseHeld(): Promise<void>;
};

const lost = (call: StoreCall): StoreError => {
  const what = `the answer to ${call.operation} of ${call.target} was lost`;
  return new StoreError(call.isWrite ? 'unknown' : 'unavailable', what);
};

/** Stores that fail as planned. All else about them is the inner stores'. */
export function faultyStores(stores: Stores, plan: FaultPlan, clock: Clock): FaultyStores {
  const history: (StoreCall & { fate: Fate })[] = [];
  const held: (() => Promise<unknown>)[] = [];
  const applyLate = (lateMs: number | 'held', perform: () => Promise<unknown>): void => {
    // What becomes of a late call nobody hears any more; its condition may well be false by then.
    const apply = (): Promise<unknown> => perform().catch(() => {});
    if (lateMs === 'held') held.push(apply);
    else void clock.sleep(lateMs).then(apply);
  };
  const faulty = aroundStores(stores, async (call, perform) => {
    const fate = await plan(call);
    history.push({ ...call, fate });
    if (fate === 'ok') return perform();
    if (fate === 'dies before') return new Promise(() => {});
    if (fate === 'dies after') {
      await perform().catch(() => {});
      return new Promise(() => {});
    }
    if (fate === 'lost') {
      await perform().catch(() => {});
      throw lost(call);
    }
    if (fate === 'never') throw lost(call);
    if (typeof fate === 'object') {
      if (call.isWrite) applyLate(fate.late, perform);
      throw lost(call);
    }
    throw new StoreError(fate, `planned: ${call.operation} of ${call.target} is refused`);
  });
  const releaseHeld = async (): Promise<void> => {
    for (const apply of held.splice(0)) await apply();
  };
  return { ...faulty, history, releaseHeld };
}

/** Only the N-th call (from 1) fails. */
export const failCall =
  (number: number, fate: Fate): FaultPlan =>
  (call) =>
    call.number === number ? fate : 'ok';

/** Only the N-th call (from 1) of those that `concerns` picks fails. */
export function failCallOf(concerns: (call: StoreCall) => boolean, number: number, fate: Fate): FaultPlan {
  let seen = 0;
  return (call) => {
    if (concerns(call)) seen++;
    return concerns(call) && seen === number ? fate : 'ok';
  };
}

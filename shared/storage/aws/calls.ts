import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { type RetryPolicy, retry } from '../../base/retry.ts';
import { isStoreError, mayRepeat, type StoreError } from '../store-error.ts';
import { mayPass, toStoreError } from './errors.ts';

/**
 * How calls to one table or bucket are repeated. The AWS client itself repeats nothing (`maxAttempts: 1`).
 */
export type Calls = {
  /** Repeated after whatever may pass by itself; then throttled or unavailable. */
  read<T>(operation: string, attempt: () => Promise<T>): Promise<T>;
  /** Repeated only while surely not applied. One answer lost ends it: the caller must look first. */
  write<T>(operation: string, attempt: () => Promise<T>): Promise<T>;
  /**
   * For writes that do the same however often they arrive. Repeated after a lost answer too; from then on
   * only a success is known, because the lost one may still arrive.
   */
  repeatableWrite<T>(operation: string, attempt: () => Promise<T>): Promise<T>;
};

/** Whoever calls has its own time limit; these bounds only bridge what passes within moments. */
const readPolicy = { firstDelayMs: 25, delayMsMax: 400, totalMsMax: 3_000 };
const writePolicy = { firstDelayMs: 20, delayMsMax: 150, totalMsMax: 500 };
const repeatableWritePolicy = { firstDelayMs: 50, delayMsMax: 800, totalMsMax: 5_000 };

/** `target` names the table or bucket in error messages. */
export function callsTo(target: string, { clock, random }: { clock: Clock; random: Random }): Calls {
  const translated =
    <T>(operation: string, isWrite: boolean, attempt: () => Promise<T>) =>
    (): Promise<T> =>
      attempt().catch((error: unknown) => {
        throw toStoreError(error, { operation, target, isWrite });
      });
  const policy = (bounds: Omit<RetryPolicy, 'clock' | 'random'>): RetryPolicy => ({
    ...bounds,
    clock,
    random,
  });
  return {
    read: (operation, attempt) => retry(policy(readPolicy), mayPass, translated(operation, false, attempt)),
    write: (operation, attempt) =>
      retry(policy(writePolicy), mayRepeat, sentOnceWhenUnknown(translated(operation, true, attempt))),
    repeatableWrite: (operation, attempt) =>
      retry(
        policy(repeatableWritePolicy),
        mayPass,
        onceUnknownAlwaysUnknown(translated(operation, true, attempt)),
      ),
  };
}

/** Asserts what `write` promises: nothing is sent again after a lost answer. */
function sentOnceWhenUnknown<T>(attempt: () => Promise<T>): () => Promise<T> {
  let wasLost = false;
  return async () => {
    assert(!wasLost, 'a write whose answer was lost is not sent again');
    try {
      return await attempt();
    } catch (error) {
      wasLost = isStoreError(error, 'unknown');
      throw error;
    }
  };
}

function onceUnknownAlwaysUnknown<T>(attempt: () => Promise<T>): () => Promise<T> {
  let lost: StoreError | undefined;
  return async () => {
    try {
      return await attempt();
    } catch (error) {
      if (isStoreError(error, 'unknown')) lost ??= error;
      throw lost ?? error;
    }
  };
}

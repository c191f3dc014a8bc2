import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

export type RetryPolicy = {
  /** The longest wait before the second try; it doubles with each further one. */
  firstDelayMs: number;
  delayMsMax: number;
  /** No new try begins later than this after the first. */
  totalMsMax: number;
  clock: Clock;
  random: Random;
};

/**
 * Repeats `attempt` while it throws what `mayRepeat` accepts, with full jitter between the tries, until the
 * policy's time is over; then the last error is thrown. The only retry loop around a store call in the code:
 * whoever decides `mayRepeat` must be sure that the failed try was not applied.
 */
export async function retry<T>(
  policy: RetryPolicy,
  mayRepeat: (error: unknown) => boolean,
  attempt: () => Promise<T>,
): Promise<T> {
  const startedMs = policy.clock.nowMs();
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const delayMs = backoffMs(policy, tries);
      const isOver = policy.clock.nowMs() + delayMs - startedMs > policy.totalMsMax;
      if (isOver || !mayRepeat(error)) throw error;
      await policy.clock.sleep(delayMs);
    }
  }
}

/** How long to wait after the failed try number `tries` (from 0): full jitter below a doubling bound. */
export function backoffMs(policy: Omit<RetryPolicy, 'totalMsMax' | 'clock'>, tries: number): number {
  const bound = Math.min(policy.delayMsMax, policy.firstDelayMs * 2 ** Math.min(tries, 20));
  return 1 + Math.floor(policy.random.next() * bound);
}

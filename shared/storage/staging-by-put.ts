import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { type RetryPolicy, retry } from '../base/retry.ts';
import type { MetadataStore } from './metadata-store.ts';
import type { ObjectStore } from './object-store.ts';
import type { Staged, StagedBytes, Staging, StagingThresholds } from './staging.ts';
import { mayRepeat, StoreError } from './store-error.ts';

/**
 * Staging of engines that do not order their own writes: it writes at once, and updates wait for it. A write
 * that was throttled is sent again where `patience` is given.
 */
export function stagingByPut(
  thresholds: StagingThresholds,
  metadata: MetadataStore,
  objects: ObjectStore,
  patience?: { clock: Clock; random: Random },
): Staging {
  const write = (what: StagedBytes): Promise<void> =>
    what.in === 'item' ? metadata.put(what.key, what.item) : objects.put(what.key, what.bytes);
  return {
    thresholds,
    stage: (what) => {
      const done = patience ? retry(policyWith(patience), mayRepeat, () => write(what)) : write(what);
      // Whoever stages may fail before anybody waits for it; that must not stop the process.
      done.catch(() => {});
      return { what, done };
    },
  };
}

const policyWith = (world: { clock: Clock; random: Random }): RetryPolicy => ({
  firstDelayMs: 20,
  delayMsMax: 1_000,
  totalMsMax: 5_000,
  ...world,
});

/**
 * Waits until everything an update comes after is durable. If something is not, the update must not be sent,
 * and has surely not been applied, whatever became of the staged bytes.
 */
export async function untilStaged(after: readonly Staged[] | undefined): Promise<void> {
  if (after === undefined || after.length === 0) return;
  try {
    await Promise.all(after.map(({ done }) => done));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('unavailable', `the bytes that the update names were not stored: ${reason}`, {
      cause,
    });
  }
}

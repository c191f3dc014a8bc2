import type { MetadataStore } from './metadata-store.ts';
import type { ObjectStore } from './object-store.ts';
import type { Staged, StagedBytes, Staging, StagingThresholds } from './staging.ts';
import { StoreError } from './store-error.ts';

/** Staging of engines that do not order their own writes: it writes at once, and updates wait for it. */
export function stagingByPut(
  thresholds: StagingThresholds,
  metadata: MetadataStore,
  objects: ObjectStore,
): Staging {
  const write = (what: StagedBytes): Promise<void> =>
    what.in === 'item' ? metadata.put(what.key, what.item) : objects.put(what.key, what.bytes);
  return {
    thresholds,
    stage: (what) => {
      const done = write(what);
      // Whoever stages may fail before anybody waits for it; that must not stop the process.
      done.catch(() => {});
      return { what, done };
    },
  };
}

/**
 * Waits until everything an update comes after is durable. If something is not, the update must not be sent, and has
 * surely not been applied, whatever became of the staged bytes.
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

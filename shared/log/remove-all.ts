import { forEachAtMost } from '../base/concurrency.ts';
import type { Key } from '../storage/item.ts';
import { appendRetry, type LogContext, repeated } from './log-context.ts';

/** How many removals are under way at once: enough to fill a group commit, few enough not to be throttled. */
const removalsAtOnce = 128;

/** Removes items, in no order; what is not there is no error. */
export function removeAll(context: LogContext, keys: readonly Key[]): Promise<void> {
  const { metadata } = context.stores;
  return forEachAtMost(removalsAtOnce, keys, (key) =>
    repeated(appendRetry(context), () => metadata.remove(key)),
  );
}

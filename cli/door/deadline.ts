import type { Clock } from '../../shared/base/clock.ts';

/**
 * Does work that ends with the signal, or after a time with a `TimeoutError`. Leaves nothing behind on the
 * signal, which may live through thousands of calls.
 */
export async function withDeadline<T>(
  clock: Clock,
  durationMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const stopping = new AbortController();
  const isDone = new AbortController();
  const stop = (): void => stopping.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  void clock.sleep(durationMs, isDone.signal).then(() => {
    if (!isDone.signal.aborted) stopping.abort(new DOMException('it took too long', 'TimeoutError'));
  });
  try {
    return await work(stopping.signal);
  } finally {
    isDone.abort();
    signal?.removeEventListener('abort', stop);
  }
}

import { systemClock } from '../../shared/base/clock.ts';

/** Asks again until the answer is what is wanted; throws after the deadline with the last answer. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  isWanted: (answer: T) => boolean,
  deadlineMs = 60_000,
): Promise<T> {
  const until = systemClock.nowMs() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (systemClock.nowMs() > until) {
      const shown = JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
      throw new Error(`${what}: not within ${deadlineMs} ms; last: ${shown}`);
    }
    await systemClock.sleep(100);
  }
}

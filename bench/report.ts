import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../shared/base/clock.ts';

/** One measured figure. */
export type Figure = { what: string; value: number; unit: string };

export const perSecond = (count: number, ms: number, unit: string) => ({ value: (count / ms) * 1000, unit });
export const inSeconds = (ms: number) => ({ value: ms / 1000, unit: 's' });

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'millrace-bench-'));

/** Runs `work` by so many callers at once, each one call after another, for about so many seconds. */
export async function untilOver(
  callers: number,
  seconds: number,
  work: (caller: number) => Promise<unknown>,
): Promise<{ count: number; ms: number }> {
  const startedMs = systemClock.nowMs();
  let count = 0;
  const caller = async (number: number): Promise<void> => {
    while (systemClock.nowMs() - startedMs < seconds * 1000) {
      await work(number);
      count++;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  return { count, ms: systemClock.nowMs() - startedMs };
}

const rounded = (value: number): string =>
  value >= 100 ? Math.round(value).toString() : value.toPrecision(3);

/** The figures as a table for people. */
export function tableOf(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ what }) => what.length));
  return figures
    .map(({ what, value, unit }) => `${what.padEnd(width)}  ${rounded(value).padStart(8)} ${unit}`)
    .join('\n');
}

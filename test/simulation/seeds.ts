import type { Anomaly } from './checkers/checker.ts';
import { asTheme, type Theme } from './focus.ts';
import { run } from './run.ts';

/** What a child process says of one seed, a line of JSON each. */
export type SeedReport = {
  readonly seed: number;
  readonly anomalies: readonly Anomaly[];
  readonly events: number;
};

/** Runs seeds one after another until one fails. Entry of the child processes that run mutants. */
export async function runSeeds(
  seed: number,
  runs: number,
  theme: Theme,
  report: (report: SeedReport) => void,
  stopAtFirst: boolean,
): Promise<void> {
  for (let at = 0; at < runs; at++) {
    const { anomalies, events } = await run(seed + at, { theme });
    report({ seed: seed + at, anomalies, events });
    if (stopAtFirst && anomalies.length > 0) return;
  }
}

if (process.argv[2] === 'run-seeds') {
  const [seed, runs, theme] = process.argv.slice(3);
  const report = (line: SeedReport): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  await runSeeds(Number(seed), Number(runs), asTheme(theme ?? ''), report, true);
}

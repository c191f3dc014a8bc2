import type { Anomaly } from './checkers/checker.ts';
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
  report: (report: SeedReport) => void,
  stopAtFirst: boolean,
): Promise<void> {
  for (let at = 0; at < runs; at++) {
    const { anomalies, events } = await run(seed + at);
    report({ seed: seed + at, anomalies, events });
    if (stopAtFirst && anomalies.length > 0) return;
  }
}

if (process.argv[2] === 'run-seeds') {
  const [seed, runs] = process.argv.slice(3).map(Number);
  await runSeeds(
    seed ?? 0,
    runs ?? 0,
    (report) => void process.stdout.write(`${JSON.stringify(report)}\n`),
    true,
  );
}

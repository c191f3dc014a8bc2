import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { bundleWith } from './bundle.ts';
import type { SimulationOptions } from './cli-options.ts';
import type { Mutant } from './mutant.ts';
import { appendMutants } from './mutants-of-append.ts';
import { groupMutants } from './mutants-of-groups.ts';
import { jobMutants } from './mutants-of-jobs.ts';
import { topicMutants } from './mutants-of-topics.ts';
import { run } from './run.ts';
import type { SeedReport } from './seeds.ts';

export const mutants: readonly Mutant[] = [...appendMutants, ...jobMutants, ...topicMutants, ...groupMutants];

type Verdict = { readonly mutant: Mutant; readonly seeds: number; readonly caughtBy: string };

/** Runs every mutant until a checker catches it, and prints the table. True when all were caught. */
export async function runMutants(
  { seed, runs, only, trace }: SimulationOptions,
  say: (line: string) => void,
): Promise<boolean> {
  const chosen = mutants.filter(({ name }) => name.includes(only));
  const waiting = [...chosen];
  const verdicts = new Map<Mutant, Verdict>();
  const worker = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const verdict = await judge(mutant, seed, runs, trace ? say : () => {});
      verdicts.set(mutant, verdict);
      say(row(verdict));
    }
  };
  say(`mutant → promise → checker → seeds (from seed ${seed}, at most ${runs})`);
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, worker));
  const survivors = chosen.filter((mutant) => verdicts.get(mutant)?.caughtBy === '');
  say(`${chosen.length - survivors.length} passed, ${survivors.length} failed`);
  for (const { name, why } of survivors) say(`not caught: ${name} (${why})`);
  return survivors.length === 0;
}

const row = ({ mutant, seeds, caughtBy }: Verdict): string =>
  `${mutant.name.padEnd(48)} ${mutant.promise.padEnd(4)} ${(caughtBy || 'NOT CAUGHT').padEnd(26)} ${seeds}`;

async function judge(
  mutant: Mutant,
  seed: number,
  runs: number,
  say: (line: string) => void,
): Promise<Verdict> {
  const file = await bundleWith(mutant);
  const child = spawn(process.execPath, [file, 'run-seeds', `${seed}`, `${runs}`, mutant.theme], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let seeds = 0;
  let caughtBy = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const report = JSON.parse(line) as SeedReport;
    seeds++;
    if (report.anomalies.length === 0) continue;
    caughtBy = [...new Set(report.anomalies.map(({ checker }) => checker))].join(', ');
    for (const { checker, message } of report.anomalies) {
      say(`  ${mutant.name}, seed ${report.seed}: ${checker}: ${message}`);
    }
  }
  if (caughtBy !== '') await checkIsHealthyWithout(mutant, seed + seeds - 1);
  const status = await ended;
  if (status !== 0) throw new Error(`the run of mutant '${mutant.name}' ended with status ${status}`);
  return { mutant, seeds, caughtBy };
}

/** A seed on which the code fails without the mutant proves nothing. */
async function checkIsHealthyWithout({ name, theme }: Mutant, seed: number): Promise<void> {
  const { anomalies } = await run(seed, { theme });
  const [first] = anomalies;
  if (first === undefined) return;
  throw new Error(`seed ${seed} fails without mutant '${name}', too: ${first.checker}: ${first.message}`);
}

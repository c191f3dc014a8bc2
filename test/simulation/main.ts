import { systemClock } from '../../shared/base/clock.ts';
import { readOptions, type SimulationOptions } from './cli-options.ts';
import { runMutants } from './mutants.ts';
import { run } from './run.ts';

// `npm run sim -- --seed N --runs K [--mutants] [--only NAME] [--theme NAME] [--trace]`

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** True when every seed passed. */
async function runHealthy({ seed, runs, trace, theme }: SimulationOptions): Promise<boolean> {
  const startedMs = systemClock.nowMs();
  let failed = 0;
  let events = 0;
  for (let at = 0; at < runs; at++) {
    const result = await run(seed + at, theme === undefined ? { trace } : { trace, theme });
    events += result.events;
    if (result.anomalies.length > 0) {
      failed++;
      const how = `--seed ${seed + at} --runs 1 --trace${theme === undefined ? '' : ` --theme ${theme}`}`;
      say(`\nseed ${seed + at} fails; replay it with: npm run sim -- ${how}`);
      for (const { promise, checker, message } of result.anomalies)
        say(`  ${promise} ${checker}: ${message}`);
      if (trace) printTrace(result);
    }
    if ((at + 1) % 100 === 0) say(`${at + 1} of ${runs} seeds, ${failed} failed, ${rate(at + 1, startedMs)}`);
  }
  say(`seeds ${seed} to ${seed + runs - 1}: ${events} events, ${rate(runs, startedMs)}`);
  say(`${runs - failed} passed, ${failed} failed`);
  return failed === 0;
}

const rate = (runs: number, startedMs: number): string =>
  `${((runs * 1000) / (systemClock.nowMs() - startedMs)).toFixed(1)} seeds/s`;

function printTrace({ trace, plan, hash }: Awaited<ReturnType<typeof run>>): void {
  for (const line of trace) say(`  ${line}`);
  say(`  plan ${JSON.stringify(plan, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`);
  say(`  hash ${hash}`);
}

const options = readOptions(process.argv.slice(2), systemClock.nowMs());
const isGood = options.mutants ? await runMutants(options, say) : await runHealthy(options);
process.exitCode = isGood ? 0 : 1;

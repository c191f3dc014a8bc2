import { parseArgs } from 'node:util';
import { asTheme, type Theme } from './focus.ts';

export type SimulationOptions = {
  /** The first seed. */
  readonly seed: number;
  readonly runs: number;
  readonly mutants: boolean;
  /** Only mutants whose name contains this. */
  readonly only: string;
  /** Print what happened in a failing run, operation by operation and call by call. */
  readonly trace: boolean;
  /** What all runs are about; by default each draws its own theme. */
  readonly theme?: Theme;
};

/** Throws, naming it, on an option or number that is not understood. */
export function readOptions(args: readonly string[], now: number): SimulationOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      trace: { type: 'boolean', default: false },
      theme: { type: 'string' },
    },
  });
  return {
    // Mutants are judged on the same seeds every time; healthy code on new ones.
    seed: numberOf('--seed', values.seed) ?? (values.mutants ? 1 : now % 1_000_000_000),
    runs: numberOf('--runs', values.runs) ?? (values.mutants ? 200 : 1_000),
    mutants: values.mutants,
    only: values.only,
    trace: values.trace,
    ...(values.theme === undefined ? {} : { theme: asTheme(values.theme) }),
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name} is a whole number, not '${text}'`);
  return Number(text);
}

import type { Theme } from './focus.ts';

/** A deliberately broken build: proof that the simulation would notice if the rule were missing. */
export type Mutant = {
  readonly name: string;
  /** What the missing rule protects, in `docs/guarantees.md`. */
  readonly promise: string;
  /** What is wrong, and where the shortest run that breaks is described (`traces.md`). */
  readonly why: string;
  /** What the runs that look for it are about: among all runs these would be one in a few. */
  readonly theme: Theme;
  readonly patches: readonly Patch[];
};

/** Textual, so that the code that is shipped knows nothing of it. `find` occurs exactly once in the file. */
export type Patch = { readonly file: string; readonly find: string; readonly replace: string };

import type { Client } from './client-program.ts';
import type { Column } from './columns.ts';
import type { Results } from './results.ts';
import type { Stage } from './stage.ts';

/** What each part of the suite works with. */
export type Stand = {
  readonly client: Client;
  readonly results: Results<Column>;
  /** There once tests run. */
  stage(): Stage;
};

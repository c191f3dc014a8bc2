import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { type Client, cached } from './client-program.ts';
import type { Column } from './columns.ts';

export type Outcome = 'yes' | 'no' | 'client has none';

const folder = cached('client-results');
/** Where one client's results are kept from its tests to that of the table. */
export const resultsFile = ({ name }: Client): string =>
  `${folder}/${name.replaceAll(/[^a-z0-9.]+/gi, '-')}.json`;

const testMs = 150_000;

/** How each feature of one client did, for the table of docs/kafka-coverage.md. */
export class Results {
  private readonly client: Client;
  private readonly outcomes: Partial<Record<Column, Outcome>> = {};

  constructor(client: Client) {
    this.client = client;
    rmSync(resultsFile(client), { force: true });
    for (const name of client.lacks) if (name !== 'time') this.outcomes[name] = 'client has none';
  }

  /** Defines the test of one column, unless the client lacks the feature. */
  test(column: Column, name: string, body: () => Promise<void>): void {
    if (this.outcomes[column] === 'client has none') return;
    test(
      name,
      async () => {
        this.outcomes[column] ??= 'yes';
        try {
          await body();
        } catch (error) {
          this.outcomes[column] = 'no';
          throw error;
        }
      },
      testMs,
    );
  }

  /** Kept for the test of the table, which runs after all clients. */
  write(): void {
    mkdirSync(folder, { recursive: true });
    const results = { name: this.client.name, outcomes: this.outcomes };
    writeFileSync(resultsFile(this.client), `${JSON.stringify(results, null, 2)}\n`);
  }
}

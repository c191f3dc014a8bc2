import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { cached } from './client-program.ts';

export type Outcome = 'yes' | 'no' | 'client has none';
export type Outcomes = { readonly [column: string]: Outcome };

const folder = cached('client-results');
/** Where one client's results are kept from its tests to that of the table. */
export const resultsFile = ({ name }: { name: string }): string =>
  `${folder}/${name.replaceAll(/[^a-z0-9.]+/gi, '-')}.json`;

const testMs = 150_000;

/** How each feature of one client, or each of Kafka's tools, did, for docs/kafka-coverage.md. */
export class Results<Column extends string> {
  private readonly name: string;
  private readonly outcomes: { [Name in Column]?: Outcome } = {};

  constructor(client: { readonly name: string; readonly lacks: readonly Column[] }) {
    this.name = client.name;
    rmSync(resultsFile(client), { force: true });
    for (const name of client.lacks) this.outcomes[name] = 'client has none';
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
    const results = { name: this.name, outcomes: this.outcomes };
    writeFileSync(resultsFile(results), `${JSON.stringify(results, null, 2)}\n`);
  }
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { type Client, cached } from './client-program.ts';

export const columns = {
  none: 'plain',
  gzip: 'gzip',
  snappy: 'snappy',
  lz4: 'lz4',
  zstd: 'zstd',
  keys: 'keys',
  headers: 'headers',
  null: 'null keys and values',
  acks: 'acks 0, 1, all',
  idempotent: 'idempotent',
  seek: 'seek',
  'offset-for-time': 'offsets by time',
  group: 'group, join and kill',
  commit: 'commit, restart of the broker',
  cooperative: 'cooperative',
  kip848: 'KIP-848',
  admin: 'admin',
  brokers: 'three brokers',
} as const;
export type Column = keyof typeof columns;
export type Outcome = 'yes' | 'no' | 'client has none';
export const resultsFolder = cached('client-results');

const testMs = 150_000;

/** How each feature of one client did, for the table of docs/kafka-coverage.md. */
export class Results {
  private readonly client: Client;
  private readonly outcomes: Partial<Record<Column, Outcome>> = {};

  constructor(client: Client) {
    this.client = client;
    for (const name of client.lacks) if (name in columns) this.outcomes[name as Column] = 'client has none';
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
    mkdirSync(resultsFolder, { recursive: true });
    const file = `${resultsFolder}/${this.client.name.replaceAll(/[^a-z0-9.]+/gi, '-')}.json`;
    writeFileSync(file, `${JSON.stringify({ name: this.client.name, outcomes: this.outcomes }, null, 2)}\n`);
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectTable } from '../../support/document-table.ts';
import { clients } from '../clients.ts';
import { columns } from '../columns.ts';
import { kafkaTools, toolsName } from '../kafka-tools.ts';
import { type Outcome, type Outcomes, resultsFile } from '../results.ts';

const document = 'docs/kafka-coverage.md';
const advice = 'UPDATE_DOCS=1 npm run test:clients writes it';
const words: Record<Outcome, string> = { yes: 'yes', no: '**no**', 'client has none': '–' };
type Named = { readonly name: string };

/** What each did in this run; whoever has not run is a failure. */
function outcomesOf(all: readonly Named[]): Outcomes[] {
  const missing = all.filter((one) => !existsSync(resultsFile(one))).map(({ name }) => name);
  expect(missing, 'they have not run: npm run test:clients runs all').toEqual([]);
  return all.map((one) => JSON.parse(readFileSync(resultsFile(one), 'utf8')).outcomes as Outcomes);
}

test('docs/kafka-coverage.md shows what the clients did in this run', () => {
  const all: Named[] = Object.values(clients);
  const outcomes = outcomesOf(all);
  // The features go down and the clients across: there are more features.
  const rows = Object.entries(columns).map(([column, name]) => {
    const cells = outcomes.map((ofClient) => words[ofClient[column] ?? 'no']);
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  const head = `| | ${all.map(({ name }) => name).join(' | ')} |`;
  expectTable(document, 'clients', [head, `|---|${'---|'.repeat(all.length)}`, ...rows], advice);
});

test("docs/kafka-coverage.md shows what Kafka's tools did in this run", () => {
  const [outcomes = {}] = outcomesOf([{ name: toolsName }]);
  const rows = Object.keys(kafkaTools).map((tool) => `| \`${tool}\` | ${words[outcomes[tool] ?? 'no']} |`);
  expectTable(document, 'tools', ['| tool | |', '|---|---|', ...rows], advice);
});

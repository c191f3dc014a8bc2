import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Client, repository } from '../client-program.ts';
import { clients } from '../clients.ts';
import { columns } from '../columns.ts';
import { type Outcome, resultsFile } from '../results.ts';

const document = join(repository, 'docs/kafka-coverage.md');
const [begin, end] = ['<!-- clients -->\n', '<!-- end of clients -->'];
const words: Record<Outcome, string> = { yes: 'yes', no: '**no**', 'client has none': '–' };

/** The features go down and the clients across: there are more features. */
function table(outcomesOf: (client: Client) => Record<string, Outcome>): string {
  const all: Client[] = Object.values(clients);
  const rows = Object.entries(columns).map(([column, name]) => {
    const cells = all.map((client) => words[outcomesOf(client)[column] ?? 'no']);
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  const head = all.map(({ name }) => name).join(' | ');
  return [`| | ${head} |`, `|---|${'---|'.repeat(all.length)}`, ...rows, ''].join('\n');
}

test('docs/kafka-coverage.md shows what the clients did in this run', () => {
  const missing = Object.values(clients).filter((client) => !existsSync(resultsFile(client)));
  expect(missing, 'clients that have not run: npm run test:clients runs all').toEqual([]);
  const expected = table((client) => JSON.parse(readFileSync(resultsFile(client), 'utf8')).outcomes);
  const text = readFileSync(document, 'utf8');
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  expect(text).toContain(begin);
  expect(to).toBeGreaterThanOrEqual(from);
  if (process.env.UPDATE_DOCS === '1')
    writeFileSync(document, `${text.slice(0, from)}${expected}${text.slice(to)}`);
  const shown = readFileSync(document, 'utf8');
  expect(shown.slice(from, shown.indexOf(end))).toBe(expected);
});

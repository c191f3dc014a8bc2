import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { domainFigures } from './domain.ts';
import { httpFigures } from './http.ts';
import { memoryFigures } from './memory.ts';
import { type Figure, tableOf } from './report.ts';

/**
 * `npm run bench -- [--seconds N] [--backlog-mb N] [--records N] [--report FILE]`: a table, and a JSON
 * report.
 */
async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { seconds: text, 'backlog-mb': text, records: text, report: text },
  });
  const seconds = Number(values.seconds ?? '5');
  const backlogBytes = Number(values['backlog-mb'] ?? '1000') * 1e6;
  const figures: Figure[] = [];
  const parts = [
    () => domainFigures(seconds, backlogBytes),
    () => httpFigures(seconds),
    () => memoryFigures(Number(values.records ?? '10000000')),
  ];
  for (const part of parts) {
    const found = await part();
    figures.push(...found);
    process.stdout.write(`${tableOf(found)}\n`);
  }
  const report = { node: process.version, figures };
  if (values.report) await writeFile(values.report, `${JSON.stringify(report, null, 2)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

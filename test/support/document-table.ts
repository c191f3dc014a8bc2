import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from '../tidy/sources.ts';

/**
 * Holds a table of a document, between `<!-- name -->` and `<!-- end of name -->`, against what it should be;
 * with UPDATE_DOCS=1 writes it there first.
 */
export function expectTable(document: string, name: string, rows: readonly string[], advice: string): void {
  const path = join(root, document);
  const text = readFileSync(path, 'utf8');
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  expect(text, document).toContain(begin);
  expect(to, `${document} has ${end}`).toBeGreaterThanOrEqual(from);
  const wanted = `${text.slice(0, from)}${rows.join('\n')}\n${text.slice(to)}`;
  if (process.env.UPDATE_DOCS === '1') writeFileSync(path, wanted);
  else expect(text, advice).toBe(wanted);
}

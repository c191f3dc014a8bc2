import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What is installed, built or written by a run; the same names as in .gitignore. */
const notOurs = new Set(['node_modules', 'dist', 'data', 'cdk.out', 'coverage', '.git', '.cache']);

export type SourceFile = { readonly path: string; readonly text: string };

/** Every file of the repository whose name `isWanted`, with its path from the root, slashes forward. */
export function filesOf(isWanted: (path: string) => boolean, folder = root): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!notOurs.has(entry.name)) files.push(...filesOf(isWanted, full));
      continue;
    }
    const path = relative(root, full).split(sep).join('/');
    if (entry.isFile() && isWanted(path)) files.push({ path, text: readFileSync(full, 'utf8') });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Our code; what stands in a folder of `test/clients` is a client's program, written as its users write. */
export const isCode = (path: string): boolean =>
  /\.(ts|mts|cts|js|mjs|cjs)$/.test(path) && !/^test\/clients\/[^/]+\//.test(path);

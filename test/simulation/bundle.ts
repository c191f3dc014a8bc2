import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Mutant } from './mutant.ts';

const root = join(import.meta.dirname, '../..');
const outDir = join(root, 'node_modules/.cache/millrace-simulation');

/** The simulation as one file, with the mutant's patches applied to the sources on their way into it. */
export async function bundleWith(mutant: Mutant): Promise<string> {
  await mkdir(outDir, { recursive: true });
  const outfile = join(outDir, `${mutant.name.replace(/[^a-z0-9]+/gi, '-')}.mjs`);
  const sources = await patched(mutant);
  await build({
    entryPoints: [join(root, 'test/simulation/seeds.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
    plugins: [
      {
        name: 'mutant',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = sources.get(path);
            return contents === undefined ? undefined : { contents, loader: 'ts' };
          }),
      },
    ],
  });
  return outfile;
}

/**
 * The patched sources by path. Throws when a text to be replaced is not there exactly once: the code has
 * moved on.
 */
export async function patched({ name, patches }: Mutant): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const { file, find, replace } of patches) {
    const path = join(root, file);
    const source = sources.get(path) ?? (await readFile(path, 'utf8'));
    const parts = source.split(find);
    if (parts.length !== 2) {
      throw new Error(`mutant '${name}': ${parts.length - 1} places in ${file} read\n${find}`);
    }
    sources.set(path, parts.join(replace));
  }
  return sources;
}

import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { commonJsBanner } from './bundle.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Writes the command line in parts, each loaded when a command needs it. Only the packages that the npm
 * package depends on stay outside: whoever calls AWS with it has nothing to install.
 */
export function buildCommandLine(outdir: string): void {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  rmSync(outdir, { recursive: true, force: true });
  buildSync({
    absWorkingDir: root,
    entryPoints: { main: join(root, 'cli/main.ts') },
    outdir,
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    external: Object.keys(dependencies),
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: commonJsBanner },
    logLevel: 'error',
  });
}

/**
 * `npm run build:package`: what the npm package carries besides the bundles of the functions. `millrace` and
 * `millrace/cdk` become one JavaScript file each, which import their packages, with the declarations they
 * need; the command line becomes a folder, which has what it needs of the AWS SDK inside.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { buildCommandLine } from './command-line-bundle.ts';
import { buildGatewayImage } from './gateway-image.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const types = join(dist, 'types');
const entries = { index: 'local/index.ts', cdk: 'infra/index.ts' };

/** In `dist` itself: the construct looks for the functions' bundles beside its own file. */
function buildCode(): void {
  buildSync({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, path)])),
    outdir: dist,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
}

function buildTypes(): void {
  rmSync(types, { recursive: true, force: true });
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.package.json'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('the declarations cannot be made: see above');
  const needed = new Set<string>();
  for (const path of Object.values(entries)) follow(declarationOf(join(types, path)), needed);
  for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    const file = join(types, name);
    if (file.endsWith('.d.ts') && !needed.has(file)) rmSync(file);
  }
}

const declarationOf = (path: string): string => path.replace(/\.ts$/, '.d.ts');

/** The compiler writes a declaration of every file; what no exported type leads to is not for users. */
function follow(file: string, needed: Set<string>): void {
  if (needed.has(file)) return;
  if (!existsSync(file)) throw new Error(`there is no ${relative(root, file)}`);
  needed.add(file);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g))
    follow(declarationOf(join(dirname(file), path)), needed);
}

buildCode();
buildCommandLine(join(dist, 'cli'));
buildGatewayImage();
buildTypes();

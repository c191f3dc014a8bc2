import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FunctionName } from '../shared/runtime/settings.ts';
import { bundleFunctions } from './bundle.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundles = join(root, 'dist', 'functions');
let areBuilt = false;

/**
 * The folder with one function's bundle. In a clone the bundles are made from the sources, once a process; the npm
 * package carries them ready made and has no sources, so that an app that uses the construct needs no bundler.
 */
export function functionBundle(name: FunctionName): string {
  if (!areBuilt && existsSync(join(root, 'functions', `${name}.ts`))) bundleFunctions(root, bundles);
  areBuilt = true;
  const folder = join(bundles, name);
  if (!existsSync(join(folder, 'index.mjs'))) {
    throw new Error(`no bundle of the function ${name} in ${folder}: run npm run build:functions`);
  }
  return folder;
}

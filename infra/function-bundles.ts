import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundleName } from '../shared/runtime/settings.ts';
import { bundleFunctions } from './bundle.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundles = join(root, 'dist', 'functions');
const stamp = join(bundles, '.built');
/** What the bundles are made of. */
const sources = ['functions', 'shared', 'infra/bundle.ts', 'package-lock.json'];
let isFresh = false;

/**
 * The folder with one function's bundle. In a clone the bundles are made when the sources are newer; the npm
 * package carries them ready made and has no sources, so that an app that uses the construct needs no
 * bundler.
 */
export function functionBundle(name: BundleName): string {
  if (!isFresh && existsSync(join(root, 'functions')) && !isBuilt()) build();
  isFresh = true;
  const folder = join(bundles, name);
  if (!existsSync(join(folder, 'index.mjs'))) {
    throw new Error(`no bundle of the function ${name} in ${folder}: run npm run build:functions`);
  }
  return folder;
}

/** The stamp bears the time of the beginning: what changes meanwhile counts as newer. */
function build(): void {
  const begun = `${stamp}-${process.pid}`;
  mkdirSync(bundles, { recursive: true });
  writeFileSync(begun, '');
  bundleFunctions(root, bundles);
  renameSync(begun, stamp);
}

const isBuilt = (): boolean =>
  existsSync(stamp) && statSync(stamp).mtimeMs > newestMs(sources.map((source) => join(root, source)));

/** When the newest of the files and folders, and of all below them, was changed. */
function newestMs(paths: readonly string[]): number {
  return paths.reduce((newest, path) => {
    const stats = statSync(path);
    const below = stats.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [];
    return Math.max(newest, stats.mtimeMs, newestMs(below));
  }, 0);
}

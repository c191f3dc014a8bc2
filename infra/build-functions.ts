/**
 * `npm run build:functions`: the bundles that the npm package carries, and what a cold start loads of each.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunctions } from './bundle.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outDir = join(root, 'dist', 'functions');

/** Milliseconds that a fresh process takes to import the bundle, best of five. */
function importMs(name: string): number {
  const file = join(outDir, name, 'index.mjs');
  const code = `const t = process.hrtime.bigint(); await import(${JSON.stringify(file)});
    process.stdout.write(String(Number(process.hrtime.bigint() - t) / 1e6));`;
  const unused = { MILLRACE_TABLE: 'none', MILLRACE_BUCKET: 'none', AWS_REGION: 'us-east-1' };
  const jobs = { MILLRACE_ROLL_FUNCTION: 'a', MILLRACE_RETAIN_FUNCTION: 'b', MILLRACE_SWEEP_FUNCTION: 'c' };
  const env = { ...process.env, ...unused, ...jobs };
  const times = Array.from({ length: 5 }, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      env,
    });
    if (status !== 0) throw new Error(`the bundle of ${name} cannot be imported:\n${stderr}`);
    return Number(stdout);
  });
  return Math.min(...times);
}

const lines = bundleFunctions(root, outDir).map(({ name, sizeBytes }) => {
  const size = `${Math.round(sizeBytes / 1000)} KB`.padStart(8);
  return `${name.padEnd(8)} ${size}   import ${Math.round(importMs(name))} ms`;
});
process.stdout.write(`${lines.join('\n')}\n`);

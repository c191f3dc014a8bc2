#!/usr/bin/env node
// What `npx millrace` runs. The npm package has the command ready in `dist`; a clone runs the sources, after
// installing what is missing, as `npm start` does.
import { existsSync } from 'node:fs';

const args = process.argv.slice(2);

if (existsSync(new URL('main.ts', import.meta.url))) {
  const { ensureInstalled } = await import('../local/ensure-installed.mjs');
  ensureInstalled('runtime');
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import('./main.ts');
  await main(args);
} else {
  const { main } = await import(new URL('../dist/cli/main.js', import.meta.url).href);
  await main(args);
}

#!/bin/sh
// 2>/dev/null; exec node --initial-old-space-size=128 --min-semi-space-size=8 "$0" "$@"
// What `npx millrace`, `npm start` and `npm run gateway` run. A shell reads the lines above and becomes Node
// with room on its heap: buffers count against it, and V8 takes these sizes at its birth only. To Node they
// are comments. The npm package has the command ready in `dist`; a clone runs the sources, after installing
// what is missing.
import { existsSync } from 'node:fs';

const args = process.argv.slice(2);

if (existsSync(new URL('main.ts', import.meta.url))) {
  const { ensureInstalled } = await import('../local/ensure-installed.mjs');
  ensureInstalled(args[0] === 'gateway' ? 'all' : 'runtime');
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import('./main.ts');
  await main(args);
} else {
  const { main } = await import(new URL('../dist/cli/main.js', import.meta.url).href);
  await main(args);
}

// What `npm start` runs: installs what is missing, then becomes Millrace in this same process, so that a
// signal to it reaches Millrace and not a shell in between.
import { ensureInstalled } from './ensure-installed.mjs';

ensureInstalled('runtime');

const { register } = await import('tsx/esm/api');
register();
await import('./main.ts');

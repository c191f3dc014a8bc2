// What `npm run gateway` runs: installs what is missing, then becomes the gateway in this same process, so
// that a signal to it reaches the gateway and not a shell in between.
import { ensureInstalled } from './ensure-installed.mjs';

ensureInstalled('all');

const { register } = await import('tsx/esm/api');
register();
await import('../gateway/main.ts');

import { createInterface } from 'node:readline';
import { type StartOptions, start } from '../../local/start.ts';
import { openLocalLog } from '../../shared/runtime/local-log.ts';

/**
 * What `npm start` runs, with the options that it has no flag for: they come as JSON, and a line
 * `stop-broker N` on standard input ends a listener.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as StartOptions;
const running = await start({ ...options, log: openLocalLog('warn') });

process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
createInterface({ input: process.stdin }).on('line', (line) => {
  const [, brokerId] = /^stop-broker (\d+)$/.exec(line) ?? [];
  if (brokerId !== undefined) void running.stopBroker(Number(brokerId));
});
process.stdout.write(`millrace ready rest=${running.restUrl} kafka=${running.bootstrapServers}\n`);

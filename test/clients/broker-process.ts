import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { repository } from './client-program.ts';

export type BrokerProcess = ServerProcess & { readonly bootstrap: string };

/** A broker in a process of its own. `given`: arguments as `npm start --` takes them. */
export async function startBroker(...given: string[]): Promise<BrokerProcess> {
  const hasPort = given.includes('--kafka-port');
  const server = await startServerProcess({
    name: 'Millrace',
    command: process.execPath,
    arguments: ['local/run.mjs', '--rest-port', '0', ...(hasPort ? [] : ['--kafka-port', '0']), ...given],
    cwd: repository,
    whenReady: (output) => /^millrace ready rest=\S+ kafka=(\S+)$/m.exec(output)?.[1],
    deadlineMs: 60_000,
    advice: 'Run npm start and see.',
  });
  return { ...server, bootstrap: server.ready };
}

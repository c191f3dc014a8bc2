import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { repository } from './client-program.ts';

export type BrokerProcess = ServerProcess & { readonly bootstrap: string; readonly restUrl: string };

/** A broker in a process of its own. `given`: arguments as `npm start --` takes them. */
export async function startBroker(...given: string[]): Promise<BrokerProcess> {
  const hasPort = given.includes('--kafka-port');
  const server = await startServerProcess({
    name: 'Millrace',
    command: process.execPath,
    arguments: ['local/run.mjs', '--rest-port', '0', ...(hasPort ? [] : ['--kafka-port', '0']), ...given],
    cwd: repository,
    whenReady: (output) => /^millrace ready (rest=\S+ kafka=\S+)$/m.exec(output)?.[1],
    deadlineMs: 60_000,
    advice: 'Run npm start and see.',
  });
  const [, restUrl = '', bootstrap = ''] = /^rest=(\S+) kafka=(\S+)$/.exec(server.ready) ?? [];
  return { ...server, restUrl, bootstrap };
}

/** Over HTTP, so that no client's admin part is needed for what is not about it. */
export async function createTopic(restUrl: string, name: string, partitions: number): Promise<void> {
  const found = (await (await fetch(`${restUrl}/v3/clusters`)).json()) as { data: { cluster_id: string }[] };
  const answer = await fetch(`${restUrl}/v3/clusters/${found.data[0]?.cluster_id}/topics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ topic_name: name, partitions_count: partitions }),
  });
  if (answer.status !== 201) throw new Error(`no topic ${name}: ${answer.status} ${await answer.text()}`);
}

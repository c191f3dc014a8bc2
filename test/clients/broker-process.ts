import type { StartOptions } from '../../local/start.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { repository } from './client-program.ts';

export type BrokerProcess = ServerProcess & {
  readonly bootstrap: string;
  readonly restUrl: string;
  /** Ends one of several listeners, as if its broker had died. */
  stopBroker(brokerId: number): void;
};

/** What can be told to another process. */
export type BrokerOptions = Omit<StartOptions, 'log'>;

/** Millrace in a process of its own. Without `data` everything is in memory; ports are free ones. */
export async function startBroker(options: BrokerOptions): Promise<BrokerProcess> {
  const server = await startServerProcess({
    name: 'Millrace',
    command: process.execPath,
    arguments: ['--import', 'tsx', 'test/clients/broker-main.ts', JSON.stringify(options)],
    cwd: repository,
    whenReady: (output) => /^millrace ready (rest=\S+ kafka=\S+)$/m.exec(output)?.[1],
    deadlineMs: 60_000,
    advice: 'Run npm start and see.',
  });
  const [, restUrl = '', bootstrap = ''] = /^rest=(\S+) kafka=(\S+)$/.exec(server.ready) ?? [];
  const stopBroker = (brokerId: number): void => server.tell(`stop-broker ${brokerId}`);
  return { ...server, restUrl, bootstrap, stopBroker };
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

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../shared/base/clock.ts';
import { type Child, outputOf, startChild } from './child.ts';
import { Connection } from './connection.ts';

/** A server that is up and answers. */
export type Server = {
  name: string;
  bootstrapServers: string;
  port: number;
  pid: number;
  stop(): Promise<void>;
};

const root = join(fileURLToPath(import.meta.url), '../../..');
const installed = join(root, '.cache/bench-kafka');
/** Kafka, its tools and our own Java program. */
export const javaClassPath = `${join(installed, 'jars/*')}:${join(installed, 'classes')}`;
/** Python with confluent-kafka. */
export const python = join(root, '.cache/bench-venv/bin/python');

const startMsMax = 90_000;

const command = join(root, 'cli/run.mjs');

/** What the command gives to Node. */
async function nodeOptions(): Promise<string[]> {
  const [, line = ''] = (await readFile(command, 'utf8')).split('\n');
  return line.split(' ').filter((word) => word.startsWith('--'));
}

/** Ours, as `npm start` runs it, synced as it always is. */
export async function startOurs(folder: string, profileFolder?: string): Promise<Server> {
  const [port, restPort] = await freePorts(2);
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const ports = ['--kafka-port', String(port), '--rest-port', String(restPort)];
  const args = [...(await nodeOptions()), ...profile, command, 'serve', '--data', folder, ...ports];
  return whenUp('ours', Number(port), startChild(process.execPath, args));
}

/**
 * Apache Kafka, one node that is broker and controller, as its own scripts start it. `isSynced`: it syncs
 * what it acknowledges (`log.flush.interval.messages=1`), as ours does; its default leaves that to the
 * system.
 */
export async function startKafka(name: string, folder: string, isSynced: boolean): Promise<Server> {
  const [port, controllerPort] = await freePorts(2);
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'server.properties');
  await writeFile(config, propertiesOf(Number(port), Number(controllerPort), join(folder, 'data'), isSynced));
  const format = ['format', '-t', 'bWlsbHJhY2UtYmVuY2gtMQ', '-c', config];
  await outputOf('java', ['-cp', javaClassPath, 'kafka.tools.StorageTool', ...format]);
  const args = [...virtualMachine, '-cp', javaClassPath, 'kafka.Kafka', config];
  return whenUp(name, Number(port), startChild('java', args));
}

/** What kafka-server-start.sh gives the virtual machine. */
const virtualMachine = [
  '-Xmx1G',
  '-Xms1G',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Djava.awt.headless=true',
];

const propertiesOf = (port: number, controllerPort: number, folder: string, isSynced: boolean): string =>
  [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `log.dirs=${folder}`,
    'offsets.topic.num.partitions=1',
    'offsets.topic.replication.factor=1',
    'group.initial.rebalance.delay.ms=0',
    ...(isSynced ? ['log.flush.interval.messages=1'] : []),
    '',
  ].join('\n');

async function whenUp(name: string, port: number, child: Child): Promise<Server> {
  let code: number | null | undefined;
  void child.exited.then((ended) => {
    code = ended;
  });
  const giveUpAtMs = systemClock.nowMs() + startMsMax;
  for (;;) {
    if (code !== undefined) throw new Error(`${name} ended with ${code}\n${child.output()}`);
    const isUp = await answers(port);
    if (isUp) break;
    if (systemClock.nowMs() > giveUpAtMs) {
      await child.stop();
      throw new Error(`${name} was not up after ${startMsMax} ms\n${child.output()}`);
    }
    await systemClock.sleep(100);
  }
  return { name, bootstrapServers: `127.0.0.1:${port}`, port, pid: child.pid, stop: child.stop };
}

async function answers(port: number): Promise<boolean> {
  try {
    const connection = await Connection.open(port);
    try {
      return await connection.hasBroker();
    } finally {
      connection.close();
    }
  } catch {
    return false;
  }
}

/** Ports that nothing listens on just now, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

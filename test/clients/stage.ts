import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrokerOptions, type BrokerProcess, createTopic, startBroker } from './broker-process.ts';
import { type Arguments, type Client, ClientProcess, type Task } from './client-program.ts';
import { clients } from './clients.ts';
import type { Plan, SeenRecord } from './records.ts';

/** A KIP-848 member that was killed is missed after a time that the broker chooses: 45 s by default. */
const groupSettings = { consumerSessionTimeoutMs: 6_000, consumerHeartbeatIntervalMs: 1_000 };

/** A broker on a folder of its own, and the programs that run against it. */
export class Stage {
  readonly client: Client;
  broker: BrokerProcess;
  private readonly folder: string;
  private readonly options: BrokerOptions;
  private readonly programs: ClientProcess[] = [];
  private topics = 0;

  private constructor(client: Client, folder: string, options: BrokerOptions, broker: BrokerProcess) {
    this.client = client;
    this.folder = folder;
    this.options = options;
    this.broker = broker;
  }

  static async open(client: Client, options: BrokerOptions = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-clients-'));
    const all = { data: join(folder, 'data'), groupSettings, ...options };
    return new Stage(client, folder, all, await startBroker(all));
  }

  async close(): Promise<void> {
    this.killPrograms();
    await this.broker.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  killPrograms(): void {
    for (const program of this.programs.splice(0)) program.signal('SIGKILL');
  }

  /** The same address and folder; clients that run meanwhile see a broker that was away. */
  async restartBroker(end: 'stop' | 'kill' = 'stop'): Promise<void> {
    const [, port = ''] = /:(\d+)/.exec(this.broker.bootstrap) ?? [];
    await this.broker[end]();
    this.broker = await startBroker({ ...this.options, kafkaPort: Number(port) });
  }

  /** Resolves with its name. */
  async topic(partitions: number): Promise<string> {
    this.topics++;
    const name = `topic-${this.topics}`;
    await createTopic(this.broker.restUrl, name, partitions);
    return name;
  }

  run(task: Task, args: Arguments, client: Client = this.client): ClientProcess {
    const program = new ClientProcess(client, this.broker.bootstrap, task, args);
    this.programs.push(program);
    return program;
  }

  /**
   * Times in a plan are written by a client that can set them. Resolves with where the records went, if told.
   */
  async produce(topic: string, plan: Plan, more: Arguments = {}): Promise<[number, number][]> {
    const { timeMs, ...rest } = plan;
    const client =
      timeMs !== undefined && this.client.lacks.includes('time') ? clients.confluent : this.client;
    const time: Arguments = timeMs === undefined ? {} : { time: timeMs };
    const program = await this.run('produce', { topic, ...rest, ...time, ...more }, client).finish();
    return program.lines.find(({ sent }) => sent !== undefined)?.sent ?? [];
  }

  /** Reads `count` records; whoever reads alone, from the beginning. */
  async consume(topic: string, count: number, more: Arguments = {}): Promise<SeenRecord[]> {
    return (await this.run('consume', { topic, count, ...more }).finish()).records;
  }
}

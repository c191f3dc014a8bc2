import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { requestHeader } from '../../shared/protocol/frame.ts';
import { apiByKey } from '../../shared/protocol/messages/index.ts';
import { createTopic, startBroker } from './broker-process.ts';
import { type Client, ClientProcess, repository } from './client-program.ts';
import { clients } from './clients.ts';
import { type KafkaTool, runTool, toolsName } from './kafka-tools.ts';

/**
 * Records what real clients say and what they are answered, into test/wire/golden:
 * `node --import tsx test/clients/record-golden.ts` after `npm run test:clients` has installed them.
 *
 * The broker listens on 127.0.0.1 and tells clients to come to 127.0.0.2, where this listens on the same port
 * and passes on what it keeps. Of each version of each API one small request is kept and one that says more.
 */
type Exchange = { api: string; version: number; request: string; response: string };

const front = '127.0.0.2';
const frameBytesMax = 1_500;

class Recorder {
  private readonly kept = new Map<string, { first: Exchange; most?: Exchange }>();

  /** Listens in front of the broker at `port`. */
  listen(port: number): Promise<() => void> {
    const server = createServer((client) => this.pass(client, port));
    return new Promise((resolve) => server.listen(port, front, () => resolve(() => server.close())));
  }

  get exchanges(): Exchange[] {
    const all = [...this.kept.values()].flatMap(({ first, most }) => (most ? [first, most] : [first]));
    return all.sort((a, b) => a.api.localeCompare(b.api) || a.version - b.version);
  }

  private pass(client: Socket, port: number): void {
    const broker = connect(port, '127.0.0.1');
    const asked = new Map<number, Buffer>();
    const [requests, responses] = [new Cutter(), new Cutter()];
    client.on('data', (chunk: Buffer) => {
      for (const frame of requests.frames(chunk)) asked.set(requestHeader(frame).correlationId, frame);
      broker.write(chunk);
    });
    broker.on('data', (chunk: Buffer) => {
      for (const frame of responses.frames(chunk)) {
        const request = asked.get(frame.readInt32BE(0));
        asked.delete(frame.readInt32BE(0));
        if (request !== undefined) this.keep(request, frame);
      }
      client.write(chunk);
    });
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.on('end', () => other.end());
    }
  }

  private keep(request: Buffer, response: Buffer): void {
    if (request.length > frameBytesMax || response.length > frameBytesMax * 2) return;
    const { apiKey, apiVersion } = requestHeader(request);
    const api = apiByKey.get(apiKey)?.name;
    if (api === undefined) return;
    const name = `${api} ${apiVersion}`;
    const exchange = {
      api,
      version: apiVersion,
      request: request.toString('base64'),
      response: response.toString('base64'),
    };
    const kept = this.kept.get(name);
    if (kept === undefined) this.kept.set(name, { first: exchange });
    else if (lengthOf(exchange) > lengthOf(kept.most ?? kept.first)) kept.most = exchange;
  }
}

const lengthOf = ({ request, response }: Exchange): number => request.length + response.length;

/** Cuts a stream of known good will into frames, their sizes left off. */
class Cutter {
  private rest = Buffer.alloc(0);

  frames(chunk: Buffer): Buffer[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const frames: Buffer[] = [];
    while (this.rest.length >= 4 && this.rest.length >= 4 + this.rest.readInt32BE(0)) {
      const end = 4 + this.rest.readInt32BE(0);
      frames.push(this.rest.subarray(4, end));
      this.rest = this.rest.subarray(end);
    }
    return frames;
  }
}

/** Runs `work` against a fresh broker, and writes what was said to it. */
async function record(name: string, work: (bootstrap: string, restUrl: string) => Promise<void>) {
  const broker = await startBroker({ advertisedHost: front });
  const port = Number(/:(\d+)$/.exec(broker.bootstrap)?.[1]);
  const recorder = new Recorder();
  const close = await recorder.listen(port);
  try {
    await work(broker.bootstrap, broker.restUrl);
  } finally {
    close();
    await broker.stop();
  }
  const { exchanges } = recorder;
  const file = `${name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')}.json`;
  const lines = exchanges.map((exchange) => `    ${JSON.stringify(exchange)}`).join(',\n');
  const text = `{\n  "client": ${JSON.stringify(name)},\n  "exchanges": [\n${lines}\n  ]\n}\n`;
  writeFileSync(`${repository}test/wire/golden/${file}`, text);
  process.stdout.write(`${name}: ${exchanges.length} exchanges\n`);
}

function ofClient(client: Client) {
  return record(client.name, async (bootstrap, restUrl) => {
    const run = (task: 'produce' | 'consume' | 'offset-for-time' | 'admin', args: object) =>
      new ClientProcess(client, bootstrap, task, { topic: 'golden', ...args }).finish();
    await createTopic(restUrl, 'golden', 2);
    await run('produce', { count: 3, keys: 2, prefix: 'r', codec: 'gzip' });
    await run('produce', { count: 3, keys: 2, prefix: 'r', idempotent: true });
    await run('consume', { count: 6 });
    await run('consume', { count: 2, group: 'golden' });
    if (!client.lacks.includes('kip848'))
      await run('consume', { count: 2, group: 'new', assignor: 'consumer' });
    if (!client.lacks.includes('offset-for-time')) await run('offset-for-time', { partition: 0, time: 1 });
    if (!client.lacks.includes('admin')) await run('admin', { topic: 'other' });
  });
}

const toolCalls: readonly (readonly [KafkaTool, string])[] = [
  ['kafka-topics', '--create --topic golden --partitions 2'],
  ['kafka-topics', '--describe --topic golden'],
  ['kafka-console-producer', '--topic golden'],
  ['kafka-console-consumer', '--topic golden --group golden --from-beginning --max-messages 1'],
  ['kafka-consumer-groups', '--describe --group golden'],
  ['kafka-consumer-groups', '--describe --group golden --members'],
  ['kafka-consumer-groups', '--group golden --topic golden --reset-offsets --to-earliest --execute'],
  ['kafka-consumer-groups', '--group golden --topic golden --delete-offsets'],
  ['kafka-consumer-groups', '--group golden --delete'],
  ['kafka-configs', '--alter --topic golden --add-config retention.ms=7200000'],
  ['kafka-configs', '--describe --topic golden'],
  ['kafka-configs', '--alter --entity-type clients --entity-name me --add-config consumer_byte_rate=1048576'],
  ['kafka-configs', '--describe --entity-type clients --entity-name me'],
  ['kafka-get-offsets', '--topic golden'],
  ['kafka-log-dirs', '--describe --topic-list golden'],
  ['kafka-acls', '--list'],
  ['kafka-acls', '--add --allow-principal User:bob --operation Read --topic golden'],
  ['kafka-leader-election', '--election-type preferred --topic golden --partition 0'],
  ['kafka-reassign-partitions', '--list'],
  ['kafka-transactions', 'list'],
  ['kafka-transactions', 'describe-producers --topic golden --partition 0'],
  ['kafka-groups', '--list'],
];

const ofTools = () =>
  record(toolsName, async (bootstrap) => {
    for (const [tool, args] of toolCalls)
      await runTool(tool, ['--bootstrap-server', bootstrap, ...args.split(' ')], { input: 'one\ntwo\n' });
  });

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.some((one) => name.includes(one));
for (const client of Object.values(clients)) if (isWanted(client.name)) await ofClient(client);
if (isWanted(toolsName)) await ofTools();

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../shared/base/clock.ts';
import { temporaryFolder } from '../report.ts';
import { residentOfOther } from '../resident.ts';
import { processorSeconds } from './child.ts';
import { Connection } from './connection.ts';
import { type Load, type LoadFigures, type LoadSizes, loads } from './loads.ts';
import { type Server, startKafka, startOurs } from './servers.ts';

export type CompareOptions = LoadSizes & {
  /** How often each load runs on each server. */
  pairs: number;
  /** Names of loads; undefined: all. */
  loads: readonly string[] | undefined;
  /** Names of servers beside ours; undefined: all. */
  against: readonly string[] | undefined;
  /** Where our server leaves a profile of its processor time. */
  profileFolder: string | undefined;
  tell(text: string): void;
};

/** All runs of one load on one server, in order; `error`: why there are no more of them. */
export type ServerRuns = { server: string; runs: LoadFigures[]; error?: string };
export type Comparison = { load: string; what: string; servers: ServerRuns[] };

export const kafkaNames = { unsynced: 'kafka', synced: 'kafka-synced' } as const;

const processorFigure = 'server CPU s';

/**
 * Runs every load on our server and on Apache Kafka, in turn, so that what else the machine does meets all
 * alike: compare runs of one turn only. Ends every process that it began.
 */
export async function compare(options: CompareOptions): Promise<Comparison[]> {
  const chosen = chosenLoads(options);
  const folder = await temporaryFolder();
  const servers: Server[] = [];
  try {
    servers.push(await startOurs(join(folder, 'ours'), options.profileFolder));
    for (const name of Object.values(kafkaNames)) {
      if (options.against !== undefined && !options.against.includes(name)) continue;
      servers.push(await startKafka(name, join(folder, name), name === kafkaNames.synced));
    }
    await warmUp(servers, options);
    const comparisons: Comparison[] = [];
    for (const load of chosen) comparisons.push(await compareIn(load, servers, options));
    for (const { name, pid } of servers) options.tell(`${name} holds ${megabytesOf(pid)} at the end`);
    return comparisons;
  } finally {
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const warmUpMegabytes = 20;
const warmUpSeconds = 1;

/** What a server compiles while it runs is compiled before anything is measured. */
async function warmUp(servers: readonly Server[], options: CompareOptions): Promise<void> {
  const sizes = { ...options, megabytes: warmUpMegabytes, seconds: warmUpSeconds };
  for (const server of servers) {
    for (const load of loads.filter(({ name }) => name === 'java-128k' || name === 'callers-64')) {
      const topic = `bench-warm-up-${load.name}`;
      await withConnection(server, (connection) => connection.createTopic(topic, load.partitions));
      await load.run(server, topic, sizes);
      await withConnection(server, (connection) => connection.deleteTopic(topic));
    }
    await untilQuiet(server);
  }
}

function chosenLoads({ loads: names, tell }: CompareOptions): Load[] {
  const unknown = names?.find((name) => !loads.some((load) => load.name === name));
  if (unknown !== undefined) {
    throw new Error(`there is no load "${unknown}": ${loads.map(({ name }) => name).join(', ')}`);
  }
  return loads.filter((load) => {
    if (names !== undefined && !names.includes(load.name)) return false;
    const missing = load.misses?.();
    if (missing !== undefined) tell(`${load.name} is skipped: ${missing} is not there`);
    return missing === undefined;
  });
}

async function compareIn(
  load: Load,
  servers: readonly Server[],
  options: CompareOptions,
): Promise<Comparison> {
  const results = servers.map((server): ServerRuns => ({ server: server.name, runs: [] }));
  const attempt = async (place: number, work: (server: Server) => Promise<LoadFigures | undefined>) => {
    const [server, result] = [servers[place] as Server, results[place] as ServerRuns];
    if (result.error !== undefined) return;
    try {
      const figures = await work(server);
      if (figures) result.runs.push(figures);
    } catch (error) {
      result.error = error instanceof Error ? error.message : String(error);
      options.tell(`${load.name} failed on ${server.name}: ${result.error}`);
    }
  };
  const kept = load.prepare ? `bench-${load.name}` : undefined;
  if (kept !== undefined) {
    for (const place of servers.keys()) {
      await attempt(place, (server) => prepared(load, server, kept, options).then(() => undefined));
    }
  }
  for (let pair = 0; pair < options.pairs; pair++) {
    for (let turn = 0; turn < servers.length; turn++) {
      // Nobody always comes first, or right behind the same other.
      const place = (turn + pair) % servers.length;
      const topic = kept ?? `bench-${load.name}-${pair}`;
      await attempt(place, (server) => measured(load, server, topic, kept === undefined, options));
    }
  }
  if (kept !== undefined) {
    for (const server of servers) await withConnection(server, (connection) => connection.deleteTopic(kept));
  }
  return { load: load.name, what: load.what, servers: results };
}

async function prepared(load: Load, server: Server, topic: string, options: CompareOptions): Promise<void> {
  await withConnection(server, (connection) => connection.createTopic(topic, load.partitions));
  await load.prepare?.(server, topic, options);
  await untilQuiet(server);
}

async function measured(
  load: Load,
  server: Server,
  topic: string,
  isFresh: boolean,
  options: CompareOptions,
): Promise<LoadFigures> {
  if (isFresh) await withConnection(server, (connection) => connection.createTopic(topic, load.partitions));
  const before = processorSeconds(server.pid);
  const figures = await load.run(server, topic, options);
  await untilQuiet(server);
  const after = processorSeconds(server.pid);
  if (isFresh) await withConnection(server, (connection) => connection.deleteTopic(topic));
  const told = Object.entries(figures).map(([figure, value]) => `${value.toFixed(1)} ${figure}`);
  options.tell(`${load.name}: ${server.name} ${told.join(', ')}`);
  return before === undefined || after === undefined
    ? figures
    : { ...figures, [processorFigure]: after - before };
}

const quietLookMs = 250;
const quietPart = 0.1;
const quietLooksMax = 20;

/** What a server does behind its answers is its own cost, and must not slow down the next one. */
async function untilQuiet({ pid }: Server): Promise<void> {
  let before = processorSeconds(pid);
  for (let look = 0; look < quietLooksMax && before !== undefined; look++) {
    await systemClock.sleep(quietLookMs);
    const after = processorSeconds(pid) ?? before;
    if ((after - before) * 1000 < quietLookMs * quietPart) return;
    before = after;
  }
}

async function withConnection(
  server: Server,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await Connection.open(server.port);
  try {
    await work(connection);
  } finally {
    connection.close();
  }
}

function megabytesOf(pid: number): string {
  const resident = residentOfOther(pid);
  if (resident === undefined) return 'an unknown amount of memory';
  const megabytes = (bytes = 0) => Math.round(bytes / 1e6);
  const parts = `${megabytes(resident.anonymousBytes)} MB of its own, ${megabytes(resident.fileBytes)} MB of files`;
  return `${megabytes(resident.bytes)} MB in memory: ${parts}`;
}

/**
 * Real flights through Kafka clients: `npm run example:kafka-flights -- 127.0.0.1:9092`.
 *
 * A producer in Python (confluent-kafka) writes them, keyed by their airport of departure. A group of three
 * processes in Node (kafkajs) reads them; when half is processed, one is killed with SIGKILL. Every flight
 * has to be processed, the flights of each airport in order, and no partition may be in two hands at once.
 * What is not so is named, and the exit code is 1.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { type Member, repeatsIn, type Told, violationsOf } from './judge.ts';

const usage = `npm run example:kafka-flights -- BOOTSTRAP [options]

  BOOTSTRAP       where Kafka clients begin, e.g. 127.0.0.1:9092
  --topic NAME    default kafka-flights; made with 6 partitions, and may not be there yet
  --python PATH   a Python with confluent-kafka; default: the one that the script has installed
  --json          one JSON report on standard output
`;

const partitions = 6;
const memberCount = 3;
const patienceMs = 60_000;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);

/** A member that runs: what it prints goes into a file, and what was read of it is in `told`. */
type Running = {
  readonly child: ChildProcess;
  readonly output: number;
  readonly told: Told[];
  unread: string;
  killedAtUs?: number;
};

const flightsFile = fileURLToPath(new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets')));

async function createTopic(bootstrap: string, topic: string): Promise<void> {
  const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.ERROR });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const isNew = await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] });
    if (!isNew) throw new Error(`there is a topic ${topic} already: give another --topic`);
  } finally {
    await admin.disconnect();
  }
}

function startMember(bootstrap: string, topic: string, folder: string, number: number): Running {
  const args = ['--import', 'tsx', here('member.ts'), bootstrap, topic, `${topic}-readers`];
  const file = join(folder, `member-${number}`);
  const child = spawn(process.execPath, args, { stdio: ['ignore', openSync(file, 'w'), 'inherit'] });
  return { child, output: openSync(file, 'r'), told: [], unread: '' };
}

const chunk = Buffer.alloc(1 << 20);

/** Takes in what the member has printed since. */
function hear(member: Running): void {
  for (let length = readSync(member.output, chunk); length > 0; length = readSync(member.output, chunk)) {
    const lines = (member.unread + chunk.toString('latin1', 0, length)).split('\n');
    member.unread = lines.pop() ?? '';
    member.told.push(...lines.map((line) => JSON.parse(line) as Told));
  }
}

async function until(what: string, isTrue: () => boolean, members: readonly Running[]): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    for (const member of members) hear(member);
    if (isTrue()) return;
    if (Date.now() > giveUpAt) throw new Error(`it has taken more than ${patienceMs / 1000} s until ${what}`);
    for (const { child, killedAtUs } of members)
      if (child.exitCode !== null && killedAtUs === undefined)
        throw new Error(`a member ended with ${child.exitCode} before ${what}`);
    await sleep(20);
  }
}

async function produce(python: string, bootstrap: string, topic: string): Promise<void> {
  const args = [here('producer.py'), bootstrap, topic, flightsFile];
  const child = spawn(python, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the producer ended with ${code}`);
}

/** The flights that were processed at least once. */
const processedIn = (members: readonly Running[]): Set<number> =>
  new Set(members.flatMap(({ told }) => told.flatMap((one) => ('flight' in one ? [one.flight] : []))));

const flightsOf = ({ told }: Running): number => told.filter((one) => 'flight' in one).length;
const hasPartitions = ({ told }: Running): boolean => {
  const last = told.findLast((one) => !('flight' in one));
  return last !== undefined && 'took' in last && last.took.length === partitions / memberCount;
};

/** The one that has done most so far. */
function killOne(members: readonly Running[]): number {
  const busiest = members.reduce((most, one) => (flightsOf(one) > flightsOf(most) ? one : most));
  busiest.child.kill('SIGKILL');
  return members.indexOf(busiest);
}

async function run(bootstrap: string, topic: string, python: string) {
  const flights = JSON.parse(readFileSync(flightsFile, 'utf8')) as { origin: string }[];
  await createTopic(bootstrap, topic);
  const folder = mkdtempSync(join(tmpdir(), 'kafka-flights-'));
  const members = Array.from({ length: memberCount }, (_, number) =>
    startMember(bootstrap, topic, folder, number),
  );
  try {
    await until('each member has its partitions', () => members.every(hasPartitions), members);
    const producing = produce(python, bootstrap, topic);
    const isHalf = (): boolean => processedIn(members).size >= flights.length / 2;
    await Promise.all([producing, until('half the flights are processed', isHalf, members)]);
    const killed = killOne(members);
    const victim = members[killed] as Running;
    await once(victim.child, 'close');
    victim.killedAtUs = nowUs();
    hear(victim);
    const processedBefore = flightsOf(victim);
    await until('all flights are processed', () => processedIn(members).size === flights.length, members);
    const told: Member[] = members;
    return {
      flights: flights.length,
      airports: new Set(flights.map(({ origin }) => origin)).size,
      processedByMember: members.map(flightsOf),
      killed: { member: killed, afterFlights: processedBefore },
      repeats: repeatsIn(told),
      violations: violationsOf(
        flights.map(({ origin }) => origin),
        told,
      ),
    };
  } finally {
    for (const { child } of members) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      topic: { type: 'string', default: 'kafka-flights' },
      python: { type: 'string', default: here('../../.cache/clients-venv/bin/python') },
      json: { type: 'boolean', default: false },
    },
  });
  const [bootstrap, ...others] = positionals;
  if (bootstrap === undefined || others.length > 0) throw new Error(`one address is wanted\n\n${usage}`);
  const report = await run(bootstrap, values.topic, values.python);
  process.stdout.write(`${values.json ? JSON.stringify(report) : described(report)}\n`);
  if (report.violations.length > 0) process.exitCode = 1;
}

function described(report: Awaited<ReturnType<typeof run>>): string {
  const { flights, airports, processedByMember, killed, repeats, violations } = report;
  return [
    `${flights} flights of ${airports} airports, processed by ${processedByMember.length} members: ` +
      processedByMember.join(', '),
    `member ${killed.member} was killed after ${killed.afterFlights}; ${repeats} flights came again`,
    ...(violations.length === 0
      ? ['Every flight was processed, each airport in order, no partition in two hands at once.']
      : []),
    ...violations.slice(0, 20).map((violation) => `VIOLATION ${violation}`),
  ].join('\n');
}

main().catch((error: unknown) => {
  process.stderr.write(`kafka-flights: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});

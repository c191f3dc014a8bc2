import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compare } from './against-kafka/compare.ts';
import { comparisonTable, rowsOf } from './against-kafka/table.ts';
import { domainFigures } from './domain.ts';
import { httpFigures } from './http.ts';
import { memoryFigures } from './memory.ts';
import { type Figure, tableOf } from './report.ts';

const usage = `How fast this is: a table, and with --report a file of JSON.

  npm run bench -- [options]

  --parts P,...        of domain, http, memory, kafka (default all)
  --against-kafka      the same as --parts kafka: beside Apache Kafka, in turn, on this machine
  --seconds N          how long each load of callers lasts (default 5)
  --backlog-mb N       what is written and read back (default 1000)
  --records N          records of the memory part (default 10000000)
  --report FILE        write a report

  of the comparison with Kafka, which needs Java 17, Maven and, for librdkafka, Python 3:
  --pairs N            how often each load runs on each server (default 3)
  --loads L,...        of java-16k, java-128k, java-16k-6, java-128k-6, librdkafka, callers-1, callers-64,
                       consumer, latency (default all)
  --servers S,...      beside ours, of kafka, kafka-synced (default both)
  --load-mb N          what a producer sends in a run (default 200)
  --rate N             records a second of the latency load (default 500)
  --profile FOLDER     leave a profile of our server's processor time there
  --help
`;

const parts = ['domain', 'http', 'memory', 'kafka'] as const;
type Part = (typeof parts)[number];
type Values = { [option: string]: string | boolean | undefined };

class BadUsage extends Error {}

function readArguments(): Values {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    parts: text,
    'against-kafka': flag,
    seconds: text,
    'backlog-mb': text,
    records: text,
    report: text,
    pairs: text,
    loads: text,
    servers: text,
    'load-mb': text,
    rate: text,
    profile: text,
    help: flag,
  };
  try {
    return parseArgs({ options, allowPositionals: false }).values;
  } catch (error) {
    throw new BadUsage(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(values: Values, name: string, otherwise: number): number {
  const value = Number(values[name] ?? otherwise);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new BadUsage(`--${name} is a number above 0, not "${values[name]}"`);
}

const listOf = (values: Values, name: string): string[] | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value.split(',').filter((one) => one !== '') : undefined;
};

function partsOf(values: Values): Part[] {
  const names = values['against-kafka'] ? ['kafka'] : listOf(values, 'parts');
  const unknown = names?.find((name) => !parts.some((part) => part === name));
  if (unknown !== undefined) throw new BadUsage(`there is no part "${unknown}"`);
  return parts.filter((part) => names === undefined || names.includes(part));
}

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** Fetches Kafka and its clients; false, with the reason told, when that cannot be. */
function hasKafka(): boolean {
  for (const command of ['java', 'javac', 'mvn']) {
    if (spawnSync(command, ['-version'], { stdio: 'ignore' }).status === 0) continue;
    tell(`the comparison with Apache Kafka is skipped: it needs ${command} (Java 17, Maven)`);
    return false;
  }
  const install = (part: string): boolean => {
    const script = fileURLToPath(new URL('./against-kafka/install.mjs', import.meta.url));
    return spawnSync(process.execPath, [script, part], { stdio: ['ignore', 2, 2] }).status === 0;
  };
  install('librdkafka'); // the load that needs it says when it is not there
  if (install('kafka')) return true;
  tell('the comparison with Apache Kafka is skipped: it could not be fetched');
  return false;
}

async function kafkaPart(values: Values): Promise<object[]> {
  if (!hasKafka()) return [];
  const profileFolder = typeof values.profile === 'string' ? values.profile : undefined;
  if (profileFolder !== undefined) mkdirSync(profileFolder, { recursive: true });
  const comparisons = await compare({
    pairs: numberOf(values, 'pairs', 3),
    seconds: numberOf(values, 'seconds', 5),
    megabytes: numberOf(values, 'load-mb', 200),
    backlogMegabytes: numberOf(values, 'backlog-mb', 1000),
    rate: numberOf(values, 'rate', 500),
    loads: listOf(values, 'loads'),
    against: listOf(values, 'servers'),
    profileFolder,
    tell,
  });
  process.stdout.write(`${comparisonTable(rowsOf(comparisons))}\n`);
  return comparisons;
}

async function main(): Promise<void> {
  const values = readArguments();
  if (values.help) return void process.stdout.write(usage);
  const chosen = partsOf(values);
  const seconds = numberOf(values, 'seconds', 5);
  const backlogBytes = numberOf(values, 'backlog-mb', 1000) * 1e6;
  const records = numberOf(values, 'records', 10_000_000);
  const own: Record<Exclude<Part, 'kafka'>, () => Promise<Figure[]>> = {
    domain: () => domainFigures(seconds, backlogBytes),
    http: () => httpFigures(seconds),
    memory: () => memoryFigures(records),
  };
  const figures: Figure[] = [];
  let againstKafka: object[] = [];
  for (const part of chosen) {
    if (part === 'kafka') {
      againstKafka = await kafkaPart(values);
      continue;
    }
    const found = await own[part]();
    figures.push(...found);
    process.stdout.write(`${tableOf(found)}\n`);
  }
  const report = { node: process.version, figures, againstKafka };
  if (typeof values.report === 'string') {
    await writeFile(values.report, `${JSON.stringify(report, null, 2)}\n`);
  }
}

// A process that ends by `exit` takes the servers that it began with it (child.ts).
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

main().catch((error: unknown) => {
  const isUsage = error instanceof BadUsage;
  const message = error instanceof Error ? (isUsage ? error.message : error.stack) : String(error);
  process.stderr.write(`bench: ${message}\n${isUsage ? `\n${usage}` : ''}`);
  process.exit(isUsage ? 2 : 1);
});

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Fetches what the comparison runs beside ours: Apache Kafka and its tools with Maven, confluent-kafka with
// pip. Each goes into .cache once for each version. Fails for Kafka only: the rest can be left out.

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '../../.cache');
const confluent = 'confluent-kafka==2.16.1';

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(error?.message ?? `${command} ended with ${status}`);
}

/** Makes a folder anew unless it was made from the same text. */
function once(name, text, make) {
  const folder = join(cache, name);
  const stamp = join(folder, 'made-from');
  const madeFrom = createHash('sha256').update(text).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === madeFrom) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  make(folder);
  writeFileSync(stamp, madeFrom);
}

function apacheKafka() {
  const pom = join(here, 'pom.xml');
  const program = join(here, 'Latency.java');
  once('bench-kafka', readFileSync(pom, 'utf8') + readFileSync(program, 'utf8'), (folder) => {
    const jars = join(folder, 'jars');
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jars}`];
    run('mvn', ['-q', '-B', '-f', pom, ...copy]);
    run('javac', ['-d', join(folder, 'classes'), '-cp', join(jars, '*'), program]);
  });
}

function librdkafka() {
  once('bench-venv', confluent, (folder) => {
    run('python3', ['-m', 'venv', folder]);
    run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', confluent]);
  });
}

const parts = process.argv.slice(2);
const installs = { kafka: apacheKafka, librdkafka };
for (const [name, install] of Object.entries(installs)) {
  if (parts.length > 0 && !parts.includes(name)) continue;
  try {
    install();
  } catch (error) {
    process.stderr.write(`not installed: ${name}: ${error.message}\n`);
    process.exitCode = 1;
  }
}

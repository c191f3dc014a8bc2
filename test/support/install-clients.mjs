import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Installs the Kafka clients of test/clients by package name: kcat from Debian, the others into .cache, once
// for each version and each change of their programs. What cannot be installed is a failure, told at the end.
// Arguments name the ones that are wanted: kcat npmClients pythonClients javaClient kafkaTools kafkaStreams
// goClient.

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const programs = join(root, 'test/clients');
const cache = (name) => join(root, '.cache', name);

const pythonPackages = [
  'confluent-kafka==2.16.1',
  'kafka-python==3.0.12',
  'aiokafka==0.14.0',
  'cramjam==2.14.0', // snappy, lz4 and zstd of aiokafka
  'crc32c==2.9.post0',
  'python-snappy==0.7.3',
  'lz4==4.4.5',
  'zstandard==0.25.0',
];

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options });
  if (status !== 0) throw new Error(error?.message ?? `${command} ${args.join(' ')} ended with ${status}`);
}

const hasCommand = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

function debian(...packages) {
  run('apt-get', ['update', '-q']);
  run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages]);
}

/** Names what a folder was made from. */
const stampOf = (text) => createHash('sha256').update(text).digest('hex');
const textOf = (...parts) => {
  const folder = join(programs, ...parts);
  return readdirSync(folder)
    .sort()
    .map((name) => `${name}\n${readFileSync(join(folder, name), 'utf8')}`)
    .join('\n');
};

/** Makes the folder anew unless it was made from the same `text`. */
function once(name, text, make) {
  const folder = cache(name);
  const stamp = join(folder, 'made-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(text)) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  make(folder);
  writeFileSync(stamp, stampOf(text));
}

function npmClients() {
  const manifest = readFileSync(join(programs, 'npm/package.json'), 'utf8');
  const lock = readFileSync(join(programs, 'npm/package-lock.json'), 'utf8');
  once('clients-npm', manifest + lock, (folder) => {
    for (const name of ['package.json', 'package-lock.json'])
      cpSync(join(programs, 'npm', name), join(folder, name));
    run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
  });
}

function pythonClients() {
  if (!hasCommand('python3', '-c', 'import ensurepip, venv')) debian('python3', 'python3-venv');
  once('clients-venv', pythonPackages.join('\n'), (folder) => {
    run('python3', ['-m', 'venv', folder]);
    run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...pythonPackages]);
  });
}

function installMaven() {
  if (!hasCommand('javac', '-version') || !hasCommand('mvn', '-version'))
    debian('default-jdk-headless', 'maven');
}

/** The jars that the pom of a folder names, and its program, compiled. */
function javaProgram(name, source) {
  installMaven();
  once(`clients-${name}`, textOf(name), (folder) => {
    const pom = join(programs, name, 'pom.xml');
    run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]);
    const jars = join(folder, '*');
    run('javac', ['-d', join(folder, 'classes'), '-cp', jars, join(programs, name, source)]);
  });
}

const javaClient = () => javaProgram('java', 'Main.java');
const kafkaStreams = () => javaProgram('streams', 'WordCount.java');

function kafkaTools() {
  installMaven();
  once('clients-tools', readFileSync(join(programs, 'tools/pom.xml'), 'utf8'), (folder) => {
    const pom = join(programs, 'tools/pom.xml');
    run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]);
  });
}

function goClient() {
  if (!hasCommand('go', 'version')) debian('golang-go');
  once('clients-go', textOf('go'), (folder) =>
    run('go', ['build', '-o', join(folder, 'franz'), '.'], { cwd: join(programs, 'go') }),
  );
}

function kcat() {
  if (!hasCommand('kcat', '-V')) debian('kcat');
}

const all = { kcat, npmClients, pythonClients, javaClient, kafkaTools, kafkaStreams, goClient };
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(all);
const failures = wanted.flatMap((name) => {
  try {
    all[name]();
    return [];
  } catch (error) {
    return [`${name}: ${error.message}`];
  }
});
// The tests of what is missing fail, those of the rest run.
for (const failure of failures) process.stderr.write(`\nnot installed: ${failure}\n`);

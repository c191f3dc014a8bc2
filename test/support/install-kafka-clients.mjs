import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Fetches Kafka's Java client with Maven into .cache/kafka-clients-<version>, once, and unpacks the
// definitions of its messages, which `test/wire/kafka-clients` compares ours with.

const version = '4.1.1';
const artifacts = [`org.apache.kafka:kafka-clients:${version}`, 'org.slf4j:slf4j-api:1.7.36'];
const folder = join(dirname(fileURLToPath(import.meta.url)), '../../.cache', `kafka-clients-${version}`);
const stamp = join(folder, 'complete');

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status === 0) return;
  process.stderr.write(
    `\nkafka-clients ${version} was not fetched: ${error?.message ?? `${command} ended with ${status}`}. ` +
      'It needs Maven, a JDK of version 17 or newer and a way to Maven Central.\n',
  );
  process.exit(1);
}

const hasCommand = (command, argument) => spawnSync(command, [argument], { stdio: 'ignore' }).status === 0;

function installMaven() {
  if (hasCommand('jar', '--version') && hasCommand('mvn', '-version')) return;
  run('apt-get', ['update', '-q']);
  run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'default-jdk-headless', 'maven']);
}

if (!existsSync(stamp)) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  installMaven();
  for (const artifact of artifacts)
    run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]);
  run('jar', ['xf', `kafka-clients-${version}.jar`, 'common/message']);
  writeFileSync(stamp, '');
}

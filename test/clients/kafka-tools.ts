import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { systemClock } from '../../shared/base/clock.ts';
import { cached } from './client-program.ts';

const jars = cached('clients-tools');

/** Kafka's command-line tools and what their scripts run. The version is that of tools/pom.xml. */
export const kafkaTools = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
} as const;
export type KafkaTool = keyof typeof kafkaTools;

/** As the table of docs/kafka-coverage.md calls them all. */
export const toolsName = "Kafka's command-line tools 4.1.1";

export type Ended = {
  readonly status: number | null;
  /** Lines of standard output, runs of blanks as one, empty lines left out. */
  readonly lines: readonly string[];
  readonly errors: string;
};

export type ToolOptions = {
  input?: string;
  /** SIGTERM once the lines so far are enough. */
  endWhen?(lines: readonly string[]): boolean;
};

const toolMs = 60_000;

const linesOf = (output: string): string[] =>
  output
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '');

/** Runs one of Kafka's tools to its end, which `endWhen` may bring. Rejects after a minute. */
export async function runTool(
  tool: KafkaTool,
  args: readonly string[],
  { input = '', endWhen }: ToolOptions = {},
): Promise<Ended> {
  if (!existsSync(jars))
    throw new Error(`${toolsName} are not installed: npm run test:clients installs them`);
  const java = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', `${jars}/*`, kafkaTools[tool]];
  const child = spawn('java', [...java, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (endWhen?.(linesOf(output))) child.kill('SIGTERM');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const patience = new AbortController();
  const late = systemClock.sleep(toolMs, patience.signal).then(() => {
    if (!patience.signal.aborted) child.kill('SIGKILL');
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  patience.abort();
  await late;
  if (child.signalCode === 'SIGKILL')
    throw new Error(`${tool} ${args.join(' ')} did not end\n${output}${errors}`);
  return { status, lines: linesOf(output), errors };
}

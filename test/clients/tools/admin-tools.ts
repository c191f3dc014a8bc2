import { expect } from 'vitest';
import { runTool } from '../kafka-tools.ts';
import { type Bench, topicOf, wellEnded } from './bench.ts';

/** The tools that look at the cluster, and those for which there is nothing here to steer. */
export function describeAdminTools(bench: Bench): void {
  describeCluster(bench);
  describeRefusals(bench);
}

function describeCluster(bench: Bench): void {
  const { results, ask, bootstrap } = bench;

  results.test('kafka-log-dirs', 'kafka-log-dirs: the bytes of each partition', async () => {
    const topic = await topicOf(bench, 'sized', 2);
    wellEnded(await ask('kafka-console-producer', `--topic ${topic}`, { input: 'one\n' }));
    const lines = wellEnded(await ask('kafka-log-dirs', `--describe --topic-list ${topic}`));
    const { brokers } = JSON.parse(lines.at(-1) ?? '');
    const [{ logDirs }] = brokers;
    expect(logDirs[0].error).toBe(null);
    const sizes = logDirs[0].partitions.map(({ size }: { size: number }) => size);
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeGreaterThan(60);
    expect(Math.min(...sizes)).toBe(0);
  });

  results.test('kafka-broker-api-versions', 'kafka-broker-api-versions: all of ours it can use', async () => {
    const lines = wellEnded(await ask('kafka-broker-api-versions', '--command-config /dev/null'));
    expect(lines[0]).toBe(`${bootstrap()} (id: 1 rack: null isFenced: false) -> (`);
    for (const api of ['Produce(0): 0 to 11 [usable: 11],', 'Fetch(1): 4 to 17 [usable: 17],'])
      expect(lines).toContain(api);
    expect(lines.filter((line) => line.includes(' to ') && !line.includes('usable'))).toEqual([]);
  });

  results.test('kafka-cluster', 'kafka-cluster: the id, and every broker with its port', async () => {
    const cluster = async (command: string) =>
      wellEnded(await runTool('kafka-cluster', [command, '--bootstrap-server', bootstrap()]));
    expect((await cluster('cluster-id'))[0]).toMatch(/^Cluster ID: [\w-]{22}$/);
    const [, port] = bootstrap().split(':');
    expect((await cluster('list-endpoints'))[1]).toBe(`1 127.0.0.1 ${port} null unfenced broker`);
  });
}

function describeRefusals(bench: Bench): void {
  const { results, ask } = bench;

  results.test('kafka-metadata-quorum', 'kafka-metadata-quorum hears that there is no quorum', async () => {
    const { status, lines, errors } = await ask('kafka-metadata-quorum', 'describe --status');
    expect(status).toBe(1);
    expect(`${lines.join()}${errors}`).toContain('The node does not support DESCRIBE_QUORUM');
  });

  results.test('kafka-acls', 'kafka-acls hears that security is off', async () => {
    for (const args of ['--list', '--add --allow-principal User:bob --operation Read --topic any']) {
      const { status, lines, errors } = await ask('kafka-acls', args);
      expect(status).toBe(1);
      expect(`${lines.join()}${errors}`).toContain('SecurityDisabledException');
    }
  });

  results.test('kafka-leader-election', 'kafka-leader-election finds nothing to elect', async () => {
    const topic = await topicOf(bench, 'led', 1);
    const one = await ask(
      'kafka-leader-election',
      `--election-type preferred --topic ${topic} --partition 0`,
    );
    expect(wellEnded(one)).toEqual([`Valid replica already elected for partitions ${topic}-0`]);
  });

  results.test('kafka-reassign-partitions', 'kafka-reassign-partitions: nothing is under way', async () => {
    expect(wellEnded(await ask('kafka-reassign-partitions', '--list'))).toEqual([
      'No partition reassignments found.',
    ]);
  });

  results.test('kafka-transactions', 'kafka-transactions: there are none', async () => {
    const topic = await topicOf(bench, 'produced', 1);
    wellEnded(await ask('kafka-console-producer', `--topic ${topic}`, { input: 'one\n' }));
    expect(wellEnded(await ask('kafka-transactions', 'list'))).toHaveLength(1);
    const producers = `describe-producers --topic ${topic} --partition 0`;
    const lines = wellEnded(await ask('kafka-transactions', producers));
    expect(lines[1]).toMatch(/^\d+ 0 -1 0 \d+ None$/);
  });
}

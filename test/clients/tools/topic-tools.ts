import { expect } from 'vitest';
import { type Bench, topicOf, wellEnded } from './bench.ts';

/** kafka-topics and kafka-configs. */
export function describeTopicTools(bench: Bench): void {
  const { results, ask } = bench;

  results.test('kafka-topics', 'kafka-topics creates, lists, describes, grows and deletes', async () => {
    const made = await ask(
      'kafka-topics',
      '--create --topic first --partitions 3 --config retention.ms=3600000',
    );
    expect(wellEnded(made)).toEqual(['Created topic first.']);
    expect(wellEnded(await ask('kafka-topics', '--list'))).toContain('first');
    wellEnded(await ask('kafka-topics', '--alter --topic first --partitions 5'));
    const [head = '', ...partitions] = wellEnded(await ask('kafka-topics', '--describe --topic first'));
    expect(head).toMatch(/^Topic: first TopicId: [\w-]{22} PartitionCount: 5 ReplicationFactor: 1 Configs: /);
    expect(head).toContain('retention.ms=3600000');
    expect(partitions).toEqual(
      [0, 1, 2, 3, 4].map(
        (partition) => `Topic: first Partition: ${partition} Leader: 1 Replicas: 1 Isr: 1 Elr: LastKnownElr:`,
      ),
    );
    wellEnded(await ask('kafka-topics', '--delete --topic first'));
    expect(wellEnded(await ask('kafka-topics', '--list'))).not.toContain('first');
  });

  results.test('kafka-topics', 'kafka-topics says what it cannot do', async () => {
    const topic = await topicOf(bench, 'there', 3);
    const again = await ask('kafka-topics', `--create --topic ${topic}`);
    expect(again).toMatchObject({ status: 1 });
    expect(again.lines.join()).toContain("Topic 'there' already exists.");
    expect((await ask('kafka-topics', `--alter --topic ${topic} --partitions 2`)).lines.join()).toContain(
      "Topic 'there' has 3 partitions; 2 is not more.",
    );
    expect((await ask('kafka-topics', '--describe --topic missing')).status).toBe(1);
    const wide = await ask('kafka-topics', '--create --topic wide --replication-factor 4');
    expect(wide.lines.join()).toContain('replication factor');
  });

  results.test('kafka-configs', 'kafka-configs sets, shows and takes away configs of a topic', async () => {
    const topic = await topicOf(bench, 'configured', 1);
    const set = `--alter --topic ${topic} --add-config retention.ms=7200000,cleanup.policy=[compact,delete]`;
    expect(wellEnded(await ask('kafka-configs', set))).toEqual([
      `Completed updating config for topic ${topic}.`,
    ]);
    const describe = `--describe --topic ${topic}`;
    expect(wellEnded(await ask('kafka-configs', describe))).toEqual([
      `Dynamic configs for topic ${topic} are:`,
      'cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=' +
        'compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}',
      'retention.ms=7200000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=7200000, ' +
        'DEFAULT_CONFIG:log.retention.ms=604800000}',
    ]);
    const unset = `--alter --topic ${topic} --delete-config retention.ms,cleanup.policy`;
    wellEnded(await ask('kafka-configs', unset));
    expect(wellEnded(await ask('kafka-configs', describe))).toHaveLength(1);
    const bad = await ask('kafka-configs', `--alter --topic ${topic} --add-config nonsense=1`);
    expect(bad.status).toBe(1);
    expect(`${bad.lines.join()}${bad.errors}`).toContain('InvalidConfigurationException');
  });

  results.test('kafka-configs', 'kafka-configs shows brokers and keeps quotas', async () => {
    const all = wellEnded(await ask('kafka-configs', '--describe --broker 1 --all'));
    expect(all[0]).toBe('All configs for broker 1 are:');
    expect(all.some((line) => line.startsWith('inter.broker.protocol.version='))).toBe(true);
    const client = '--entity-type clients --entity-name reader';
    wellEnded(await ask('kafka-configs', `--alter ${client} --add-config consumer_byte_rate=1048576`));
    expect(wellEnded(await ask('kafka-configs', `--describe ${client}`))).toEqual([
      "Quota configs for client-id 'reader' are consumer_byte_rate=1048576.0",
    ]);
    wellEnded(await ask('kafka-configs', `--alter ${client} --delete-config consumer_byte_rate`));
    expect(wellEnded(await ask('kafka-configs', `--describe ${client}`))).toEqual([]);
  });
}

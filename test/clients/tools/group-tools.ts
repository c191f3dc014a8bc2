import { expect } from 'vitest';
import { type Bench, topicOf, wellEnded } from './bench.ts';

/** kafka-consumer-groups and kafka-groups. */
export function describeGroupTools(bench: Bench): void {
  const { results, ask } = bench;
  const groups = async (args: string) => wellEnded(await ask('kafka-consumer-groups', args));

  /** A group that has read and committed three records of one partition, and is empty. */
  async function groupOf(topic: string, more = ''): Promise<string> {
    await topicOf(bench, topic, 1);
    const input = 'one\ntwo\nthree\nfour\n';
    wellEnded(await ask('kafka-console-producer', `--topic ${topic}`, { input }));
    const read = `--topic ${topic} --group of-${topic} --from-beginning --max-messages 3 --timeout-ms 30000`;
    expect(wellEnded(await ask('kafka-console-consumer', `${read}${more}`))).toHaveLength(3);
    return `of-${topic}`;
  }

  results.test('kafka-consumer-groups', 'kafka-consumer-groups lists and describes', async () => {
    const group = await groupOf('looked-at');
    expect(await groups('--list')).toContain(group);
    expect(await groups('--list --state')).toContain(`${group} Empty`);
    expect(await groups('--list --type')).toContain(`${group} Classic`);
    expect((await groups(`--describe --group ${group}`)).at(-1)).toBe(`${group} looked-at 0 3 4 1 - - -`);
    expect((await groups(`--describe --group ${group} --state`)).at(-1)).toMatch(
      /^of-looked-at 127\.0\.0\.1:\d+ \(1\) - Empty 0$/,
    );
    const missing = await ask('kafka-consumer-groups', '--describe --group missing');
    expect(missing.lines.join()).toContain('GroupIdNotFoundException');
  });

  for (const protocol of ['classic', 'consumer'] as const)
    results.test('kafka-consumer-groups', `kafka-consumer-groups shows ${protocol} members`, async () => {
      const topic = await topicOf(bench, `of-${protocol}`, 2);
      const group = `with-${protocol}`;
      wellEnded(await ask('kafka-console-producer', `--topic ${topic}`, { input: 'one\n' }));
      let isSeen = false;
      const reading = ask(
        'kafka-console-consumer',
        `--topic ${topic} --group ${group} --from-beginning --consumer-property group.protocol=${protocol} ` +
          '--consumer-property client.id=looked-at --timeout-ms 50000',
        { endWhen: () => isSeen },
      );
      const member = async (): Promise<string[]> => {
        const { lines } = await ask('kafka-consumer-groups', `--describe --group ${group} --members`);
        const row = lines.find((line) => line.startsWith(`${group} `) && line.endsWith(' 2'));
        return row?.split(' ') ?? member();
      };
      expect((await member()).slice(2)).toEqual(['/127.0.0.1', 'looked-at', '2']);
      isSeen = true;
      wellEnded(await ask('kafka-console-producer', `--topic ${topic}`, { input: 'two\n' }));
      await reading;
    });

  results.test('kafka-consumer-groups', 'kafka-consumer-groups resets and deletes offsets', async () => {
    const group = await groupOf('reset');
    const reset = (where: string) => groups(`--group ${group} --topic reset --reset-offsets ${where}`);
    expect((await reset('--to-earliest --dry-run')).at(-1)).toBe(`${group} reset 0 0`);
    expect((await groups(`--describe --group ${group}`)).at(-1)).toContain(' 0 3 4 1 ');
    expect((await reset('--to-offset 2 --execute')).at(-1)).toBe(`${group} reset 0 2`);
    expect((await reset('--shift-by 1 --execute')).at(-1)).toBe(`${group} reset 0 3`);
    expect((await reset('--to-latest --execute')).at(-1)).toBe(`${group} reset 0 4`);
    expect((await reset('--to-datetime 2020-01-01T00:00:00.000 --execute')).at(-1)).toBe(
      `${group} reset 0 0`,
    );
    expect((await groups(`--describe --group ${group}`)).at(-1)).toBe(`${group} reset 0 0 4 4 - - -`);
    expect((await groups(`--group ${group} --topic reset --delete-offsets`)).at(-1)).toBe(
      'reset 0 Successful',
    );
  });

  results.test('kafka-consumer-groups', 'kafka-consumer-groups deletes a group', async () => {
    const group = await groupOf('gone');
    expect(await groups(`--group ${group} --delete`)).toEqual([
      `Deletion of requested consumer groups ('${group}') was successful.`,
    ]);
    expect(await groups('--list')).not.toContain(group);
    const again = await ask('kafka-consumer-groups', `--group ${group} --delete`);
    expect(again.lines.join()).toContain('GroupIdNotFoundException');
  });

  results.test('kafka-groups', 'kafka-groups lists groups with type and protocol', async () => {
    const classic = await groupOf('old');
    const modern = await groupOf('new', ' --consumer-property group.protocol=consumer');
    const lines = wellEnded(await ask('kafka-groups', '--list'));
    expect(lines[0]).toBe('GROUP TYPE PROTOCOL');
    expect(lines).toContain(`${classic} Classic consumer`);
    expect(lines).toContain(`${modern} Consumer consumer`);
  });
}

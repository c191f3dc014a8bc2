import { describe, expect, test } from 'vitest';
import type { Ended } from './command.ts';
import type { RoleName, Users } from './command-users.ts';

type Read = { partition: number; offset: number; key: string | null; value: string; headers: unknown };

/** What a user types to look at a deployed stack, to write to it and to read from it. */
export function commandLineSuite(users: () => Users): void {
  const done: Users['done'] = (args, input) => users().done(args, input);
  const run: Users['run'] = (args, input) => users().run(args, input);
  const newTopic = (topic: string, ...more: string[]) => done(['topics', 'create', topic, ...more]);
  const readAll = async (topic: string): Promise<Read[]> =>
    (await done(['consume', topic, '-e', '--json'])).json() as Read[];

  describe('the command line, told the name of the stack', () => {
    test('makes a topic, lists, describes, changes and deletes it, for people and for programs', async () => {
      const made = await newTopic('cli-life', '-p', '3', '-c', 'retention.ms=3600000');
      expect(made.stdout).toBe('cli-life made, with 3 partitions.\n');
      const again = await run(['topics', 'create', 'cli-life']);
      expect([again.code, again.stdout]).toEqual([1, '']);
      expect(again.stderr).toMatch(/already exists/);
      const [listed, list, described, description] = await Promise.all([
        done(['topics', 'list']),
        done(['topics', 'list', '--json']),
        done(['topics', 'describe', 'cli-life']),
        done(['topics', 'describe', 'cli-life', '--json']),
      ]);
      expect(listed.stdout).toMatch(/^TOPIC +PARTITIONS +REPLICAS\n(.*\n)*cli-life +3 +1\n/);
      expect(list.json()).toEqual([
        expect.arrayContaining([{ topic: 'cli-life', partitions: 3, replicas: 1 }]),
      ]);
      expect(described.stdout).toMatch(/retention\.ms +3600000 +DYNAMIC_TOPIC_CONFIG/);
      expect(description.json()).toEqual([[expect.objectContaining({ topic: 'cli-life' })]]);
      await done(['topics', 'alter-config', 'cli-life', '--set', 'retention.ms=7200000']);
      await done(['topics', 'add-partitions', 'cli-life', '--to', '5']);
      const { stdout } = await done(['topics', 'describe', 'cli-life']);
      expect(stdout).toMatch(/^partitions +5$/m);
      expect(stdout).toMatch(/retention\.ms +7200000 /);
      expect((await done(['topics', 'delete', 'cli-life'])).stdout).toBe('cli-life deleted.\n');
      const gone = await run(['topics', 'describe', 'cli-life', '--json']);
      expect([gone.code, gone.stdout]).toEqual([1, '']);
      expect(JSON.parse(gone.stderr)).toEqual({
        error: { message: 'Topic cli-life not found.', next: expect.stringContaining('topics list') },
      });
    });

    test('stores lines with keys and headers, and reads them back, some or all', async () => {
      await newTopic('cli-orders', '-p', '2');
      const lines = ['ann:tea', 'bob:milk', 'ann:jam', 'bob:', 'ann:ü'];
      const produce = ['produce', 'cli-orders', '-K', ':', '-H', 'shop=one', '-Z'];
      const produced = await done(produce, `${lines.join('\n')}\n`);
      expect(produced.stderr).toMatch(/^5 records stored in cli-orders in [\d.]+ s/);
      const more = await done(['produce', 'cli-orders', '-k', 'bob', '--json'], 'more\n');
      const [{ partition, offset }] = more.json() as [{ partition: number; offset: number }];
      const records = await readAll('cli-orders');
      expect(records.filter(({ key }) => key === 'ann').map(({ value }) => value)).toEqual([
        'tea',
        'jam',
        'ü',
      ]);
      expect(records.filter(({ key }) => key === 'bob').map(({ value }) => value)).toEqual([
        'milk',
        null,
        'more',
      ]);
      expect(records.find(({ value }) => value === 'tea')?.headers).toEqual([{ key: 'shop', value: 'one' }]);
      expect(records.find(({ value }) => value === 'more')).toMatchObject({ partition, offset });
      const from = ['consume', 'cli-orders', '-p', String(partition), '-o', String(offset)];
      expect((await done([...from, '-c', '1', '-f', '%k %s %h\\n'])).stdout).toBe('bob more \n');
    });

    test('stores and reads megabytes, and says how far it is', async () => {
      await newTopic('cli-many', '-p', '4');
      const count = 30_000;
      const lines = Array.from({ length: count }, (_, n) => `${n % 50}:${String(n).padEnd(100, '.')}`);
      const produced = await done(['produce', 'cli-many', '-K', ':', '--progress'], `${lines.join('\n')}\n`);
      const steps = [...produced.stderr.matchAll(/\r([\d,]+) records?, [\d.]+ \S*B, [\d,]+ records\/s/g)];
      const stored = steps.map(([, text = '']) => Number(text.replaceAll(',', '')));
      expect(stored.length, produced.stderr).toBeGreaterThan(1);
      expect(stored.at(-1)).toBeGreaterThan(count / 4);
      expect(stored).toEqual([...stored].sort((a, b) => a - b));
      expect(produced.stderr).toContain('30,000 records stored in cli-many');
      const { stdout } = await done(['consume', 'cli-many', '-e', '-K', ':']);
      const read = stdout.split('\n').filter(Boolean);
      expect(read.toSorted()).toEqual(lines.toSorted());
      const ofKey = (all: readonly string[]) => all.filter((line) => line.startsWith('7:'));
      expect(ofKey(read)).toEqual(ofKey(lines));
    });

    test('reads as a member of a group, shows its lag, resets and deletes it', async () => {
      await newTopic('cli-groups', '-p', '2');
      await done(['produce', 'cli-groups', '-p', '0'], '0\n1\n2\n3\n');
      const consume = ['consume', 'cli-groups', '-g', 'cli-readers'];
      expect((await done([...consume, '-c', '3'])).stdout).toBe('0\n1\n2\n');
      const lag = /^cli-groups +0 +3 +4 +1 /m;
      expect((await done(['groups', 'describe', 'cli-readers'])).stdout).toMatch(lag);
      expect((await done(['groups', 'describe', 'cli-readers', '--json'])).json()).toMatchObject([
        [{ group: 'cli-readers', state: 'EMPTY', total_lag: 1 }],
      ]);
      expect((await done(['groups', 'list'])).stdout).toMatch(/^cli-readers +EMPTY /m);
      expect((await done([...consume, '-e'])).stdout).toBe('3\n');
      const reset = ['groups', 'reset-offsets', 'cli-readers', '--topic', 'cli-groups', '--to-earliest'];
      expect((await done(reset)).stderr).toContain('Nothing was changed');
      expect((await done(['groups', 'describe', 'cli-readers'])).stdout).toMatch(/^total lag +0$/m);
      await done([...reset, '--execute']);
      const following = users().start([...consume, '-f', '<%s>\\n']);
      await following.says(/<(3)>/);
      const held = await run([...reset, '--execute']);
      expect([held.code, held.stderr]).toEqual([1, expect.stringContaining('members')]);
      following.child.kill('SIGINT');
      const { code, stdout } = await following.ended;
      expect([code, stdout]).toEqual([0, '<0>\n<1>\n<2>\n<3>\n']);
      expect((await done(['groups', 'delete', 'cli-readers'])).stdout).toBe('cli-readers deleted.\n');
      const gone = await run(['groups', 'describe', 'cli-readers']);
      expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('groups list')]);
    });

    test('tells of the cluster and its broker', async () => {
      const [cluster, json, brokers, broker] = await Promise.all([
        done(['cluster']),
        done(['cluster', '--json']),
        done(['brokers', '--json']),
        done(['brokers', 'describe', '1']),
      ]);
      expect(cluster.stdout).toMatch(/^cluster +[\w-]{22}\nurl +http/);
      expect(json.json()).toMatchObject([{ url: users().url, brokers: [{ broker: 1 }] }]);
      expect(brokers.json()).toMatchObject([[{ broker: 1 }]]);
      expect(broker.stdout).toMatch(/^broker\.id +1 +STATIC_BROKER_CONFIG$/m);
    });
  });

  describe('the command line, by roles with the rights of a grant', () => {
    const at = async (role: RoleName, args: readonly string[], input?: string): Promise<Ended> =>
      (await users().openAs(role)).run([...args, '--url', users().url, '--iam'], input);

    test('writes where it may write and reads where it may read, and is told which right is missing', async () => {
      await newTopic('cli-secret');
      const wrote = await at('Producer', ['produce', 'orders', '-k', 'cli'], 'by the producer\n');
      expect([wrote.code, wrote.stderr]).toEqual([0, expect.stringContaining('1 record stored')]);
      const read = await at('Consumer', ['consume', 'orders', '-e']);
      expect([read.code, read.stdout]).toEqual([0, expect.stringContaining('by the producer\n')]);
      const refused = await Promise.all([
        at('Producer', ['produce', 'cli-secret'], 'x\n'),
        at('Producer', ['consume', 'orders', '-e']),
        at('Consumer', ['consume', 'cli-secret', '-e']),
        at('Consumer', ['topics', 'delete', 'orders']),
      ]);
      for (const { code, stdout, stderr } of refused) {
        expect([code, stdout]).toEqual([1, '']);
        expect(stderr).toMatch(/refuses the call \(403\).*\n.*grantProduce, grantConsume and grantManage/);
      }
      const named = await (await users().openAs('Producer')).run([
        'topics',
        'list',
        '--stack',
        users().stack,
      ]);
      expect([named.code, named.stderr]).toEqual([
        1,
        expect.stringMatching(/right cloudformation:DescribeStacks.*--url https/),
      ]);
    });
  });
}

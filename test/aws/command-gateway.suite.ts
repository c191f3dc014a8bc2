import { describe, expect, test } from 'vitest';
import { functionOutputs, settingNames } from '../../shared/runtime/settings.ts';
import { openKafka } from '../gateway/kafkajs.ts';
import { eventually } from '../support/eventually.ts';
import type { Users } from './command-users.ts';

/** `millrace gateway` before a deployed stack. */
export function commandGatewaySuite(users: () => Users): void {
  const done: Users['done'] = (args, input) => users().done(args, input);
  const newTopic = (topic: string, ...more: string[]) => done(['topics', 'create', topic, ...more]);
  const valuesOf = async (topic: string): Promise<string[]> => {
    const records = (await done(['consume', topic, '-e', '--json'])).json() as { value: string }[];
    return records.map(({ value }) => value);
  };

  describe('a gateway that the command line starts', () => {
    /** The functions by their names, for a role that may not look at stacks. */
    const functionsOf = (outputs: Readonly<Record<string, string>>): Record<string, string> => ({
      [settingNames.produceFunction]: outputs[functionOutputs.produce] ?? '',
      [settingNames.fetchFunction]: outputs[functionOutputs.fetch] ?? '',
      [settingNames.controlFunction]: outputs[functionOutputs.control] ?? '',
    });

    test.each(['direct', 'invoke'])(
      'in mode %s serves a Kafka client what HTTP has, and the reverse',
      async (mode) => {
        const topic = `cli-${mode}`;
        await newTopic(topic, '-p', '2');
        await done(['produce', topic], 'over HTTP\n');
        const gateway = users().start(['gateway', '--mode', mode, '--port', '0']);
        const kafka = openKafka([await gateway.says(/^millrace gateway ready kafka=(\S+)$/m)]);
        const producer = kafka.producer({ idempotent: true });
        await producer.connect();
        await producer.send({ topic, acks: -1, messages: [{ key: 'k', value: 'over Kafka' }] });
        await producer.disconnect();
        const seen: string[] = [];
        const consumer = kafka.consumer({ groupId: `${topic}-readers` });
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
        await eventually(
          'both records',
          async () => seen.length,
          (count) => count >= 2,
        );
        await consumer.disconnect();
        expect(seen.toSorted()).toEqual(['over HTTP', 'over Kafka']);
        expect((await valuesOf(topic)).toSorted()).toEqual(['over HTTP', 'over Kafka']);
        const { stdout } = await done(['groups', 'describe', `${topic}-readers`]);
        expect(stdout).toMatch(/^total lag +0$/m);
        gateway.child.kill('SIGTERM');
        expect(await gateway.ended).toMatchObject({ code: 0, stderr: '' });
      },
    );

    test('begins with the right to invoke alone, and ends at once without it', async () => {
      const named = functionsOf(users().outputs);
      const lacking = users().open({
        ...users().environment,
        ...named,
        [settingNames.fetchFunction]: 'nobody',
      });
      const wrong = await lacking.run(['gateway', '--mode', 'invoke', '--port', '0']);
      lacking.close();
      expect([wrong.code, wrong.stdout]).toEqual([1, '']);
      expect(wrong.stderr).toMatch(/function nobody cannot be invoked: .*\n.*name right/);
      const roles = await Promise.all(
        (['Producer', 'Gateway'] as const).map((role) => users().openAs(role, named)),
      );
      const [refused, gateway] = roles.map((shell) =>
        shell.start(['gateway', '--mode', 'invoke', '--port', '0']),
      );
      const { code, stderr } = (await refused?.ended) ?? {};
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/cannot be invoked.*\n.*lambda:InvokeFunction/),
      ]);
      await gateway?.says(/(ready)/);
      gateway?.child.kill('SIGTERM');
      expect((await gateway?.ended)?.code).toBe(0);
      for (const shell of roles) shell.close();
    });

    test('in mode direct says which right on the table is missing', async () => {
      const { TableName = '', BucketName = '' } = users().outputs;
      const args = ['gateway', '--port', '0', '--table', TableName, '--bucket', BucketName];
      const { code, stdout, stderr } = await (await users().openAs('Gateway')).run(args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/the role of this process lacks the right: grant it/);
    });
  });
}

import { describe, expect, test } from 'vitest';
import type { Users } from './command-users.ts';
import { type Emulator, environmentOf } from './emulator.ts';

/** What a user is told when a command cannot do what was asked for, and how it ends. */
export function commandFailuresSuite(emulator: Emulator, users: () => Users): void {
  describe('the command line, when something is amiss', () => {
    const environment = environmentOf(emulator);
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, AWS_REGION: ___, ...nothing } = environment;
    const region = { AWS_REGION: emulator.region };
    const stranger = { AWS_ACCESS_KEY_ID: 'AKIAWRONGWRONGWRONG0', AWS_SECRET_ACCESS_KEY: 'wrong' };
    const byName = ['topics', 'list', '--stack', 'STACK'];
    const byUrl = ['topics', 'list', '--url', 'URL'];
    const gateway = ['gateway', '--port', '0'];
    const atStack = [...gateway, '--stack', 'STACK'];
    const invoke = [...atStack, '--mode', 'invoke'];
    const logIn = /Log in as for the AWS CLI/;
    const cases: [string, Record<string, string>, string[], number, RegExp][] = [
      [
        'no such stack',
        environment,
        ['topics', 'list', '--stack', 'No'],
        1,
        /no stack No in us-east-1\.\n.*--region/,
      ],
      [
        'wrong region',
        environment,
        [...byName, '--region', 'eu-west-1'],
        1,
        /no stack .* in eu-west-1\.\n.*--region/,
      ],
      ['no region', { ...nothing, ...stranger }, byName, 1, /Region is missing\.\n.*--region or AWS_REGION/],
      ['no credentials', { ...nothing, ...region }, byName, 1, logIn],
      ['no credentials, by address', { ...nothing, ...region }, [...byUrl, '--iam'], 1, logIn],
      ['no such profile', environment, [...byName, '--profile', 'no'], 1, /^millrace: .*\n.*Log in as/],
      ['credentials of nobody', { ...nothing, ...region, ...stranger }, byName, 1, logIn],
      [
        'the same, by address',
        { ...nothing, ...region, ...stranger },
        [...byUrl, '--iam'],
        1,
        /403.*\n.*log in again/,
      ],
      ['no signature', environment, byUrl, 1, /refuses the call \(403\).*\n.*--iam.*--stack/],
      ['stack and address', environment, [...byName, '--url', 'URL'], 2, /exclude each other/],
      [
        'nobody there',
        { ...environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
        byName,
        1,
        /AWS_ENDPOINT_URL/,
      ],
      [
        'a gateway: no such stack',
        environment,
        [...gateway, '--stack', 'No'],
        1,
        /no stack No in us-east-1\.\n.*--region/,
      ],
      ['a gateway: no credentials', { ...nothing, ...region }, atStack, 1, logIn],
      ['a gateway: no region', { ...nothing, ...stranger }, invoke, 1, /--region or AWS_REGION/],
      ['a gateway: nothing named', environment, gateway, 2, /--stack.*--table, --bucket/],
      [
        'a gateway: no functions named',
        environment,
        [...gateway, '--mode', 'invoke'],
        2,
        /--stack.*MILLRACE_PRODUCE/,
      ],
      [
        'a gateway: invoked and in a cluster',
        environment,
        [...invoke, '--cluster'],
        2,
        /leave --cluster out/,
      ],
    ];

    test.each(cases)('%s: it says what to do next', async (_what, given, args, code, message) => {
      const { open, stack, url } = users();
      const shell = open(given);
      const typed = args.map((word) => (word === 'STACK' ? stack : word === 'URL' ? url : word));
      const ended = await shell.run(typed);
      shell.close();
      expect([ended.code, ended.stdout]).toEqual([code, '']);
      expect(ended.stderr).toMatch(message);
      // Whoever reads it is told, not shown where our code stands.
      expect(ended.stderr).not.toMatch(/\n {4}at /);
    });
  });
}

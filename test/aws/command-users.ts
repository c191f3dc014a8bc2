import { expect } from 'vitest';
import { assumeRole } from './assume-role.ts';
import { type Ended, installCommand, openShell, type Shell } from './command.ts';
import type { Deployment } from './deployment.ts';
import { type Emulator, environmentOf } from './emulator.ts';

type Environment = Readonly<Record<string, string>>;
/** Roles that `shop-app.ts` makes, with the rights of one grant each. */
export type RoleName = 'Producer' | 'Consumer' | 'Gateway';

/** People who type `millrace …`, and the stack that they mean. */
export type Users = {
  readonly stack: string;
  /** The stack's door, as its outputs say. */
  readonly url: string;
  readonly outputs: Environment;
  /** In which AWS's tools find the emulator, and the credentials of whoever deployed. */
  readonly environment: Environment;
  /** A shell with nothing but this in its environment. */
  open(environment: Environment): Shell;
  /** A shell of somebody who has a role's rights only. */
  openAs(role: RoleName, more?: Environment): Promise<Shell>;
  /** `millrace … --stack NAME`, by whoever deployed it. */
  run(args: readonly string[], input?: string): Promise<Ended>;
  /** The same, which must end well. */
  done(args: readonly string[], input?: string): Promise<Ended>;
  /** The same, which goes on. */
  start(args: readonly string[]): ReturnType<Shell['start']>;
  close(): void;
};

/** The stack is one of `shop-app.ts` whose `Url` leads to the emulator. */
export function openUsers(emulator: Emulator, { stack, outputs }: Deployment): Users {
  const command = installCommand();
  const environment = environmentOf(emulator);
  const shells: Shell[] = [];
  const open = (given: Environment): Shell => {
    const shell = openShell(command.path, given);
    shells.push(shell);
    return shell;
  };
  const owner = open(environment);
  const named = (args: readonly string[]): string[] => [...args, '--stack', stack];
  const run = (args: readonly string[], input?: string): Promise<Ended> => owner.run(named(args), input);
  return {
    ...{ stack, outputs, environment, open, run },
    url: (outputs.Url ?? '').replace(/\/$/, ''),
    openAs: async (role, more = {}) => {
      const own = await assumeRole(emulator, outputs[`${role}Role`] ?? '');
      return open({
        ...environment,
        AWS_ACCESS_KEY_ID: own.accessKeyId,
        AWS_SECRET_ACCESS_KEY: own.secretAccessKey,
        AWS_SESSION_TOKEN: own.sessionToken,
        ...more,
      });
    },
    done: async (args, input) => {
      const ended = await run(args, input);
      expect([ended.code, ended.code === 0 ? '' : ended.stderr], args.join(' ')).toEqual([0, '']);
      return ended;
    },
    start: (args) => owner.start(named(args)),
    close: () => {
      for (const shell of shells) shell.close();
      command.remove();
    },
  };
}

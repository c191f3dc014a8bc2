import type { Command } from 'commander';
import type { Random } from '../shared/base/random.ts';
import { repeated, whole } from './arguments.ts';
import { loadSdk } from './aws/load-sdk.ts';
import { Door } from './door/door.ts';
import { addressOf, type DoorAddress, type DoorChoice, headersOf } from './door/door-address.ts';
import { UsageFailure } from './failure.ts';
import type { Terminal } from './output/terminal.ts';

/** What every command is given. */
export type CommandContext = {
  readonly terminal: Terminal;
  readonly random: Random;
  readonly environment: NodeJS.ProcessEnv;
  readonly fetch: typeof fetch;
  /** Aborted by the first SIGINT or SIGTERM from now on; a second one ends the process. */
  listenToSignals(): AbortSignal;
};

/** The options of every command that calls the HTTP door. */
export type DoorOptionValues = DoorChoice & {
  readonly json?: boolean;
  readonly timeout: number;
  readonly retry: number;
};

/** Adds what every command that calls the door understands. */
export const withDoorOptions = (command: Command): Command =>
  command
    .option('--url <address>', 'the HTTP door (default: MILLRACE_URL, or http://127.0.0.1:8082)')
    .option('--stack <name>', 'a stack on AWS: its outputs say where the door is, and calls are signed')
    .option('--iam', 'sign calls for AWS (what execute-api and lambda-url addresses get by themselves)')
    .option('--no-iam', 'sign nothing')
    .option('--region <region>', 'of the stack or the signature (default: as the AWS tools)')
    .option('--profile <name>', 'of the AWS credentials (default: as the AWS tools)')
    .option('--http-header <header>', '"Name: value" with each call, e.g. a token; may be repeated', repeated)
    .option('--timeout <seconds>', 'for one answer', whole(1, 3_600), 30)
    .option('--retry <seconds>', 'for how long to try again what may pass', whole(0, 86_400), 60)
    .option('--json', 'answers for programs: JSON');

/** The door that the options name. */
export async function openDoor(context: CommandContext, values: DoorOptionValues): Promise<Door> {
  const address = await findAddress(values, context.environment);
  return new Door({
    address,
    fetch: address.isSigned ? await signing(address, values, context) : context.fetch,
    clock: context.terminal.clock,
    random: context.random,
    timeoutMs: values.timeout * 1_000,
    retryMs: values.retry * 1_000,
  });
}

async function findAddress(values: DoorOptionValues, environment: NodeJS.ProcessEnv): Promise<DoorAddress> {
  const { stack, region, profile } = values;
  if (stack === undefined) return addressOf(values, environment);
  if (values.url !== undefined) throw new UsageFailure('--stack and --url exclude each other.');
  const { stackUrls } = await loadSdk(() => import('./aws/stack-outputs.ts'));
  return {
    urls: await stackUrls(stack, { region, profile }),
    headers: headersOf(values.httpHeader ?? []),
    isSigned: values.iam ?? true,
  };
}

async function signing(
  { urls }: DoorAddress,
  { region, profile }: DoorOptionValues,
  { environment, fetch: send }: CommandContext,
): Promise<typeof fetch> {
  const { signedFetch } = await loadSdk(() => import('./aws/signed-fetch.ts'));
  return signedFetch({ url: urls.rest, region, profile, environment, fetch: send });
}

/** How people read the answers of a command, unless a program asked for JSON. */
export async function answer(
  { terminal }: CommandContext,
  { json }: { readonly json?: boolean },
  value: unknown,
  text: () => string,
): Promise<void> {
  await (json ? terminal.json(value) : terminal.write(text()));
}

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canShow } from './capabilities.ts';
import { type Emulator, environmentOf } from './emulator.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const cli = join(root, 'node_modules/aws-cdk/bin/cdk');

/** Minutes that no command of the CDK takes here, unless it hangs. */
const deadlineMs = 240_000;

/**
 * Runs the CDK's own command-line tool against the emulator. Throws with what it said when it fails or
 * hangs.
 */
async function cdk(emulator: Emulator, folder: string, args: readonly string[]): Promise<void> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|CDK_|npm_|NODE_OPTIONS|VITEST)/.test(name),
  );
  const child = spawn(process.execPath, [cli, ...args, '--no-notices', '--output', join(folder, 'cdk.out')], {
    cwd: root,
    // A home of its own: the CDK remembers accounts in it.
    env: { ...Object.fromEntries(own), ...environmentOf(emulator), HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(deadlineMs),
    killSignal: 'SIGKILL',
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => said.push(part));
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      said.push(Buffer.from(String(error)));
      resolve(-1);
    });
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`cdk ${args.join(' ')} ended with ${code}:\n${Buffer.concat(said).toString()}`);
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cdk-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prepares the account for deployments. */
export const bootstrap = (emulator: Emulator): Promise<void> =>
  inFolder(async (folder) => {
    const target = `aws://${emulator.account}/${emulator.region}`;
    const args = canShow(emulator.name, 'rights of functions')
      ? ['--template', bootstrapTemplate(folder)]
      : [];
    await cdk(emulator, folder, ['bootstrap', target, ...args]);
  });

/**
 * The CDK's template without two things that an emulator which judges policies cannot satisfy: it speaks no
 * TLS, and does not tell policies whose a resource is.
 */
function bootstrapTemplate(folder: string): string {
  const template = readFileSync(
    join(root, 'node_modules/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml'),
    'utf8',
  );
  const withoutPolicy = template.replace(/^ {2}StagingBucketPolicy:\n(?: {3,}.*\n)+/m, '');
  const open = withoutPolicy.replace(
    /^ +Condition:\n +StringEquals:\n +aws:ResourceAccount:\n +- Fn::Sub: .*\n/m,
    '',
  );
  if (open.length > template.length - 200)
    throw new Error('the bootstrap template of the CDK has another form now');
  const file = join(folder, 'bootstrap.yaml');
  writeFileSync(file, open);
  return file;
}

export type Context = Readonly<Record<string, string>>;

const contextArgs = (context: Context): string[] =>
  Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`]);

/** Deploys a stack of an app (default: the one of cdk.json) and answers its outputs. */
export const deploy = (
  emulator: Emulator,
  stack: string,
  context: Context,
  app?: string,
): Promise<Record<string, string>> =>
  inFolder(async (folder) => {
    const outputs = join(folder, 'outputs.json');
    const how = ['--require-approval', 'never', '--outputs-file', outputs, '--progress', 'events'];
    const which = app === undefined ? [] : ['--app', app];
    await cdk(emulator, folder, ['deploy', stack, ...how, ...which, ...contextArgs({ ...context, stack })]);
    return JSON.parse(readFileSync(outputs, 'utf8'))[stack] as Record<string, string>;
  });

export const destroy = (emulator: Emulator, stack: string, context: Context, app?: string): Promise<void> =>
  inFolder(async (folder) => {
    const which = app === undefined ? [] : ['--app', app];
    await cdk(emulator, folder, [
      'destroy',
      stack,
      '--force',
      ...which,
      ...contextArgs({ ...context, stack }),
    ]);
  });

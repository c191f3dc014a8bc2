import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCommandLine } from '../../infra/command-line-bundle.ts';
import { root } from './cdk.ts';

export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output, each line read as JSON. */
  json(): unknown[];
};

export type Started = {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<Ended>;
  /** Resolves with what the first line of standard output that fits has in its first group. */
  says(line: RegExp): Promise<string>;
};

export type Shell = {
  /** Runs `millrace …` to its end. */
  run(args: readonly string[], input?: string): Promise<Ended>;
  start(args: readonly string[]): Started;
  close(): void;
};

/** `millrace` as the npm package carries it, in a folder of its own. */
export function installCommand(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-package-'));
  for (const path of ['package.json', 'cli/run.mjs']) cpSync(join(root, path), join(folder, path));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  buildCommandLine(join(folder, 'dist/cli'));
  return {
    path: join(folder, 'cli/run.mjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * A shell in which somebody types `npx millrace …`: a folder of its own that is also its home, and no more in
 * its environment than what it is given.
 */
export function openShell(command: string, environment: Readonly<Record<string, string>>): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-shell-'));
  const env = { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...environment };
  const children = new Set<ChildProcessWithoutNullStreams>();
  const start = (args: readonly string[]): Started => {
    const child = spawn(command, args, { cwd: folder, env, stdio: 'pipe' });
    children.add(child);
    const started = follow(child);
    void started.ended.then(() => children.delete(child));
    return started;
  };
  return {
    start,
    run: (args, input = '') => {
      const { child, ended } = start(args);
      child.stdin.end(input);
      return ended;
    },
    close: () => {
      for (const child of children) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function follow(child: ChildProcessWithoutNullStreams): Started {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  child.stdin.on('error', () => {}); // it ended before it had read everything
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const lines = said.stdout.split('\n').filter(Boolean);
      resolve({ code, ...said, json: () => lines.map((line) => JSON.parse(line) as unknown) });
    });
  });
  const says = (line: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = line.exec(said.stdout)?.[1];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on('data', look);
      look();
      void ended.then(({ code, stderr }) => reject(new Error(`it ended with ${code}: ${stderr}`)), reject);
    });
  return { child, ended, says };
}

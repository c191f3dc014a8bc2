import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../shared/base/clock.ts';

/** A process that the benchmark has started. */
export type Child = {
  readonly pid: number;
  /** What it printed last, both streams, for messages. */
  readonly output: () => string;
  /** Asks it to end, insists after a while, and resolves when it is gone. */
  stop(): Promise<void>;
  readonly exited: Promise<number | null>;
};

const outputKept = 20_000;
const graceMs = 10_000;

/** Starts a program. It is killed when this process exits before it. */
export function startChild(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Child {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-outputKept);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  });
  void exited.then(() => process.off('exit', kill));
  return { pid: child.pid ?? 0, output: () => output, exited, stop: () => stopped(child, exited) };
}

async function stopped(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const patience = new AbortController();
  const insist = systemClock.sleep(graceMs, patience.signal).then(() => {
    if (!patience.signal.aborted) child.kill('SIGKILL');
  });
  await exited;
  patience.abort();
  await insist;
}

/** Runs a program to its end and gives what it printed. Throws when it fails or takes longer than that. */
export async function outputOf(
  command: string,
  args: readonly string[],
  { deadlineMs = 300_000 }: { deadlineMs?: number } = {},
): Promise<string> {
  const child = startChild(command, args);
  const patience = new AbortController();
  let isLate = false;
  const late = systemClock.sleep(deadlineMs, patience.signal).then(() => {
    isLate = !patience.signal.aborted;
    return isLate ? child.stop() : undefined;
  });
  const code = await child.exited;
  patience.abort();
  await late;
  const name = args.find((argument) => /^[\w.]+\.\w+$/.test(argument)) ?? command;
  if (isLate) throw new Error(`${name} was not done after ${deadlineMs} ms\n${child.output()}`);
  if (code !== 0) throw new Error(`${name} ended with ${code}\n${child.output()}`);
  return child.output();
}

const ticksPerSecond = 100; // USER_HZ of every Linux that Node runs on

/** Seconds of processor time that a process has used; undefined where the system does not show it. */
export function processorSeconds(pid: number): number | undefined {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
    const fields = afterName.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond; // utime and stime, proc(5)
  } catch {
    return undefined;
  }
}

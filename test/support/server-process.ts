import { type ChildProcess, spawn } from 'node:child_process';
import { systemClock } from '../../shared/base/clock.ts';

export type ServerProcess = {
  /** What `whenReady` found. */
  ready: string;
  stop(): Promise<void>;
  /** Ends it with SIGKILL, and resolves when it is gone. */
  kill(): Promise<void>;
  /** Writes a line to its standard input. */
  tell(line: string): void;
};

export type ServerOptions = {
  /** How messages call it. */
  name: string;
  command: string;
  arguments: readonly string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Looks at everything that was printed so far; an answer ends the wait. */
  whenReady(output: string): string | undefined | Promise<string | undefined>;
  deadlineMs: number;
  /** What to do when the command is not there, or fails at once. */
  advice: string;
};

const pollMs = 50;

/**
 * Starts a server as a child process and waits until it is ready. Its standard input stays open as long as
 * this process lives. Throws, with the end of what it printed, when it ends or stays silent.
 */
export async function startServerProcess(options: ServerOptions): Promise<ServerProcess> {
  const child = spawn(options.command, options.arguments, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  let output = '';
  let failure: string | undefined;
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('error', (error) => {
    failure = error.message;
  });
  child.on('exit', (code, signal) => {
    failure ??= `it ended with ${code ?? signal}`;
  });
  const killOnExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', killOnExit);
    await stopped(child);
  };
  const kill = async (): Promise<void> => {
    process.removeListener('exit', killOnExit);
    await killed(child);
  };
  const tell = (line: string): void => void child.stdin?.write(`${line}\n`);
  const giveUpAtMs = systemClock.nowMs() + options.deadlineMs;
  for (;;) {
    const ready = failure === undefined ? await options.whenReady(output) : undefined;
    if (ready !== undefined && failure === undefined) return { ready, stop, kill, tell };
    if (failure === undefined && systemClock.nowMs() > giveUpAtMs) {
      failure = `it was not ready after ${options.deadlineMs} ms`;
    }
    if (failure !== undefined) {
      await stop();
      throw new Error(
        `${options.name} did not start: ${failure}. ${options.advice}\n${output.slice(-2_000)}`,
      );
    }
    await systemClock.sleep(pollMs);
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

async function killed(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await ended;
}

const graceMs = 5_000;

/** Asks, then kills, this child and no other process. */
async function stopped(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  child.kill('SIGTERM');
  const patience = new AbortController();
  const grace = systemClock.sleep(graceMs, patience.signal).then(() => {
    if (!patience.signal.aborted) child.kill('SIGKILL');
  });
  await ended;
  patience.abort();
  await grace;
}

import { spawn } from 'node:child_process';
import { systemClock } from '../../shared/base/clock.ts';

/** A program that prints lines of JSON, and runs until it is told to end. */
export type ChildLines = {
  readonly lines: readonly string[];
  /** Waits until `isTrue`; rejects with what it said when it ends first, or after a minute. */
  until(what: string, isTrue: () => boolean): Promise<void>;
  /** SIGTERM; rejects unless it ends well. */
  end(): Promise<void>;
  kill(): void;
};

const patienceMs = 60_000;

export function startLines(command: string, args: readonly string[]): ChildLines {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let [unread, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (unread + chunk.toString()).split('\n');
    unread = parts.pop() ?? '';
    lines.push(...parts.filter((line) => line.startsWith('{')));
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4_000);
  });
  const over = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const until = async (what: string, isTrue: () => boolean): Promise<void> => {
    const giveUpAtMs = systemClock.nowMs() + patienceMs;
    while (!isTrue()) {
      if (child.exitCode !== null)
        throw new Error(`it ended with ${child.exitCode} before ${what}\n${errors}`);
      if (systemClock.nowMs() > giveUpAtMs)
        throw new Error(`not until ${what} in ${patienceMs} ms\n${lines.slice(-5).join('\n')}\n${errors}`);
      await systemClock.sleep(25);
    }
  };
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    const status = await over;
    if (status !== 0) throw new Error(`it ended with ${status}\n${errors}`);
  };
  return { lines, until, end, kill: () => void child.kill('SIGKILL') };
}

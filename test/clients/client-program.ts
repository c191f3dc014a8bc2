import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../shared/base/clock.ts';
import type { Column } from './columns.ts';
import type { SeenRecord } from './records.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const cached = (path: string): string => `${repository}.cache/${path}`;

export type Client = {
  readonly name: string;
  /** Program and first arguments; the bootstrap address, the task and `name=value` follow. */
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What this client has no means for. The table says so. */
  readonly lacks: readonly (Column | 'time')[];
};

export type Task = 'produce' | 'consume' | 'offset-for-time' | 'admin';
export type Arguments = Record<string, string | number | boolean>;

/** A line of JSON that a program prints. */
export type Line = {
  record?: SeenRecord;
  assigned?: number[];
  sent?: [number, number][];
  closed?: true;
  offset?: number;
  created?: number;
  listed?: boolean;
  config?: string;
  grown?: number;
  deleted?: boolean;
};

export class ClientProcess {
  readonly lines: Line[] = [];
  private readonly child: ChildProcess;
  private readonly name: string;
  private unread = '';
  private errors = '';
  private isOver = false;

  constructor(client: Client, bootstrap: string, task: Task, args: Arguments) {
    const [file = '', ...first] = client.command;
    const missing = [file, ...first].find((path) => /^\/[^*]*$/.test(path) && !existsSync(path));
    if (missing !== undefined)
      throw new Error(
        `${client.name} is not installed: there is no ${missing}. node test/support/install-clients.mjs`,
      );
    const given = Object.entries(args).map(([name, value]) => `${name}=${value}`);
    this.name = `${client.name} ${task} ${given.join(' ')}`;
    this.child = spawn(file, [...first, bootstrap, task, ...given], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...client.env },
      detached: true, // a group of its own, so that a kill reaches what a wrapper started
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.read(chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString()).slice(-4_000);
    });
    this.child.on('error', (error) => {
      this.errors += error.message;
      this.isOver = true;
    });
    this.child.on('close', () => {
      this.isOver = true;
    });
  }

  get records(): SeenRecord[] {
    return this.lines.flatMap(({ record }) => (record ? [record] : []));
  }

  /** What the group gave this member last. */
  get assigned(): number[] {
    return this.lines.findLast(({ assigned }) => assigned !== undefined)?.assigned ?? [];
  }

  private read(text: string): void {
    const lines = (this.unread + text).split('\n');
    this.unread = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{')) this.lines.push(JSON.parse(line) as Line);
      else if (line !== '') this.errors = `${this.errors}${line}\n`.slice(-4_000);
    }
  }

  /** Waits until `isTrue`; throws with what the program printed when the time is over or the program is. */
  async until(what: string, isTrue: () => boolean, deadlineMs = 60_000): Promise<void> {
    const giveUpAtMs = systemClock.nowMs() + deadlineMs;
    while (!isTrue()) {
      if (this.isOver) throw this.problem(`it ended (${this.outcome()}) before ${what}`);
      if (systemClock.nowMs() > giveUpAtMs) throw this.problem(`not ${what} after ${deadlineMs} ms`);
      await systemClock.sleep(25);
    }
  }

  /** Waits for its end, which has to be a good one. */
  async finish(deadlineMs = 90_000): Promise<this> {
    const giveUpAtMs = systemClock.nowMs() + deadlineMs;
    while (!this.isOver) {
      if (systemClock.nowMs() > giveUpAtMs) throw this.problem(`not finished after ${deadlineMs} ms`);
      await systemClock.sleep(25);
    }
    if (this.child.exitCode !== 0) throw this.problem(`it ended with ${this.outcome()}`);
    return this;
  }

  /** Asks it to leave, and waits until it has. */
  async leave(): Promise<void> {
    this.signal('SIGTERM');
    await this.finish(30_000);
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.child.pid === undefined || this.isOver) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  private outcome(): string {
    return String(this.child.exitCode ?? this.child.signalCode);
  }

  private problem(message: string): Error {
    const last = this.lines.slice(-3).map((line) => JSON.stringify(line).slice(0, 200));
    return new Error(`${this.name}: ${message}\n${last.join('\n')}\n${this.errors}`);
  }
}

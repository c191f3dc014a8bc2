import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../shared/base/clock.ts';
import { jsonLine } from './json-line.ts';

type Output = Writable & { readonly isTTY?: boolean };
type Input = Readable & { readonly isTTY?: boolean };

export type TerminalStreams = { readonly stdin: Input; readonly stdout: Output; readonly stderr: Output };

/** Where a command reads and writes: answers on standard output, all else on standard error. */
export class Terminal {
  readonly stdin: Input;
  readonly clock: Clock;
  /** Whoever reads standard output has gone: nothing more needs to be written, or done. */
  readonly readerGone: AbortSignal;
  private readonly stdout: Output;
  private readonly stderr: Output;
  private readonly gone = new AbortController();
  private readonly isPlain: boolean;
  private progressColumns = 0;

  constructor({ stdin, stdout, stderr }: TerminalStreams, clock: Clock, environment: NodeJS.ProcessEnv) {
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    this.clock = clock;
    this.isPlain = environment.NO_COLOR !== undefined && environment.NO_COLOR !== '';
    this.readerGone = this.gone.signal;
    stdout.on('error', () => this.gone.abort());
    stderr.on('error', () => undefined);
  }

  /** Whether a person reads standard output, so that titles may be bold. */
  get isBold(): boolean {
    return this.stdout.isTTY === true && !this.isPlain;
  }

  /** Whether a person watches standard error, so that a line may change while they look. */
  get isWatched(): boolean {
    return this.stderr.isTTY === true;
  }

  /** Writes an answer; resolves when there is room for more. */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.readerGone.aborted || chunk.length === 0) return;
    this.clearProgress();
    if (this.stdout.write(chunk)) return;
    await once(this.stdout, 'drain', { signal: this.readerGone }).catch(() => undefined);
  }

  /** Writes an answer for programs: JSON on a line of its own. */
  json(value: unknown): Promise<void> {
    return this.write(jsonLine(value));
  }

  /** Tells the user something that is no answer. */
  note(message: string): void {
    this.clearProgress();
    this.stderr.write(`${message}\n`);
  }

  /** Replaces the former line of progress. */
  progress(message: string): void {
    const columns = [...message].length;
    this.stderr.write(`\r${message}${' '.repeat(Math.max(this.progressColumns - columns, 0))}`);
    this.progressColumns = columns;
  }

  /** Resolves when all that was written has left this process. */
  async flush(): Promise<void> {
    this.clearProgress();
    const written = (stream: Output): Promise<void> =>
      new Promise((resolve) => {
        if (stream.destroyed || stream.errored) return resolve();
        stream.write('', () => resolve());
      });
    await Promise.all([written(this.stdout), written(this.stderr)]);
  }

  private clearProgress(): void {
    if (this.progressColumns > 0) this.stderr.write(`\r${' '.repeat(this.progressColumns)}\r`);
    this.progressColumns = 0;
  }
}

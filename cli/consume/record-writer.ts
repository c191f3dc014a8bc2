import type { Progress } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';
import type { ConsumedRecord } from './consumed-record.ts';
import type { RecordFormat } from './format-string.ts';

/** Writes records in the order given, pages of several readers one after another, and counts them. */
export class RecordWriter {
  private readonly terminal: Terminal;
  private readonly format: RecordFormat;
  private readonly countMax: number;
  private readonly progress: Progress;
  private readonly whenFull: () => void;
  private written = 0;
  private bytes = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    terminal: Terminal,
    format: RecordFormat,
    countMax: number,
    progress: Progress,
    whenFull: () => void,
  ) {
    this.terminal = terminal;
    this.format = format;
    this.countMax = countMax;
    this.progress = progress;
    this.whenFull = whenFull;
  }

  get count(): number {
    return this.written;
  }

  /** As many as were asked for are written, or nobody reads any more. */
  get isFull(): boolean {
    return this.written >= this.countMax || this.terminal.readerGone.aborted;
  }

  /** Writes the records, or those that are still asked for; resolves with those. */
  write(records: readonly ConsumedRecord[]): Promise<readonly ConsumedRecord[]> {
    const written = this.turn.then(() => this.writeNow(records));
    this.turn = written;
    return written;
  }

  private async writeNow(records: readonly ConsumedRecord[]): Promise<readonly ConsumedRecord[]> {
    const wanted = this.isFull ? [] : records.slice(0, this.countMax - this.written);
    const bytes = Buffer.concat(wanted.map((record) => this.format(record)));
    this.written += wanted.length;
    this.bytes += bytes.length;
    await this.terminal.write(bytes);
    this.progress.update({ records: this.written, bytes: this.bytes });
    if (this.isFull) this.whenFull();
    return wanted;
  }
}

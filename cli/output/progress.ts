import type { Terminal } from './terminal.ts';

const refreshMs = 250;

export type ProgressCount = {
  readonly records: number;
  readonly bytes: number;
  /** All there is to do, when that is known. */
  readonly bytesOfAll?: number;
};

/** A line on standard error that says how far long work is, when somebody watches or asked for it. */
export class Progress {
  private readonly terminal: Terminal;
  private readonly isShown: boolean;
  private readonly startedMs: number;
  private shownMs: number;

  constructor(terminal: Terminal, isShown: boolean) {
    this.terminal = terminal;
    this.isShown = isShown;
    this.startedMs = terminal.clock.nowMs();
    this.shownMs = this.startedMs;
  }

  get elapsedMs(): number {
    return this.terminal.clock.nowMs() - this.startedMs;
  }

  /** Shows the count, a few times a second at most. */
  update(count: ProgressCount): void {
    const nowMs = this.terminal.clock.nowMs();
    if (!this.isShown || nowMs - this.shownMs < refreshMs) return;
    this.shownMs = nowMs;
    this.terminal.progress(progressLine(count, nowMs - this.startedMs));
  }
}

/** `12,000 records, 3.1 MB, 4,000 records/s, 31%`. */
export function progressLine({ records, bytes, bytesOfAll }: ProgressCount, elapsedMs: number): string {
  const parts = [counted(records, 'record'), sizeText(bytes), `${rateText(records, elapsedMs)} records/s`];
  if (bytesOfAll !== undefined && bytesOfAll > 0) {
    parts.push(`${Math.min(Math.floor((100 * bytes) / bytesOfAll), 100)}%`);
  }
  return parts.join(', ');
}

const rateText = (count: number, elapsedMs: number): string =>
  elapsedMs > 0 ? digits(Math.round((count * 1000) / elapsedMs)) : '-';

/** `12,000`. */
export const digits = (count: number | bigint): string => count.toLocaleString('en-US');

/** `1 record`, `12,000 records`. */
export const counted = (count: number | bigint, what: string): string =>
  `${digits(count)} ${what}${count === 1 || count === 1n ? '' : 's'}`;

/** Bytes as people read them: `512 B`, `3.1 MB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${step === 0 ? value : value.toFixed(1)} ${units[step]}`;
}

/** `0.4 s`, `95 s`. */
export const secondsText = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

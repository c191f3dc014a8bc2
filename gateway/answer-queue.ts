import type { Socket } from 'node:net';
import type { Clock } from '../shared/base/clock.ts';
import type { Answer } from '../shared/broker/broker.ts';
import type { Budget } from './budget.ts';

type Underway = { readonly answer: Promise<Answer>; readonly requestBytes: number };

export type AnswerQueueOptions = {
  readonly socket: Socket;
  readonly budget: Budget;
  readonly clock: Clock;
  /** A request is done with: its answer is written, or nobody is there to take it. */
  readonly done: (requestBytes: number) => void;
  /** An answer was to end the connection; those before it are written. */
  readonly ended: (reason: string) => void;
  readonly failed: (error: unknown) => void;
};

/** Writes the answers of a connection in the order of its requests, no faster than the client takes them. */
export class AnswerQueue {
  private readonly options: AnswerQueueOptions;
  private readonly underway: Underway[] = [];
  private isCorked = false;
  private blockedSince: number | undefined;
  private goOn = (): void => {};
  private emptied = (): void => {};
  private readonly uncork = (): void => {
    this.isCorked = false;
    this.options.socket.uncork();
  };

  constructor(options: AnswerQueueOptions) {
    this.options = options;
    options.socket.on('drain', () => this.goOn());
    options.socket.on('close', () => this.goOn());
  }

  /** Requests whose answer is not written yet. */
  get length(): number {
    return this.underway.length;
  }

  /** Since when (ms) the client has not taken what was written; undefined: it takes all. */
  get blockedSinceMs(): number | undefined {
    return this.blockedSince;
  }

  push(answer: Promise<Answer>, requestBytes: number): void {
    this.underway.push({ answer, requestBytes });
    if (this.underway.length === 1) void this.writeAll();
  }

  /** Resolves when nothing is under way; one caller at a time. */
  written(): Promise<void> {
    if (this.underway.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.emptied = resolve;
    });
  }

  private async writeAll(): Promise<void> {
    for (let first = this.underway[0]; first !== undefined; first = this.underway[0]) {
      try {
        const answer = await first.answer;
        if (answer !== 'none') await this.write(answer);
      } catch (error) {
        this.options.failed(error);
      }
      this.underway.shift();
      this.options.done(first.requestBytes);
    }
    this.emptied();
  }

  /** Answers that are there at the same time leave together. */
  private async write(answer: Exclude<Answer, 'none'>): Promise<void> {
    const { socket, ended } = this.options;
    if (!socket.writable) return;
    if ('close' in answer) return ended(answer.close);
    if (!this.isCorked) {
      this.isCorked = true;
      socket.cork();
      process.nextTick(this.uncork);
    }
    let hasRoom = true;
    for (const part of answer) hasRoom = socket.write(part);
    if (!hasRoom) await this.taken();
  }

  /** Resolves when the client has taken what was written, or is gone. */
  private async taken(): Promise<void> {
    const { socket, budget, clock } = this.options;
    const unsentBytes = socket.writableLength;
    budget.take(unsentBytes);
    this.blockedSince = clock.nowMs();
    await new Promise<void>((resolve) => {
      this.goOn = resolve;
    });
    this.blockedSince = undefined;
    budget.give(unsentBytes);
  }
}

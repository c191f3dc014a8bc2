import type { Socket } from 'node:net';
import { MalformedBytes } from '../shared/base/bytes.ts';
import type { Clock } from '../shared/base/clock.ts';
import type { Log } from '../shared/base/log.ts';
import type { Answer, Broker } from '../shared/broker/broker.ts';
import type { Caller } from '../shared/broker/broker-context.ts';
import { FrameSplitter } from './frame-splitter.ts';
import type { GatewayLimits } from './limits.ts';
import { whoSpeaks } from './strangers.ts';

/** Bytes of requests that all connections of a gateway hold. */
export type Budget = { heldBytes: number };

export type ConnectionOptions = {
  readonly socket: Socket;
  readonly broker: Broker;
  readonly caller: Caller;
  readonly limits: GatewayLimits;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * One client: frames in, frames out, answers in the order of the requests. A request begins when the one before was
 * admitted; reading stops while too much is held or the client does not read its answers.
 */
export class Connection {
  private readonly options: ConnectionOptions;
  private readonly splitter: FrameSplitter;
  private readonly gone = new AbortController();
  private heldBytes = 0;
  private requests = 0;
  private lastHeardMs: number;
  private isFirst = true;
  private begun: Promise<void> = Promise.resolve();
  private written: Promise<void> = Promise.resolve();

  constructor(options: ConnectionOptions) {
    this.options = options;
    this.splitter = new FrameSplitter(options.limits.frameBytesMax);
    this.lastHeardMs = options.clock.nowMs();
    const { socket } = options;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.hear(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.gone.abort());
  }

  /** Resolves when the socket is closed. */
  readonly closed = (): Promise<void> =>
    new Promise((resolve) => {
      if (this.gone.signal.aborted) resolve();
      else this.gone.signal.addEventListener('abort', () => resolve(), { once: true });
    });

  /** Takes no further request, answers what is being served, and closes. */
  async finish(): Promise<void> {
    this.options.socket.pause();
    await this.begun;
    await this.written;
    this.options.socket.end();
  }

  destroy(): void {
    this.options.socket.destroy();
  }

  /** Closes what has been silent for too long, or does not come to the end of a request. */
  closeIfIdle(): void {
    const { clock, limits, log, caller } = this.options;
    const silentMs = clock.nowMs() - this.lastHeardMs;
    const isStuck = this.splitter.pendingBytes > 0 && silentMs > limits.frameMsMax;
    if (!isStuck && (this.requests > 0 || silentMs <= limits.idleMsMax)) return;
    log.info('an idle connection is closed', { client: caller.clientHost, silentMs });
    this.destroy();
  }

  private hear(chunk: Buffer): void {
    this.lastHeardMs = this.options.clock.nowMs();
    if (this.isFirst && this.isStranger(chunk)) return;
    this.isFirst = false;
    try {
      for (const frame of this.splitter.push(chunk)) this.enqueue(frame);
    } catch (error) {
      this.refuse(error);
    }
  }

  private isStranger(chunk: Buffer): boolean {
    const stranger = whoSpeaks(chunk);
    if (stranger === undefined) return false;
    const { log, caller } = this.options;
    log.warn(`${stranger} was spoken to the Kafka port: the connection is closed`, {
      client: caller.clientHost,
    });
    this.destroy();
    return true;
  }

  private refuse(error: unknown): void {
    const { log, caller } = this.options;
    const reason = error instanceof MalformedBytes ? error.message : 'the request cannot be read';
    log.warn('a connection is closed', { client: caller.clientHost, reason });
    if (!(error instanceof MalformedBytes)) log.error('unexpected failure', { error });
    this.destroy();
  }

  private enqueue(frame: Uint8Array): void {
    this.hold(frame.length);
    const before = this.written;
    const answer = this.begun.then(() => this.serve(frame));
    this.begun = answer.then(({ admitted }) => admitted);
    this.written = answer
      .then(async (serving) => {
        const done = await serving.answer;
        await before;
        await this.write(done);
      })
      .catch((error: unknown) => this.refuse(error))
      .finally(() => this.release(frame.length));
  }

  private serve(frame: Uint8Array): { admitted: Promise<void>; answer: Promise<Answer> } {
    const { broker, caller } = this.options;
    if (this.gone.signal.aborted) return { admitted: Promise.resolve(), answer: Promise.resolve('none') };
    return broker.serve(frame, caller, this.gone.signal);
  }

  private async write(answer: Answer): Promise<void> {
    const { socket, log, caller } = this.options;
    if (answer === 'none' || this.gone.signal.aborted) return;
    if ('close' in answer) {
      log.warn('a connection is closed', { client: caller.clientHost, reason: answer.close });
      socket.end();
      return;
    }
    socket.cork();
    let isRoom = true;
    for (const part of answer) isRoom = socket.write(part);
    process.nextTick(() => socket.uncork());
    if (!isRoom) await this.drained();
  }

  /** The client reads its answers, or is gone. */
  private drained(): Promise<void> {
    const { socket } = this.options;
    return new Promise((resolve) => {
      socket.once('drain', resolve);
      this.gone.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private hold(bytes: number): void {
    this.heldBytes += bytes;
    this.requests++;
    this.options.budget.heldBytes += bytes;
    if (this.isFull()) this.options.socket.pause();
  }

  private release(bytes: number): void {
    this.heldBytes -= bytes;
    this.requests--;
    this.options.budget.heldBytes -= bytes;
    if (!this.isFull()) this.options.socket.resume();
  }

  private isFull(): boolean {
    const { limits, budget } = this.options;
    return (
      this.heldBytes >= limits.connectionBytesMax ||
      this.requests >= limits.connectionRequestsMax ||
      // Whoever has a request under way goes on: so the budget is always given back.
      (budget.heldBytes >= limits.totalBytesMax && this.requests > 0)
    );
  }
}

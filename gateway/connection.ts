import type { Socket } from 'node:net';
import { MalformedBytes } from '../shared/base/bytes.ts';
import type { Clock } from '../shared/base/clock.ts';
import type { Log } from '../shared/base/log.ts';
import type { Broker } from '../shared/broker/broker.ts';
import type { Caller } from '../shared/broker/broker-context.ts';
import { fetch } from '../shared/protocol/messages/fetch.ts';
import { AnswerQueue } from './answer-queue.ts';
import type { Budget } from './budget.ts';
import { FrameSplitter } from './frame-splitter.ts';
import type { GatewayLimits } from './limits.ts';
import { openingBytes, whoSpeaks } from './strangers.ts';

export type ConnectionOptions = {
  readonly socket: Socket;
  readonly broker: Pick<Broker, 'serve'>;
  readonly caller: Caller;
  readonly limits: GatewayLimits;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly log: Log;
};

const keepAliveAfterMs = 60_000;

/**
 * One client: frames in, frames out, answers in the order of the requests. A request begins when the one
 * before was admitted, or its answer is written. Reading stops while too much is held or the client does not
 * read its answers.
 */
export class Connection {
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  private readonly options: ConnectionOptions;
  private readonly splitter: FrameSplitter;
  private readonly answers: AnswerQueue;
  /** Aborted when whoever asks is gone, or the gateway stops: nothing is waited for any more. */
  private readonly over = new AbortController();
  private readonly reading: Promise<void>;
  /** What the client said first, until it is known that it is no stranger. */
  private opening: Uint8Array | undefined = new Uint8Array();
  /** Bytes in the splitter and of requests that are being served. */
  private heldBytes = 0;
  private lastHeardMs: number;
  private frameSinceMs: number;
  private isBusy = false;
  private isPaused = false;
  /** Nothing more is taken from the client. */
  private isFinishing = false;
  /** The client has said that it will send no more. */
  private hasEnded = false;
  private heard = (): void => {};
  private roomFound = (): void => {};
  private readonly steer = (): void => this.readOrPause();

  constructor(options: ConnectionOptions) {
    const { socket, budget, clock, limits } = options;
    this.options = options;
    this.splitter = new FrameSplitter(limits.frameBytesMax);
    this.lastHeardMs = clock.nowMs();
    this.frameSinceMs = this.lastHeardMs;
    this.answers = new AnswerQueue({
      socket,
      budget,
      clock,
      done: (requestBytes) => {
        budget.leave(this.steer); // whoever waits longer comes first
        this.release(requestBytes);
      },
      ended: (reason) => this.end(reason),
      failed: (error) => this.refuse(error),
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.forget();
        resolve();
      });
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveAfterMs);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.hear(chunk));
    socket.on('end', () => this.hearTheEnd());
    this.reading = this.serveAll();
  }

  /** Takes no further request, answers what is being served, and closes when the client does. */
  async finish(): Promise<void> {
    this.takeNoMore();
    await this.reading;
    await this.answers.written();
    this.options.socket.end();
  }

  destroy(): void {
    this.options.socket.destroy();
  }

  /**
   * Closes what is silent for too long, does not come to the end of a request, or does not take its answers.
   */
  closeIfIdle(): void {
    const reason = this.whyIdle();
    if (reason === undefined) return;
    const { log, caller } = this.options;
    log.info('an idle connection is closed', { client: caller.clientHost, reason });
    this.destroy();
  }

  private whyIdle(): string | undefined {
    const { clock, limits, budget } = this.options;
    const nowMs = clock.nowMs();
    const { blockedSinceMs } = this.answers;
    if (blockedSinceMs !== undefined) {
      const blockedMsMax = budget.isFull ? limits.slowReaderMsMax : limits.idleMsMax;
      return nowMs - blockedSinceMs > blockedMsMax ? 'it does not take its answers' : undefined;
    }
    const isHalf = this.splitter.pendingBytes > 0 && !this.isBusy && !this.isPaused;
    if (isHalf && nowMs - this.frameSinceMs > limits.frameMsMax) return 'its request does not end';
    const isUnderWay = this.isBusy || this.answers.length > 0;
    return !isUnderWay && nowMs - this.lastHeardMs > limits.idleMsMax ? 'it is silent' : undefined;
  }

  private hear(chunk: Buffer): void {
    if (this.isFinishing) return;
    this.lastHeardMs = this.options.clock.nowMs();
    if (this.opening !== undefined && this.isStranger(this.opening, chunk)) return;
    if (this.splitter.pendingBytes === 0) this.frameSinceMs = this.lastHeardMs;
    this.heldBytes += chunk.length;
    this.options.budget.take(chunk.length);
    this.splitter.push(chunk);
    this.heard();
    this.readOrPause();
  }

  private isStranger(before: Uint8Array, chunk: Uint8Array): boolean {
    const opening = Buffer.concat([before, chunk.subarray(0, openingBytes)]);
    this.opening = opening.length < openingBytes ? opening : undefined;
    const stranger = whoSpeaks(opening);
    if (stranger === undefined) return false;
    const { log, caller } = this.options;
    log.warn(`${stranger} was spoken to the Kafka port: the connection is closed`, {
      client: caller.clientHost,
    });
    this.takeNoMore();
    this.destroy();
    return true;
  }

  /** What was asked without waiting for an answer (acks=0) is served still. */
  private hearTheEnd(): void {
    this.hasEnded = true;
    this.over.abort();
    this.heard();
    this.roomFound();
  }

  private forget(): void {
    this.over.abort();
    if (!this.hasEnded) this.takeNoMore();
    this.options.budget.leave(this.steer);
    this.heard();
    this.roomFound();
  }

  private takeNoMore(): void {
    this.isFinishing = true;
    this.over.abort();
    this.drop();
    this.heard();
    this.roomFound();
    this.readOrPause();
  }

  /** An answer ends the connection, behind those before it. */
  private end(reason: string): void {
    const { log, caller, socket } = this.options;
    log.warn('a connection is closed', { client: caller.clientHost, reason });
    this.takeNoMore();
    socket.destroySoon();
  }

  private refuse(error: unknown): void {
    const { log, caller } = this.options;
    const client = caller.clientHost;
    if (error instanceof MalformedBytes)
      log.warn('a connection is closed', { client, reason: error.message });
    else log.error('a connection is closed: unexpected failure', { client, error });
    this.takeNoMore();
    this.destroy();
  }

  private async serveAll(): Promise<void> {
    try {
      for (;;) {
        const mayBegin = !this.isFinishing && this.answers.length < this.options.limits.connectionRequestsMax;
        const frame = mayBegin ? this.splitter.next() : undefined;
        if (frame !== undefined) await this.serve(frame);
        else if (this.isFinishing || (this.hasEnded && mayBegin)) break;
        else await this.more();
      }
    } catch (error) {
      this.refuse(error);
    }
    this.drop();
  }

  /** Resolves when the next request may begin. */
  private async serve(frame: Uint8Array): Promise<void> {
    const { broker, caller, clock } = this.options;
    const requestBytes = frame.length + frameSizeBytes;
    this.isBusy = true;
    if (isFetch(frame)) await this.roomForAnswer();
    if (this.isFinishing) return this.release(requestBytes);
    const { answer, admitted } = broker.serve(frame, caller, this.over.signal);
    this.answers.push(answer, requestBytes);
    if (!(await admitted)) await this.answers.written();
    this.isBusy = false;
    this.frameSinceMs = clock.nowMs(); // what came of the next one meanwhile was not waited for
  }

  /** Resolves when the client has said more, or a request is done with. */
  private more(): Promise<void> {
    this.readOrPause();
    return new Promise((resolve) => {
      this.heard = resolve;
    });
  }

  /** A fetch may answer much: it begins when other answers have been taken. */
  private async roomForAnswer(): Promise<void> {
    const { budget } = this.options;
    while (budget.isFull && !budget.hasOverdrawn(this.steer) && !this.over.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.roomFound = resolve;
        budget.wait(resolve);
      });
      budget.leave(this.roomFound);
    }
  }

  /** Forgets what was read and not served. */
  private drop(): void {
    this.release(this.splitter.pendingBytes);
    this.splitter.clear();
  }

  private release(bytes: number): void {
    this.heldBytes -= bytes;
    this.options.budget.give(bytes);
    this.heard();
    this.readOrPause();
  }

  private readOrPause(): void {
    const mayRead = this.mayRead();
    if (mayRead !== this.isPaused) return;
    const { socket, clock } = this.options;
    this.isPaused = !mayRead;
    if (mayRead) {
      this.frameSinceMs = clock.nowMs();
      socket.resume();
    } else socket.pause();
  }

  private mayRead(): boolean {
    if (this.isFinishing) return true; // what comes is dropped, so that the client's end is heard
    const { limits, budget } = this.options;
    const { length } = this.answers;
    if (length >= limits.connectionRequestsMax) return false;
    if (length > 0 && this.heldBytes >= limits.connectionBytesMax) return false;
    if (this.isBusy && this.splitter.pendingBytes >= limits.smallBytesMax) return false;
    const isSmall = this.heldBytes <= limits.smallBytesMax;
    if (isSmall || !budget.isFull) {
      budget.leave(this.steer);
      return true;
    }
    const isHalf = length === 0 && !this.isBusy;
    if (isHalf && budget.mayOverdraw(this.steer)) return true;
    budget.wait(this.steer);
    return false;
  }
}

const frameSizeBytes = 4;

const isFetch = (frame: Uint8Array): boolean => (((frame[0] ?? 0) << 8) | (frame[1] ?? 0)) === fetch.key;

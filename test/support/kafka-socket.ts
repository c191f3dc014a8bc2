import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FrameSplitter } from '../../gateway/frame-splitter.ts';
import { decodeResponse, encodeRequest } from '../../shared/protocol/frame.ts';
import type { Api, Decoded, Fields, Given } from '../../shared/protocol/schema.ts';

const answerBytesMax = 200_000_000;

/** A client that says exactly what a test wants, on a real socket. */
export class KafkaSocket {
  readonly socket: Socket;
  /** Resolves when the connection is over, however it ended. */
  readonly closed: Promise<void>;
  /** Whole frames that came, without their sizes. */
  readonly frames: Uint8Array[] = [];
  isClosed = false;
  private readonly splitter = new FrameSplitter(answerBytesMax);
  private arrived = (): void => {};
  private taken = 0;
  private correlationId = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.isClosed = true;
        this.arrived();
        resolve();
      });
    });
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.splitter.push(chunk);
      for (let frame = this.splitter.next(); frame; frame = this.splitter.next()) this.frames.push(frame);
      this.arrived();
    });
  }

  static async open(port: number, host = '127.0.0.1'): Promise<KafkaSocket> {
    const socket = connect(port, host);
    const client = new KafkaSocket(socket);
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return client;
  }

  send(...parts: readonly Uint8Array[]): void {
    this.socket.cork();
    for (const part of parts) this.socket.write(part);
    this.socket.uncork();
  }

  /** Sends and resolves when the system has taken it all. */
  sent(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
  }

  /** The next frame that nobody has asked for; undefined when the connection is over before it. */
  async next(): Promise<Uint8Array | undefined> {
    const place = this.taken++;
    while (this.frames.length <= place && !this.isClosed)
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
      });
    return this.frames[place];
  }

  /** Sends a request without waiting for its answer. */
  request<Req extends Fields, Res extends Fields>(
    api: Api<string, Req, Res>,
    version: number,
    body: Given<Req>,
  ): number {
    const correlationId = this.correlationId++;
    this.send(...encodeRequest(api, version, { correlationId, clientId: 'raw' }, body));
    return correlationId;
  }

  /** Sends a request and takes the next answer, which must be its own. One call at a time. */
  async call<Req extends Fields, Res extends Fields>(
    api: Api<string, Req, Res>,
    version: number,
    body: Given<Req>,
  ): Promise<Decoded<Res>> {
    const correlationId = this.request(api, version, body);
    const frame = await this.next();
    if (frame === undefined) throw new Error(`the connection was closed instead of ${api.name}'s answer`);
    const answer = decodeResponse(api, version, frame);
    if (answer.correlationId !== correlationId)
      throw new Error(`request ${correlationId} was answered as ${answer.correlationId}`);
    return answer.body;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

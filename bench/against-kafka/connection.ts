import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { concatBytes } from '../../shared/base/bytes.ts';
import { decodeResponse, encodeRequest } from '../../shared/protocol/frame.ts';
import { createTopics } from '../../shared/protocol/messages/create-topics.ts';
import { deleteTopics } from '../../shared/protocol/messages/delete-topics.ts';
import { metadata } from '../../shared/protocol/messages/metadata.ts';
import { produce } from '../../shared/protocol/messages/produce.ts';
import type { Api, Decoded, Fields, Given } from '../../shared/protocol/schema.ts';

const sizeBytes = 4;

/** A connection to a broker, for one request after another. Costs the machine as little as it can. */
export class Connection {
  private readonly socket: Socket;
  private chunks: Buffer[] = [];
  private heard: { resolve(frame: Buffer): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    const over = (): void => this.heard?.reject(new Error('the server has closed the connection'));
    socket.on('error', () => {});
    socket.on('close', over);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk);
    const all = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    this.chunks = [all];
    if (all.length < sizeBytes || all.length < sizeBytes + all.readInt32BE(0)) return;
    this.chunks = [];
    this.heard?.resolve(all.subarray(sizeBytes));
  }

  /** Sends a frame and resolves with the next one, its size left off. */
  exchange(frame: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.heard = { resolve, reject };
      this.socket.write(frame);
    });
  }

  private async call<Req extends Fields, Res extends Fields>(
    api: Api<string, Req, Res>,
    version: number,
    body: Given<Req>,
  ): Promise<Decoded<Res>> {
    const frame = await this.exchange(frameOf(api, version, body));
    return decodeResponse(api, version, frame).body;
  }

  /** Whether clients are told of a broker yet. */
  async hasBroker(): Promise<boolean> {
    const { brokers } = await this.call(metadata, 9, { topics: [] });
    return brokers.length > 0;
  }

  /** Makes a topic, and waits until its partitions have leaders. */
  async createTopic(name: string, numPartitions: number): Promise<void> {
    const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
    const { topics } = await this.call(createTopics, 5, { topics: [topic] });
    if (topics[0]?.errorCode !== 0) throw new Error(`topic ${name}: error ${topics[0]?.errorCode}`);
    for (;;) {
      const { topics: found } = await this.call(metadata, 9, {
        topics: [{ name }],
        allowAutoTopicCreation: false,
      });
      const isLed = found[0]?.partitions.length === numPartitions;
      if (isLed && found[0]?.partitions.every(({ leaderId }) => leaderId >= 0)) return;
    }
  }

  async deleteTopic(name: string): Promise<void> {
    await this.call(deleteTopics, 5, { topicNames: [name], timeoutMs: 30_000 });
  }

  close(): void {
    this.socket.destroy();
  }
}

const produceVersion = 9;

const frameOf = <Req extends Fields, Res extends Fields>(
  api: Api<string, Req, Res>,
  version: number,
  body: Given<Req>,
): Uint8Array => concatBytes(encodeRequest(api, version, { correlationId: 1, clientId: 'bench' }, body));

/** A request that appends a batch to partition 0, acks=all. */
export const produceFrame = (name: string, records: Uint8Array): Uint8Array =>
  frameOf(produce, produceVersion, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topicData: [{ name, partitionData: [{ index: 0, records }] }],
  });

/** Throws unless the batch was stored. */
export function checkProduced(answer: Uint8Array): void {
  const [topic] = decodeResponse(produce, produceVersion, answer).body.responses;
  const code = topic?.partitionResponses[0]?.errorCode;
  if (code !== 0) throw new Error(`a produce was answered with error ${code}`);
}

import { createRequire } from 'node:module';
import { cached } from '../clients/client-program.ts';

/** As much of kafkajs as the tests use: it is installed beside the project, not in it. */
type Message = { key: string; value: string };
type Seen = {
  topic: string;
  partition: number;
  message: { offset: string; key: Buffer | null; value: Buffer | null };
};
export type Producer = {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  send(what: { topic: string; acks: number; messages: Message[] }): Promise<unknown>;
};
export type Consumer = {
  readonly events: { readonly CRASH: string; readonly GROUP_JOIN: string };
  on(event: string, listener: (event: { payload: Payload }) => void): void;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  subscribe(what: { topic: string; fromBeginning: boolean }): Promise<void>;
  run(how: { eachMessage(seen: Seen): Promise<void> }): Promise<void>;
};
type Payload = { error?: Error; memberAssignment?: Record<string, number[]> };
export type Admin = {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  createTopics(what: { topics: { topic: string; numPartitions: number }[] }): Promise<boolean>;
  describeCluster(): Promise<{
    brokers: { nodeId: number; host: string; port: number }[];
    clusterId: string;
  }>;
  fetchTopicMetadata(what: {
    topics: string[];
  }): Promise<{ topics: { partitions: { partitionId: number; leader: number }[] }[] }>;
};
export type Kafka = {
  producer(options?: object): Producer;
  consumer(options: object): Consumer;
  admin(): Admin;
};

/** A client that begins at these brokers, as patient as an application's should be. */
export function openKafka(brokers: readonly string[]): Kafka {
  const kafkajs = createRequire(`${cached('clients-npm')}/package.json`)('kafkajs');
  return new kafkajs.Kafka({
    clientId: 'gateway-test',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 40 },
  }) as Kafka;
}

import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { type Reply, type RestClient, v2, v2Json } from './rest-client.ts';

export type Shown = {
  topic: string;
  partition: number;
  offset: number;
  key: unknown;
  value: unknown;
};

export const newGroup = (): string => `g-${randomUUID()}`;

/** A consumer instance as a program uses it. */
export class RestConsumer {
  readonly rest: RestClient;
  readonly group: string;
  readonly name: string;
  readonly path: string;

  private constructor(rest: RestClient, group: string, name: string) {
    this.rest = rest;
    this.group = group;
    this.name = name;
    this.path = `/consumers/${encodeURIComponent(group)}/instances/${encodeURIComponent(name)}`;
  }

  static async make(
    rest: RestClient,
    settings: Record<string, unknown> = {},
    group = newGroup(),
  ): Promise<RestConsumer> {
    const body = { format: 'json', 'auto.offset.reset': 'earliest', ...settings };
    const made = await rest.post(`/consumers/${encodeURIComponent(group)}`, body, v2);
    expect(made.status, made.text).toBe(200);
    return new RestConsumer(rest, group, made.json.instance_id);
  }

  /** One that has subscribed. */
  static async of(
    rest: RestClient,
    topics: readonly string[],
    settings: Record<string, unknown> = {},
    group = newGroup(),
  ): Promise<RestConsumer> {
    const consumer = await RestConsumer.make(rest, settings, group);
    await consumer.did(consumer.post('subscription', { topics }));
    return consumer;
  }

  post(path: string, body: unknown): Promise<Reply> {
    return this.rest.post(`${this.path}/${path}`, body, v2);
  }

  get(path: string): Promise<Reply> {
    return this.rest.get(`${this.path}/${path}`, v2);
  }

  async did(call: Promise<Reply>): Promise<void> {
    const { status, text } = await call;
    expect(status, text).toBe(204);
  }

  fetch(query = 'timeout=300', accept = v2Json): Promise<Reply> {
    return this.rest.get(`${this.path}/records?${query}`, accept);
  }

  async records(query?: string): Promise<Shown[]> {
    const { status, json, text } = await this.fetch(query);
    expect(status, text).toBe(200);
    return json;
  }

  /** Fetches until there are so many records, in a time in which they come if they come at all. */
  async recordsUntil(count: number, query?: string): Promise<Shown[]> {
    const found: Shown[] = [];
    for (let tries = 0; found.length < count && tries < 40; tries++)
      found.push(...(await this.records(query)));
    return found;
  }

  /** Commits what was read. */
  async commit(body: unknown = {}): Promise<void> {
    const { status, text } = await this.post('offsets', body);
    expect(status, text).toBe(200);
  }

  delete(): Promise<Reply> {
    return this.rest.send('DELETE', this.path);
  }
}

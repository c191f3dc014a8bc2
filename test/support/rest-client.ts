import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { JsonSplitter } from '../../shared/rest/json-stream.ts';
import { type OpenApi, OpenApiChecker } from './openapi-check.ts';

/** What a platform in front of a door may change. */
export type DoorTraits = {
  /** A slash that is escaped in a path reaches the door escaped. */
  readonly keepsEscapedSlashes: boolean;
  /** A body of application/json reaches the door as the bytes that were sent, not as text. */
  readonly keepsBytesOfJson: boolean;
  /** OPTIONS reaches the door. */
  readonly passesOptions: boolean;
  /** The door itself answers no more bytes at once. */
  readonly answerBytesMax: number;
  /** So many callers are served at the same time without starting what takes long to start. */
  readonly callersAtOnce: number;
};

const bareDoor: DoorTraits = {
  keepsEscapedSlashes: true,
  keepsBytesOfJson: true,
  passesOptions: true,
  answerBytesMax: Number.POSITIVE_INFINITY,
  callersAtOnce: 40,
};

/** A door on trial, wherever it runs. */
export type RestUnderTest = {
  /** Default: nothing stands in front of the door. */
  readonly traits?: DoorTraits;
  request(path: string, init?: RequestInit): Promise<Response>;
  /** What `fetch` cannot send; a door without it stands behind something that does not pass it on. */
  getWithBody?(path: string, body: string, headers: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
};

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
  /** The JSON values of a streamed answer. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly values: readonly any[];
};

export const v2 = 'application/vnd.kafka.v2+json';
export const v2Binary = 'application/vnd.kafka.binary.v2+json';
export const v2Json = 'application/vnd.kafka.json.v2+json';
export const v2Text = 'application/vnd.kafka.text.v2+json';

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Speaks to a door and holds every answer against its API document and the conventions. */
export class RestClient {
  private readonly door: RestUnderTest;
  private checker: OpenApiChecker | undefined;
  private known: string | undefined;

  constructor(door: RestUnderTest) {
    this.door = door;
  }

  get traits(): DoorTraits {
    return this.door.traits ?? bareDoor;
  }

  async send(method: string, path: string, init: RequestInit = {}): Promise<Reply> {
    return this.reply(method, path, await this.door.request(path, { method, ...init }));
  }

  /** A GET with a body; undefined when the door cannot be sent one. */
  async getWithBody(path: string, body: unknown, type = v2): Promise<Reply | undefined> {
    if (this.door.getWithBody === undefined) return undefined;
    const headers = { 'content-type': type };
    const response = await this.door.getWithBody(path, JSON.stringify(body), headers);
    return this.reply('GET', path, response);
  }

  private async reply(method: string, path: string, response: Response): Promise<Reply> {
    const text = textOf(Buffer.from(await response.arrayBuffer()));
    const splitter = new JsonSplitter();
    const texts = [...splitter.push(text), ...splitter.finish()];
    const values = texts.map((value) => JSON.parse(value));
    checkConventions(response, values);
    if (method !== 'OPTIONS') (await this.openApiChecker()).check(method, path, response, values);
    return { status: response.status, headers: response.headers, text, json: values[0], values };
  }

  get(path: string, accept?: string): Promise<Reply> {
    return this.send('GET', path, accept === undefined ? {} : { headers: { accept } });
  }

  /** A body that is no text is sent as JSON. */
  post(
    path: string,
    body: unknown,
    type = 'application/json',
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    return this.write('POST', path, body, type, headers);
  }

  write(
    method: string,
    path: string,
    body: unknown,
    type = 'application/json',
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const isBytes = body instanceof Uint8Array;
    const sent =
      typeof body === 'string' || isBytes ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body);
    return this.send(method, path, { body: sent, headers: { 'content-type': type, ...headers } });
  }

  /** The path of the cluster in v3. */
  async cluster(): Promise<string> {
    this.known ??= (await this.get('/v3/clusters')).json.data[0].cluster_id as string;
    return `/v3/clusters/${encodeURIComponent(this.known)}`;
  }

  /** A new topic with a name of its own. */
  async newTopic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
    const name = `t-${randomUUID()}`;
    const reply = await this.post(`${await this.cluster()}/topics`, {
      topic_name: name,
      partitions_count: partitions,
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    });
    expect(reply.status, reply.text).toBe(201);
    return name;
  }

  produce(
    topic: string,
    records: unknown,
    type = v2Json,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    return this.post(`/topics/${topic}`, { records }, type, headers);
  }

  read(topic: string, query = 'offset=earliest&timeout=0', accept = v2Json, partition = 0): Promise<Reply> {
    return this.get(`/topics/${topic}/partitions/${partition}/records?${query}`, accept);
  }

  private async openApiChecker(): Promise<OpenApiChecker> {
    if (!this.checker) {
      const response = await this.door.request('/openapi');
      this.checker = new OpenApiChecker((await response.json()) as OpenApi);
    }
    return this.checker;
  }
}

/** A client over the network inflates by itself; one without a network does not. */
function textOf(bytes: Buffer): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** What rest.md demands of every answer. */
function checkConventions(response: Response, values: readonly unknown[]): void {
  const { headers, status } = response;
  expect(headers.get('etag')).toBeNull();
  expect(headers.get('last-modified')).toBeNull();
  if (status !== 204) expect(headers.get('cache-control')).toMatch(/no-store|no-cache/);
  if (status >= 400 && values.length > 0) {
    const [error] = values as [{ error_code: number; message: string }];
    // R's code of a setting out of its range is the one that does not begin with its status.
    const isOfSettings = status === 422 && error.error_code === 40001;
    if (!isOfSettings) expect(String(error.error_code)).toMatch(new RegExp(`^(${status}[0-9]{0,2})$`));
    expect(typeof error.message).toBe('string');
    expect(error.message).not.toMatch(/\n\s+at /);
  }
}

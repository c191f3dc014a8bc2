import type * as z from 'zod';
import type { Clock } from '../../shared/base/clock.ts';
import type { Random } from '../../shared/base/random.ts';
import { backoffMs } from '../../shared/base/retry.ts';
import { type Operation, routes } from '../../shared/rest/contract.ts';
import * as shape from '../../shared/rest/contract-shapes.ts';
import { parseKeepingDigits } from '../output/json-line.ts';
import { withDeadline } from './deadline.ts';
import type { DoorAddress } from './door-address.ts';
import { DoorFailure, failureOf, noAnswer, notMillrace } from './door-failure.ts';

export type PathParameters = Readonly<Record<string, string | number>>;

export type CallOptions = {
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How much longer than usual the answer may take. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
};

export type DoorAnswer = { readonly status: number; readonly headers: Headers; readonly text: string };

export type DoorOptions = {
  readonly address: DoorAddress;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: Random;
  /** An answer may take this long. */
  readonly timeoutMs: number;
  /** What may go away by itself is tried again for this long. */
  readonly retryMs: number;
};

/** The HTTP API of a Millrace, called by the names of its contract. */
export class Door {
  readonly clock: Clock;
  readonly random: Random;
  readonly retryMs: number;
  private readonly options: DoorOptions;
  private clusterId: Promise<string> | undefined;

  constructor(options: DoorOptions) {
    this.options = options;
    this.clock = options.clock;
    this.random = options.random;
    this.retryMs = options.retryMs;
  }

  /** Where it is, for messages. */
  get name(): string {
    return this.options.address.urls.rest;
  }

  /** The id of the cluster, which stands in every path of v3. */
  cluster(): Promise<string> {
    this.clusterId ??= this.call('listClusters', {}, shape.kafkaClusterList).then(({ data: [cluster] }) => {
      if (cluster === undefined) throw notMillrace(this.name, 'no cluster');
      return cluster.cluster_id;
    });
    return this.clusterId;
  }

  /** Calls a route below `/v3/clusters/{cluster_id}`. */
  async callV3<T extends z.ZodType>(
    operation: Operation,
    parameters: PathParameters,
    answer: T,
    options: CallOptions = {},
  ): Promise<z.output<T>> {
    return this.call(operation, { cluster_id: await this.cluster(), ...parameters }, answer, options);
  }

  /** Calls a route and holds its answer against the contract. Throws a `DoorFailure` for every error. */
  async call<T extends z.ZodType>(
    operation: Operation,
    parameters: PathParameters,
    answer: T,
    options: CallOptions = {},
  ): Promise<z.output<T>> {
    const { text } = await this.send(operation, parameters, options);
    const parsed = answer.safeParse(this.parse(text));
    if (!parsed.success) throw notMillrace(this.name, parsed.error);
    return parsed.data;
  }

  /** The JSON of an answer, in which integers too long for a double are texts. */
  parse(text: string): unknown {
    try {
      return text === '' ? undefined : parseKeepingDigits(text);
    } catch (error) {
      throw notMillrace(this.name, error);
    }
  }

  /**
   * Calls a route. A failure that may pass is tried again where that cannot do harm: of what changes nothing,
   * and of what the door says it has not done (429).
   */
  async send(
    operation: Operation,
    parameters: PathParameters,
    options: CallOptions = {},
  ): Promise<DoorAnswer> {
    const mayRepeat = ({ status, isPassing }: DoorFailure): boolean =>
      status === 429 ||
      (routes[operation].method === 'GET' && isPassing && status !== undefined && status !== 500);
    return this.persist(
      () => this.sendOnce(operation, parameters, options),
      (error) => error instanceof DoorFailure && mayRepeat(error),
      options.signal,
    );
  }

  /**
   * Tries again, for as long as `--retry` says after the last success, what fails in a way that `mayRepeat`
   * accepts. `onWait` hears of the first failure.
   */
  async persist<T>(
    attempt: () => Promise<T>,
    mayRepeat: (error: unknown) => boolean,
    signal?: AbortSignal,
    onWait: (error: unknown) => void = () => undefined,
  ): Promise<T> {
    const startedMs = this.clock.nowMs();
    for (let tries = 0; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        const delayMs = backoffMs({ firstDelayMs: 100, delayMsMax: 2_000, random: this.random }, tries);
        const isOver = this.clock.nowMs() + delayMs - startedMs > this.retryMs;
        if (isOver || signal?.aborted || !mayRepeat(error)) throw error;
        if (tries === 0) onWait(error);
        await this.clock.sleep(delayMs, signal);
        signal?.throwIfAborted();
      }
    }
  }

  /** Calls a route once. */
  async sendOnce(
    operation: Operation,
    parameters: PathParameters,
    options: CallOptions = {},
  ): Promise<DoorAnswer> {
    const { address } = this.options;
    const base = baseFor(operation, address);
    const url = new URL(`${base}${pathOf(operation, parameters)}`);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
    const timeoutMs = this.options.timeoutMs + (options.waitMs ?? 0);
    try {
      return await withDeadline(this.clock, timeoutMs, options.signal, async (signal) => {
        const answer = await this.options.fetch(url, requestOf(operation, options, address, signal));
        const text = await answer.text();
        if (answer.ok) return { status: answer.status, headers: answer.headers, text };
        throw failureOf(base, answer.status, text, address.isSigned);
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw error instanceof Error && 'exitCode' in error ? error : noAnswer(base, error);
    }
  }
}

function requestOf(
  operation: Operation,
  { body, contentType, accept, headers }: CallOptions,
  address: DoorAddress,
  signal: AbortSignal,
): RequestInit {
  return {
    method: routes[operation].method,
    headers: {
      accept: accept ?? 'application/json',
      ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      ...address.headers,
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    redirect: 'error',
    signal,
  };
}

/** Function URLs part the work between three addresses; every other door has one. */
function baseFor(operation: Operation, { urls }: DoorAddress): string {
  if (operation === 'produceToPartition' || operation === 'produceToTopic') return urls.produce ?? urls.rest;
  return operation === 'readRecords' ? (urls.fetch ?? urls.rest) : urls.rest;
}

/** The path of a route with its parameters filled in. */
export function pathOf(operation: Operation, parameters: PathParameters): string {
  return routes[operation].path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`the path of ${operation} has no ${name}`);
    return encodeURIComponent(value);
  });
}

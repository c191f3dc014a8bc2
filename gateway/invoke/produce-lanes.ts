import type { Clock } from '../../shared/base/clock.ts';
import type { Log } from '../../shared/base/log.ts';
import type { Random } from '../../shared/base/random.ts';
import type { BrokerNode } from '../../shared/broker/broker-context.ts';
import { kafkaErrorName, kafkaErrors } from '../../shared/kafka/error-codes.ts';
import type { FrameInvoker } from '../../shared/runtime/frame-invoker.ts';
import { type BlockedProducer, blockedBy, headerOf, standsBehind } from './blocked-producers.ts';
import type { Outcome } from './outcome.ts';
import { type Batch, callBytesMax, ProduceCall } from './produce-call.ts';

export type ProduceLanesOptions = {
  readonly invoker: FrameInvoker;
  readonly nodes: () => readonly BrokerNode[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Batches of the partition are in the log. */
  readonly appended: (topic: string, partition: number) => void;
};

/** The batches of one partition. At most one call that gives it offsets is in flight. */
type Lane = {
  readonly topic: string;
  readonly partition: number;
  waiting: Batch[];
  isInFlight: boolean;
  /** The log's end as an answer has shown it. */
  next: bigint | undefined;
};

const batchesMax = 256;

/**
 * Appends by invoking `produce`. Concurrent invocations reorder, so each partition has a lane: while a call
 * with its batches is in flight, later ones wait and travel together in the next. A call whose outcome is
 * unknown is settled, with the same staging ids, before the lane moves on; a connection that cannot be told
 * what became of its batch is closed, and nothing behind that batch is sent.
 */
export class ProduceLanes {
  private readonly options: ProduceLanesOptions;
  private readonly lanes = new Map<string, Lane>();
  /** Connections that were told nothing about a batch: what they have sent behind it is dropped. */
  private readonly broken = new WeakSet<AbortSignal>();
  private readonly blocked = new WeakMap<AbortSignal, Map<string, BlockedProducer>>();
  private isDispatching = false;

  constructor(options: ProduceLanesOptions) {
    this.options = options;
  }

  /** Puts the batches of one request into their lanes, at once; each outcome stands at its batch's place. */
  append(batches: readonly Omit<Batch, 'resolve'>[]): Promise<Outcome>[] {
    const outcomes = batches.map(
      (batch) =>
        new Promise<Outcome>((resolve) => {
          this.laneOf(batch).waiting.push({ ...batch, resolve });
        }),
    );
    this.dispatchSoon();
    return outcomes;
  }

  private laneOf({ topic, partition }: Pick<Batch, 'topic' | 'partition'>): Lane {
    const name = laneName(topic, partition);
    const lane = this.lanes.get(name) ?? {
      ...{ topic, partition, waiting: [], isInFlight: false, next: undefined },
    };
    this.lanes.set(name, lane);
    return lane;
  }

  /** Requests that were read together travel together. */
  private dispatchSoon(): void {
    if (this.isDispatching) return;
    this.isDispatching = true;
    queueMicrotask(() => {
      this.isDispatching = false;
      for (let taken = this.take(); taken.size > 0; taken = this.take()) void this.send(taken);
    });
  }

  /** What goes into one call: of every lane that is free as much as there is room for, in order. */
  private take(): Map<Lane, Batch[]> {
    const taken = new Map<Lane, Batch[]>();
    let [bytes, count] = [0, 0];
    for (const lane of this.lanes.values()) {
      if (lane.isInFlight) continue;
      const own: Batch[] = [];
      for (let first = this.nextOf(lane); first !== undefined; first = this.nextOf(lane)) {
        const size = first.records?.length ?? 0;
        if (count > 0 && (bytes + size > callBytesMax || count === batchesMax)) break;
        lane.waiting.shift();
        own.push(first);
        bytes += size;
        count++;
      }
      if (own.length > 0) taken.set(lane, own);
    }
    for (const lane of taken.keys()) lane.isInFlight = true;
    return taken;
  }

  /** The first batch of the lane that may be sent; those before it that may not are answered. */
  private nextOf(lane: Lane): Batch | undefined {
    for (let first = lane.waiting[0]; first !== undefined; first = lane.waiting[0]) {
      const refusal = this.refusalOf(lane, first);
      if (refusal === undefined) return first;
      lane.waiting.shift();
      first.resolve(refusal);
    }
    return undefined;
  }

  private refusalOf(lane: Lane, batch: Batch): Outcome | undefined {
    const { connection } = batch;
    if (this.broken.has(connection)) return { close: 'the outcome of an earlier batch is unknown' };
    const all = this.blocked.get(connection);
    const name = laneName(lane.topic, lane.partition);
    const blocked = all?.get(name);
    if (blocked === undefined) return undefined;
    if (standsBehind(batch.records, blocked) && this.options.clock.nowMs() < blocked.untilMs)
      return blocked.refusal;
    all?.delete(name);
    return undefined;
  }

  private async send(taken: Map<Lane, Batch[]>): Promise<void> {
    const { options } = this;
    const parts = [...taken].map(([{ next }, batches]) => ({ nextBefore: next, batches }));
    try {
      await new ProduceCall(options, parts, (batch, outcome) => this.settle(batch, outcome)).run();
    } catch (error) {
      options.log.error('unexpected failure', { api: 'Produce', error });
      const outcome: Outcome = { close: 'Produce failed' };
      for (const { batches } of parts) for (const batch of batches) this.settle(batch, outcome);
    }
    for (const lane of taken.keys()) {
      lane.isInFlight = false;
      if (lane.waiting.length === 0 && lane.next === undefined)
        this.lanes.delete(laneName(lane.topic, lane.partition));
    }
    this.dispatchSoon();
  }

  private settle(batch: Batch, outcome: Outcome): void {
    const { topic, partition, connection } = batch;
    batch.resolve(outcome);
    if ('close' in outcome) this.broken.add(connection);
    else if (outcome.errorCode !== kafkaErrors.NONE.code) this.block(batch, outcome);
    else {
      this.noteAppended(batch, outcome.baseOffset);
      this.options.appended(topic, partition);
    }
  }

  private noteAppended(batch: Batch, baseOffset: bigint): void {
    const lane = this.laneOf(batch);
    const next = baseOffset + BigInt(headerOf(batch.records)?.recordCount ?? 0);
    if (lane.next === undefined || next > lane.next) lane.next = next;
  }

  /**
   * What the client has sent behind a batch that it will have to send again must not be tried before that: it
   * would be out of order, which some clients take for fatal.
   */
  private block(batch: Batch, refusal: Exclude<Outcome, { close: string }>): void {
    if (!kafkaErrors[kafkaErrorName(refusal.errorCode)].retriable) return;
    const untilMs = this.options.clock.nowMs() + batch.timeoutMs;
    const blocked = blockedBy(batch.records, refusal, untilMs);
    if (blocked === undefined) return;
    const all = this.blocked.get(batch.connection) ?? new Map<string, BlockedProducer>();
    const name = laneName(batch.topic, batch.partition);
    if (!all.has(name)) all.set(name, blocked);
    this.blocked.set(batch.connection, all);
  }
}

const laneName = (topic: string, partition: number): string => `${partition} ${topic}`;

import { concatBytes } from '../../shared/base/bytes.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Log } from '../../shared/base/log.ts';
import type { Random } from '../../shared/base/random.ts';
import { backoffMs } from '../../shared/base/retry.ts';
import type { BrokerNode, Caller } from '../../shared/broker/broker-context.ts';
import { kafkaErrors } from '../../shared/kafka/error-codes.ts';
import { decodeResponse, encodeRequest } from '../../shared/protocol/frame.ts';
import type { RequestOf } from '../../shared/protocol/messages/index.ts';
import { produce } from '../../shared/protocol/messages/produce.ts';
import type { FrameAnswer, FrameCall } from '../../shared/runtime/frame-events.ts';
import { type FrameInvoker, invokeFailureOf } from '../../shared/runtime/frame-invoker.ts';
import { idempotentHeader } from './blocked-producers.ts';
import { failedPartition, type Outcome } from './outcome.ts';

/** One partition of a client's Produce, on its way. */
export type Batch = {
  readonly topic: string;
  readonly partition: number;
  readonly records: Uint8Array | null;
  /** The connection, by the signal that it ends with. */
  readonly connection: AbortSignal;
  readonly caller: Caller;
  readonly clientId: string | null;
  readonly version: number;
  readonly acks: number;
  readonly transactionalId: string | null;
  /** 10 random bytes: the same however often it is sent. */
  readonly stagingId: Uint8Array;
  readonly sinceMs: number;
  /** How long the client waits for the answer (ms). */
  readonly timeoutMs: number;
  readonly resolve: (outcome: Outcome) => void;
};

/** Bytes of batches in one invocation; a single batch may have as many. */
export const callBytesMax = 4_000_000;

export type ProduceCallOptions = {
  readonly invoker: FrameInvoker;
  readonly nodes: () => readonly BrokerNode[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

/** The batches of one partition in a call, and the log's end as it was known before. */
export type Part = { readonly batches: readonly Batch[]; readonly nextBefore: bigint | undefined };

/** Batches that can be one Produce request. */
type Frame = { readonly key: string; readonly batches: { batch: Batch; nextBefore: bigint | undefined }[] };

const pauses = { firstDelayMs: 50, delayMsMax: 1_000 };
/** A plain batch that a second look does not find cannot be found: too much has happened since. */
const plainLooksMax = 2;

/** One invocation of `produce`, repeated as it is until it is known what became of every batch. */
export class ProduceCall {
  private readonly options: ProduceCallOptions;
  private readonly frames: readonly Frame[];
  private readonly settle: (batch: Batch, outcome: Outcome) => void;
  private readonly open: Set<Batch>;
  /** Invocations that may have run. */
  private ran = 0;

  constructor(
    options: ProduceCallOptions,
    parts: readonly Part[],
    settle: (batch: Batch, outcome: Outcome) => void,
  ) {
    this.options = options;
    this.frames = framesOf(parts);
    this.settle = settle;
    this.open = new Set(parts.flatMap(({ batches }) => batches));
  }

  async run(): Promise<void> {
    const { clock, random } = this.options;
    for (let tries = 0; this.open.size > 0; tries++) {
      if (tries > 0) await clock.sleep(backoffMs({ ...pauses, random }, tries - 1));
      await this.tryOnce();
    }
  }

  private async tryOnce(): Promise<void> {
    const { invoker, nodes, log } = this.options;
    const [first] = this.frames[0]?.batches ?? [];
    const brokerId = first?.batch.caller.brokerId ?? 0;
    const calls = this.frames.map((frame) => callOf(frame, this.ran));
    try {
      const answers = await invoker.invoke('produce', { brokerId, brokers: nodes(), waitMsMax: 0, calls });
      this.ran++;
      this.read(answers);
    } catch (error) {
      const kind = invokeFailureOf(error);
      if (kind === 'unknown') this.ran++;
      log.warn('produce could not be invoked', { kind, error });
      this.giveUp(kind === 'refused');
    }
  }

  /** Nothing is told before everything is known: what was refused once may be stored by the next try. */
  private read(answers: readonly FrameAnswer[]): void {
    const outcomes = this.frames.flatMap((frame, place) => outcomesOf(frame, answers[place] ?? 'none'));
    const isOpen = outcomes.some((outcome) => this.isUnknown(outcome));
    if (isOpen) this.giveUp(false);
    else for (const { batch, outcome } of outcomes) this.end(batch, outcome);
  }

  private isUnknown({ batch, outcome }: { batch: Batch; outcome: Outcome }): boolean {
    if ('close' in outcome || outcome.errorCode !== kafkaErrors.REQUEST_TIMED_OUT.code) return false;
    return idempotentHeader(batch.records) !== undefined || this.ran < plainLooksMax;
  }

  /** Ends what has waited too long: refused if it surely is not stored, else without a word. */
  private giveUp(isRefused: boolean): void {
    const nowMs = this.options.clock.nowMs();
    for (const batch of [...this.open]) {
      const waitedMs = nowMs - batch.sinceMs;
      if (this.ran === 0 && (isRefused || waitedMs >= batch.timeoutMs / 2)) this.end(batch, notStored);
      else if (this.ran > 0 && waitedMs >= batch.timeoutMs) this.end(batch, unsettled);
    }
  }

  private end(batch: Batch, outcome: Outcome): void {
    if (this.open.delete(batch)) this.settle(batch, outcome);
  }
}

const notStored = failedPartition(
  kafkaErrors.NOT_ENOUGH_REPLICAS.code,
  'No function could be invoked: try again later.',
);
const unsettled: Outcome = { close: 'it is not known whether a batch was stored' };

/** Frames in the order in which they must be served: a lane's later batches never in an earlier frame. */
function framesOf(parts: readonly Part[]): Frame[] {
  const frames: Frame[] = [];
  for (const { batches, nextBefore } of parts) {
    let place = 0;
    for (const batch of batches) {
      const key = keyOf(batch);
      const found = frames.findIndex((frame, at) => at >= place && frame.key === key);
      place = found >= 0 ? found : frames.push({ key, batches: [] }) - 1;
      frames[place]?.batches.push({ batch, nextBefore });
    }
  }
  return frames;
}

/** What a whole request says; acks 0 is answered by the gateway, so it asks as for 1. */
const keyOf = ({ version, acks, transactionalId, clientId, caller }: Batch): string =>
  JSON.stringify([version, acks || 1, transactionalId, clientId, caller.principal, caller.clientHost]);

function callOf({ batches }: Frame, tries: number): FrameCall {
  const [first] = batches;
  if (first === undefined) throw new Error('a frame carries a batch');
  const { version, clientId, acks, transactionalId, timeoutMs, caller } = first.batch;
  const body: RequestOf<'Produce'> = {
    ...{ transactionalId, acks: acks || 1, timeoutMs },
    topicData: batches.map(({ batch }) => ({
      name: batch.topic,
      partitionData: [{ index: batch.partition, records: batch.records }],
    })),
  };
  return {
    frame: concatBytes(encodeRequest(produce, version, { correlationId: 0, clientId }, body)).subarray(4),
    principal: caller.principal,
    clientHost: caller.clientHost,
    repeats: batches.map(({ batch: { stagingId }, nextBefore }) => ({
      ...{ stagingId, tries },
      ...(nextBefore === undefined ? {} : { nextBefore }),
    })),
  };
}

function outcomesOf({ batches }: Frame, answer: FrameAnswer): { batch: Batch; outcome: Outcome }[] {
  const all = batches.map(({ batch }) => batch);
  if (!Array.isArray(answer)) {
    const close = typeof answer === 'object' && 'close' in answer ? answer.close : 'Produce was not answered';
    return all.map((batch) => ({ batch, outcome: { close } }));
  }
  const version = all[0]?.version ?? 0;
  const { body } = decodeResponse(produce, version, concatBytes(answer as Uint8Array[]).subarray(4));
  const answers = body.responses.flatMap(({ partitionResponses }) => partitionResponses);
  return all.map((batch, place) => ({
    batch,
    outcome: answers[place] ?? { close: 'Produce was cut short' },
  }));
}

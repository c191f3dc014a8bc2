import { concatBytes } from '../../shared/base/bytes.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Log } from '../../shared/base/log.ts';
import type { Random } from '../../shared/base/random.ts';
import { backoffMs } from '../../shared/base/retry.ts';
import type { Answer } from '../../shared/broker/broker.ts';
import type { BrokerNode, Caller } from '../../shared/broker/broker-context.ts';
import { kafkaErrorName } from '../../shared/kafka/error-codes.ts';
import { type DecodedRequest, decodeResponse } from '../../shared/protocol/frame.ts';
import { fetch } from '../../shared/protocol/messages/fetch.ts';
import type { ResponseOf } from '../../shared/protocol/messages/index.ts';
import type { FrameAnswer, FrameCall } from '../../shared/runtime/frame-events.ts';
import { type FrameInvoker, invokeFailureOf } from '../../shared/runtime/frame-invoker.ts';
import { EmptyAnswers } from './empty-answers.ts';
import { FetchWatch, watchedName } from './fetch-watch.ts';

type FetchRequest = Extract<DecodedRequest, { name: 'Fetch' }>;

export type FetchesOptions = {
  readonly invoker: FrameInvoker;
  readonly nodes: () => readonly BrokerNode[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What a client is told when no function can be reached. */
  readonly unreachable: (frame: Uint8Array, caller: Caller, signal: AbortSignal) => Promise<Answer>;
};

export type FetchFrom = {
  readonly request: FetchRequest;
  readonly frame: Uint8Array;
  readonly caller: Caller;
  readonly signal: AbortSignal;
};

type Asking = {
  readonly call: FrameCall;
  readonly brokerId: number;
  readonly resolve: (answer: FrameAnswer) => void;
  readonly reject: (error: unknown) => void;
};

/** So many fetches share one answer of a function, each with its part of it. */
const callsMax = 16;
/** Fetches that are to look at about the same time look together. */
const gatherMs = 2;
/** A client waits longer than this for an answer, so that it hears an error rather than nothing. */
const failAfterMs = 10_000;
const waitMsMax = 300_000;
/** Whoever waits for less is told what is there, however short ago somebody looked. */
const knownWaitMsMin = 100;
const pauses = { firstDelayMs: 50, delayMsMax: 1_000 };

/**
 * Reads by invoking `fetch`, which never waits: a held function costs more than asking again. The waiting is
 * done here, for all connections together: who waits looks again at the times of `FetchWatch`, at once when
 * this gateway has appended, and those who look at the same time share an invocation.
 */
export class Fetches {
  private readonly options: FetchesOptions;
  private readonly watch: FetchWatch;
  private readonly empty = new EmptyAnswers();
  private asking: Asking[] = [];

  constructor(options: FetchesOptions) {
    this.options = options;
    this.watch = new FetchWatch(options.clock);
  }

  /** This gateway has appended to the partition: whoever waits for it looks at once. */
  appended(topic: string, partition: number): void {
    this.empty.forget(watchedName(topic, partition));
    this.watch.appended(topic, partition);
  }

  /** An answer to a client has told the names of topic ids. */
  learn(topicId: string, name: string): void {
    this.watch.learn(topicId, name);
  }

  async serve(fetching: FetchFrom): Promise<{ answer: Answer; muteMs: number }> {
    const { clock, unreachable } = this.options;
    const { request, frame, caller, signal } = fetching;
    const sinceMs = clock.nowMs();
    const untilMs = sinceMs + Math.min(waitMsMax, Math.max(0, request.body.maxWaitMs));
    const watched = this.watch.begin(request.body.topics);
    // Who will not wait wants to know what is there now.
    let last = untilMs - sinceMs >= knownWaitMsMin ? this.empty.find(frame) : undefined;
    try {
      for (;;) {
        if (last === undefined || watched.isDue(last.lookedMs)) {
          const lookedMs = clock.nowMs();
          watched.begins();
          const answer = await this.ask(fetching, sinceMs);
          if (answer === undefined) return { answer: await unreachable(frame, caller, signal), muteMs: 0 };
          if (typeof answer === 'string' || 'close' in answer) return { answer, muteMs: 0 };
          const read = readAnswer(request, answer);
          watched.looked(read.bytes > 0);
          if (read.isFinal || read.bytes >= request.body.minBytes) return { answer, muteMs: read.muteMs };
          last = { bytes: concatBytes(answer), lookedMs };
          if (read.bytes === 0) this.empty.remember(frame, watched.names, last);
        }
        if (signal.aborted || clock.nowMs() >= untilMs) return { answer: [last.bytes], muteMs: 0 };
        await this.watch.wait(watched, last.lookedMs, untilMs, signal);
      }
    } finally {
      watched.end();
    }
  }

  /** Undefined: no function has answered for too long. Reads may be repeated whatever became of them. */
  private async ask({ frame, caller, signal }: FetchFrom, sinceMs: number): Promise<Answer | undefined> {
    const { clock, random, log } = this.options;
    const call = { frame, principal: caller.principal, clientHost: caller.clientHost };
    for (let tries = 0; ; ) {
      try {
        const answer = await this.share(call, caller.brokerId);
        if (answer === 'later') continue;
        const isAnswer = typeof answer === 'string' || !('again' in answer || 'standing' in answer);
        return isAnswer ? answer : { close: 'Fetch was not answered' };
      } catch (error) {
        const kind = invokeFailureOf(error);
        log.warn('fetch could not be invoked', { kind, error });
        const isOver = clock.nowMs() - sinceMs > failAfterMs && tries > 0;
        if (kind === 'refused' || isOver || signal.aborted) return undefined;
        await clock.sleep(backoffMs({ ...pauses, random }, tries++), signal);
      }
    }
  }

  private share(call: FrameCall, brokerId: number): Promise<FrameAnswer> {
    return new Promise((resolve, reject) => {
      this.asking.push({ call, brokerId, resolve, reject });
      if (this.asking.length === 1) void this.options.clock.sleep(gatherMs).then(() => this.flush());
      if (this.asking.length === callsMax) this.flush();
    });
  }

  private flush(): void {
    const together = this.asking;
    this.asking = [];
    if (together.length > 0) void this.invoke(together);
  }

  private async invoke(together: readonly Asking[]): Promise<void> {
    const { invoker, nodes } = this.options;
    const calls = together.map(({ call }) => call);
    const brokerId = together[0]?.brokerId ?? 0;
    try {
      const answers = await invoker.invoke('fetch', { brokerId, brokers: nodes(), waitMsMax: 0, calls });
      for (const [place, { resolve }] of together.entries()) resolve(answers[place] ?? 'later');
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }
}

/** What ends a wait as in the broker: an error of a read, but not a partition that nobody knows. */
const isWaitedWith = new Set(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID']);

type Read = { readonly bytes: number; readonly isFinal: boolean; readonly muteMs: number };

function readAnswer({ apiVersion }: FetchRequest, parts: readonly Uint8Array[]): Read {
  const { body } = decodeResponse(fetch, apiVersion, concatBytes(parts).subarray(4));
  const { throttleTimeMs: muteMs = 0, errorCode = 0, responses } = body;
  const partitions = responses.flatMap((topic): readonly PartitionAnswer[] => topic.partitions);
  const names = partitions.map((partition) => kafkaErrorName(partition.errorCode));
  const isFinal =
    errorCode !== 0 ||
    names.every((name) => name !== 'NONE') ||
    names.some((name) => !isWaitedWith.has(name));
  return { bytes: partitions.reduce((sum, { records }) => sum + (records?.length ?? 0), 0), isFinal, muteMs };
}

type PartitionAnswer = ResponseOf<'Fetch'>['responses'][number]['partitions'][number];

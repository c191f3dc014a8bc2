import type { Clock } from '../../shared/base/clock.ts';
import type { Log } from '../../shared/base/log.ts';
import type { Random } from '../../shared/base/random.ts';
import type { Answer, Broker, Serving } from '../../shared/broker/broker.ts';
import type { BrokerNode, Caller } from '../../shared/broker/broker-context.ts';
import { type DecodedRequest, decodeRequest, requestHeader } from '../../shared/protocol/frame.ts';
import { apiVersions } from '../../shared/protocol/messages/api-versions.ts';
import { fetch } from '../../shared/protocol/messages/fetch.ts';
import { findCoordinator } from '../../shared/protocol/messages/find-coordinator.ts';
import { apiByKey } from '../../shared/protocol/messages/index.ts';
import { produce } from '../../shared/protocol/messages/produce.ts';
import type { FrameInvoker } from '../../shared/runtime/frame-invoker.ts';
import { openUnreachableBroker } from '../../shared/runtime/unreachable-broker.ts';
import { ControlCalls } from './control-calls.ts';
import { Fetches } from './fetches.ts';
import { ProduceLanes } from './produce-lanes.ts';
import { serveProduce } from './produce-request.ts';

export type InvokeBrokerOptions = {
  readonly invoker: FrameInvoker;
  /** The brokers that clients are told of, with the addresses that they can reach. */
  readonly nodes: () => readonly BrokerNode[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** `gateway.heartbeat.hold.ms`. Default 0. */
  readonly heartbeatHoldMs?: number;
};

/** Answered here: they need the addresses of the brokers, and nothing that is stored. */
const needNoFunction: readonly number[] = [apiVersions.key, findCoordinator.key];

/**
 * A broker for processes that may invoke functions and must not touch table and bucket: Produce goes to the
 * function `produce`, Fetch to `fetch`, everything else to `control`. The same interface as the broker of the
 * domain, so that a listener does not know the difference.
 */
export async function openInvokeBroker(options: InvokeBrokerOptions): Promise<Pick<Broker, 'serve'>> {
  return new InvokeBroker(options, await openUnreachableBroker(options));
}

class InvokeBroker {
  private readonly options: InvokeBrokerOptions;
  /** Knows what is known without functions, and what to say when they cannot be reached. */
  private readonly alone: Broker;
  private readonly lanes: ProduceLanes;
  private readonly fetches: Fetches;
  private readonly control: ControlCalls;

  constructor(options: InvokeBrokerOptions, alone: Broker) {
    this.options = options;
    this.alone = alone;
    const unreachable = (frame: Uint8Array, caller: Caller, signal: AbortSignal): Promise<Answer> =>
      alone.serve(frame, caller, signal).answer;
    const fetches = new Fetches({ ...options, unreachable });
    this.fetches = fetches;
    const appended = (topic: string, partition: number): void => fetches.appended(topic, partition);
    this.lanes = new ProduceLanes({ ...options, appended });
    const learn = (topicId: string, name: string): void => fetches.learn(topicId, name);
    this.control = new ControlCalls({ ...options, unreachable, learn });
  }

  serve(frame: Uint8Array, caller: Caller, signal: AbortSignal): Serving {
    const read = this.read(frame);
    if (read === undefined) return this.alone.serve(frame, caller, signal);
    if (read === 'control') {
      const header = requestHeader(frame);
      return answeredFirst(this.caught(this.control.serve({ header, frame, caller, signal })));
    }
    if (read.name === 'Fetch') return this.fetch(read, frame, caller, signal);
    const { clock, random } = this.options;
    const from = { request: read, caller, connection: signal };
    const answer = serveProduce(this.lanes, from, { random, nowMs: clock.nowMs() });
    // Its batches stand in their lanes: nothing that comes later can overtake them.
    return { admitted: Promise.resolve(true), answer: this.caught(answer) };
  }

  /** Undefined: nothing that a function is needed for. */
  private read(frame: Uint8Array): (DecodedRequest & { name: 'Produce' | 'Fetch' }) | 'control' | undefined {
    try {
      const { apiKey, apiVersion } = requestHeader(frame);
      const api = apiByKey.get(apiKey);
      const isSpoken = api && apiVersion >= api.versions[0] && apiVersion <= api.versions[1];
      if (!isSpoken || needNoFunction.includes(apiKey)) return undefined;
      if (apiKey !== produce.key && apiKey !== fetch.key) return 'control';
      return decodeRequest(frame) as DecodedRequest & { name: 'Produce' | 'Fetch' };
    } catch {
      return undefined; // the broker says what is wrong with it
    }
  }

  private fetch(
    request: DecodedRequest & { name: 'Fetch' },
    frame: Uint8Array,
    caller: Caller,
    signal: AbortSignal,
  ): Serving {
    const served = this.fetches.serve({ request, frame, caller, signal });
    // Who is over a quota has the answer at once, and its next request waits (KIP-219).
    const admitted = served.then(
      async ({ muteMs }) => {
        if (muteMs > 0) await this.options.clock.sleep(muteMs, signal);
        return false;
      },
      () => false,
    );
    return { admitted, answer: this.caught(served.then(({ answer }) => answer)) };
  }

  private async caught(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      this.options.log.error('unexpected failure', { error });
      return { close: 'the request failed' };
    }
  }
}

const answeredFirst = (answer: Promise<Answer>): Serving => ({ admitted: answer.then(() => false), answer });

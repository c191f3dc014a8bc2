import { concatBytes } from '../../shared/base/bytes.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Log } from '../../shared/base/log.ts';
import type { Random } from '../../shared/base/random.ts';
import { backoffMs } from '../../shared/base/retry.ts';
import { ulid } from '../../shared/base/ulid.ts';
import type { Answer } from '../../shared/broker/broker.ts';
import type { BrokerNode, Caller } from '../../shared/broker/broker-context.ts';
import { type Given, HeldFrames } from '../../shared/broker/held-frames.ts';
import { decodeResponse, type RequestHeader } from '../../shared/protocol/frame.ts';
import { type ApiName, apiByKey } from '../../shared/protocol/messages/index.ts';
import { metadata } from '../../shared/protocol/messages/metadata.ts';
import type { FrameCall } from '../../shared/runtime/frame-events.ts';
import { type FrameInvoker, frameBytesMax, invokeFailureOf } from '../../shared/runtime/frame-invoker.ts';

export type ControlCallsOptions = {
  readonly invoker: FrameInvoker;
  readonly nodes: () => readonly BrokerNode[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What a client is told when no function can be reached. */
  readonly unreachable: (frame: Uint8Array, caller: Caller, signal: AbortSignal) => Promise<Answer>;
  /** Topics by id and name, as an answer tells them. */
  readonly learn: (topicId: string, name: string) => void;
  /** `gateway.heartbeat.hold.ms`. Default 0. */
  readonly heartbeatHoldMs?: number;
};

export type ControlFrom = {
  readonly header: RequestHeader;
  readonly frame: Uint8Array;
  readonly caller: Caller;
  readonly signal: AbortSignal;
};

/** A parked join or sync is called again after this, so that no function waits for a whole rebalance. */
const parkMs = 5_000;
/** A client waits longer than this for an answer, so that it hears an error rather than nothing. */
const failAfterMs = 5_000;
const pauses = { firstDelayMs: 50, delayMsMax: 1_000 };

/**
 * Calls whose second try does no harm when the first had its effect. The others change something that a
 * second try would report as an error.
 */
const mayBeRepeated: ReadonlySet<ApiName> = new Set<ApiName>([
  ...(['Metadata', 'ListOffsets', 'OffsetForLeaderEpoch', 'InitProducerId', 'DeleteRecords'] as const),
  ...(['JoinGroup', 'SyncGroup', 'Heartbeat', 'ConsumerGroupHeartbeat', 'OffsetCommit'] as const),
  ...(['OffsetFetch', 'DescribeGroups', 'ListGroups', 'ConsumerGroupDescribe'] as const),
  ...([
    'DescribeConfigs',
    'AlterConfigs',
    'DescribeLogDirs',
    'DescribeCluster',
    'DescribeProducers',
  ] as const),
  ...(['DescribeTopicPartitions', 'DescribeClientQuotas', 'ListConfigResources'] as const),
]);

/** Every call but Produce and Fetch, by invoking `control`: one frame an invocation. */
export class ControlCalls {
  private readonly options: ControlCallsOptions;
  private readonly held: HeldFrames;

  constructor(options: ControlCallsOptions) {
    this.options = options;
    const { clock, heartbeatHoldMs = 0 } = options;
    this.held = new HeldFrames({ clock, heartbeatHoldMs });
  }

  /** The answer to one request; a heartbeat's may be one that is held. */
  async serve(asked: ControlFrom): Promise<Answer> {
    const { header, frame } = asked;
    if (frame.length > frameBytesMax) return { close: `a request of ${frame.length} bytes` };
    const name = apiByKey.get(header.apiKey)?.name as ApiName;
    return this.held.serve(name, frame, () => this.untilAnswered(name, asked));
  }

  /** A join or sync is brought again and again, as one request, until it is answered. */
  private async untilAnswered(name: ApiName, asked: ControlFrom): Promise<Given> {
    const { clock, random } = this.options;
    const { frame, caller, signal } = asked;
    const requestId = name === 'JoinGroup' ? { requestId: ulid(clock, random) } : {};
    let call: FrameCall = {
      ...{ frame, principal: caller.principal, clientHost: caller.clientHost },
      ...requestId,
    };
    for (;;) {
      const answer = await this.ask(name, call, asked);
      if (answer === undefined) return this.options.unreachable(frame, caller, signal);
      if (answer === 'later') continue;
      if (typeof answer === 'string' || !('again' in answer)) return this.noted(asked, answer);
      await clock.sleep(answer.again.afterMs, signal);
      if (signal.aborted) return { close: 'the client is gone' };
      call = { ...call, again: { memberId: answer.again.memberId } };
    }
  }

  /** Undefined: no function has answered for too long, or the call must not be tried twice. */
  private async ask(name: ApiName, call: FrameCall, { caller, signal }: ControlFrom) {
    const { invoker, nodes, clock, random, log } = this.options;
    const sinceMs = clock.nowMs();
    for (let tries = 0; ; tries++) {
      try {
        const event = { brokerId: caller.brokerId, brokers: nodes(), waitMsMax: parkMs, calls: [call] };
        const [answer] = await invoker.invoke('control', event);
        return answer;
      } catch (error) {
        const kind = invokeFailureOf(error);
        log.warn('control could not be invoked', { api: name, kind, error });
        const mayGoOn = kind === 'notRun' || (kind === 'unknown' && mayBeRepeated.has(name));
        if (!mayGoOn || signal.aborted || clock.nowMs() - sinceMs > failAfterMs) return undefined;
        await clock.sleep(backoffMs({ ...pauses, random }, tries), signal);
      }
    }
  }

  private noted({ header }: ControlFrom, answer: Given): Given {
    const namesIds = header.apiKey === metadata.key && header.apiVersion >= topicIdsSince;
    if (!namesIds || typeof answer === 'string' || 'close' in answer || 'standing' in answer) return answer;
    const { body } = decodeResponse(metadata, header.apiVersion, concatBytes(answer).subarray(4));
    for (const { topicId, name } of body.topics) if (name) this.options.learn(topicId, name);
    return answer;
  }
}

const topicIdsSince = 10; // KIP-516

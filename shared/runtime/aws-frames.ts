import { Broker } from '../broker/broker.ts';
import { type BrokerSettings, defaultBrokerSettings, type Invocation } from '../broker/broker-context.ts';
import { ClientQuotas } from '../catalog/client-quotas.ts';
import { ClusterInfo } from '../catalog/cluster.ts';
import { ProducerIds } from '../catalog/producer-ids.ts';
import { CommittedOffsets } from '../groups/committed-offsets.ts';
import { GroupCoordinator } from '../groups/group-coordinator.ts';
import { openGroupRoom } from '../groups/group-room.ts';
import { requestHeader } from '../protocol/frame.ts';
import { fetch } from '../protocol/messages/fetch.ts';
import { produce } from '../protocol/messages/produce.ts';
import { type AwsRuntime, openAwsRuntime } from './aws-runtime.ts';
import {
  type FrameAnswer,
  type FrameCall,
  type FrameEvent,
  isFrameEvent,
  MalformedFrames,
  readFrameEvent,
  type WrittenAnswers,
  writeFrameAnswers,
} from './frame-events.ts';
import { LocalCluster } from './local-cluster.ts';
import { awsLimits } from './settings.ts';

/** Which of Kafka's APIs a function serves: each has the rights for its own only. */
export type FrameFunction = 'produce' | 'fetch' | 'control';

const isServedBy: Readonly<Record<FrameFunction, (apiKey: number) => boolean>> = {
  produce: (apiKey) => apiKey === produce.key,
  fetch: (apiKey) => apiKey === fetch.key,
  control: (apiKey) => apiKey >= 0 && apiKey !== produce.key && apiKey !== fetch.key,
};

export type FrameServer = (event: unknown) => Promise<WrittenAnswers>;

/** The handler of `control`: frames, and nothing else. */
export async function openControl(): Promise<FrameServer> {
  const runtime = await openAwsRuntime();
  const cluster = new ClusterInfo(runtime);
  const serve = openFrameServer(runtime, 'control', () => cluster.clusterId());
  return async (event) => {
    if (!isFrameEvent(event)) throw new MalformedFrames('control is invoked by gateways only');
    return serve(event);
  };
}

/**
 * Kafka's frames, as a gateway that invokes functions sends them. Whoever may invoke is trusted like a
 * broker: what the event says of the caller is believed.
 */
export function openFrameServer(
  runtime: AwsRuntime,
  name: FrameFunction,
  clusterId: () => Promise<string>,
): FrameServer {
  const broker = brokerOf(runtime);
  return async (event) => {
    const read = readFrameEvent(event);
    const isOwn = isServedBy[name];
    const cluster = new LocalCluster(await clusterId(), () => read.brokers);
    const invoked = { cluster, settings: settingsOf(read), parkMsMax: Math.min(read.waitMsMax, parkMsMax) };
    const isRefused = read.calls.some(({ frame }) => !isOwn(apiKeyOf(frame) ?? -1));
    if (isRefused) return writeFrameAnswers(read.calls.map(() => ({ close: `${name} does not serve it` })));
    const answers = await new Serving(broker, read, invoked).all();
    await runtime.logs.drain();
    return writeFrameAnswers(withinOneAnswer(answers));
  };
}

/** A parked join or sync is answered `again` after this: a rebalance of minutes pins no function. */
const parkMsMax = 5_000;

/** What Lambda lets through of an answer, less the third that base64 adds and the JSON around it. */
const answerBytesMax = 4_700_000;

const settingsOf = ({ calls, waitMsMax }: FrameEvent): BrokerSettings => ({
  ...defaultBrokerSettings,
  produceRefusedAs: 'NOT_ENOUGH_REPLICAS',
  fetchWaitMsMax: Math.min(waitMsMax, awsLimits.waitMsMax),
  fetchBytesMax: Math.floor(awsLimits.answerBytesMax / Math.max(1, calls.length)),
});

function brokerOf({ topics, logs, stores, clock, random, log }: AwsRuntime): Broker {
  const world = { stores, clock, random, log };
  const room = openGroupRoom({ ...world, topics });
  return new Broker({
    ...world,
    ...{ topics, logs },
    groups: new GroupCoordinator(room),
    offsets: new CommittedOffsets(room),
    producerIds: new ProducerIds(world),
    quotas: new ClientQuotas(world),
    cluster: new LocalCluster('', () => []), // each event brings its own
    settings: defaultBrokerSettings,
  });
}

function apiKeyOf(frame: Uint8Array): number | undefined {
  try {
    return requestHeader(frame).apiKey;
  } catch {
    return undefined; // the gateway sends nothing that it cannot read
  }
}

/** The calls of one event: each begins when the one before it was admitted, as on a connection. */
class Serving {
  private readonly broker: Broker;
  private readonly event: FrameEvent;
  private readonly invoked: Invocation;

  constructor(broker: Broker, event: FrameEvent, invoked: Invocation) {
    this.broker = broker;
    this.event = event;
    this.invoked = invoked;
  }

  async all(): Promise<FrameAnswer[]> {
    const answers: Promise<FrameAnswer>[] = [];
    for (const call of this.event.calls) {
      const { admitted, answer } = this.begin(call);
      answers.push(answer);
      // Appends keep their order; fetches are nobody's predecessor.
      if (call.repeats !== undefined) await admitted;
    }
    return Promise.all(answers);
  }

  private begin({ frame, principal, clientHost, repeats, requestId, again }: FrameCall) {
    const caller = { principal, clientHost, brokerId: this.event.brokerId };
    return this.broker.serveInvoked(frame, caller, {
      ...this.invoked,
      ...(repeats ? { repeats } : {}),
      ...(requestId ? { requestId } : {}),
      ...(again ? { again } : {}),
    });
  }
}

/** The first answer always fits; those for which no room is left are to be asked for again. */
function withinOneAnswer(answers: readonly FrameAnswer[]): FrameAnswer[] {
  let usedBytes = 0;
  return answers.map((answer) => {
    const bytes = bytesOf(answer);
    if (usedBytes + bytes > answerBytesMax)
      return usedBytes === 0
        ? { close: `the answer has ${bytes} bytes, and a function may send ${answerBytesMax}` }
        : 'later';
    usedBytes += bytes;
    return answer;
  });
}

function bytesOf(answer: FrameAnswer): number {
  const parts = typeof answer === 'object' && 'standing' in answer ? answer.standing : answer;
  return Array.isArray(parts) ? (parts as Uint8Array[]).reduce((sum, { length }) => sum + length, 0) : 0;
}

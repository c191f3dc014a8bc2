import { ClusterInfo } from '../catalog/cluster.ts';
import { ProducerIds } from '../catalog/producer-ids.ts';
import { brokerConfigEntries } from '../kafka/broker-config-keys.ts';
import { createRestApp } from '../rest/app.ts';
import { type Caller, defaultRestSettings, type RestCluster, type RestSettings } from '../rest/deps.ts';
import { clusterKey, readClusterId } from '../storage/items/cluster.ts';
import type { FrameServer } from './aws-frames.ts';
import { groupsWhenNeeded } from './aws-groups.ts';
import { type HttpAnswer, type HttpEvent, httpHandler, type ReceivedRequest } from './aws-http-events.ts';
import { type AwsRuntime, openAwsRuntime } from './aws-runtime.ts';
import { isFrameEvent, type WrittenAnswers } from './frame-events.ts';
import { awsLimits } from './settings.ts';

/** The door stands for one broker, which leads every partition: a client sees one address. */
const brokerId = 1;

const settingsOf = ({ settings }: AwsRuntime): RestSettings => ({
  ...defaultRestSettings,
  // 6 MB of an event, less the third that base64 adds (AWS Lambda quotas).
  bodyBytesMax: 4_500_000,
  answerBytesMax: awsLimits.answerBytesMax,
  platformAnswerBytesMax: awsLimits.answerBytesMax,
  waitMsMax: awsLimits.waitMsMax,
  // A call that finds nothing is cheaper than a function that waits.
  pollAfterMs: awsLimits.waitMsMax,
  corsOrigins: settings.corsOrigins,
  // An item is priced by the KB of its whole size, and one unit ends near 860 bytes of batch (economics).
  compression: { type: 'gzip', aboveBytes: 860 },
});

type Handler = (event: HttpEvent) => Promise<HttpAnswer>;
type DataHandler = (event: unknown) => Promise<HttpAnswer | WrittenAnswers>;

/**
 * The handlers of `produce` and `fetch`: they serve the whole HTTP API, as far as the rights of their
 * function go, and the frames of gateways that invoke them.
 */
export async function openDataDoor(name: 'produce' | 'fetch'): Promise<DataHandler> {
  const runtime = await openAwsRuntime();
  const door = openDoor(runtime, () => readClusterIdIfMade(runtime));
  let frames: Promise<FrameServer> | undefined;
  return async (event) => {
    if (!isFrameEvent(event)) return door(event as HttpEvent);
    frames ??= openFrames(runtime, name);
    return (await frames)(event);
  };
}

/** Loaded when the first frame comes: who speaks HTTP need not wait for it. No answer names the cluster. */
async function openFrames(runtime: AwsRuntime, name: 'produce' | 'fetch'): Promise<FrameServer> {
  const { openFrameServer } = await import('./aws-frames.ts');
  return openFrameServer(runtime, name, async () => '');
}

/** The handler of `rest`. */
export async function openRestDoor(): Promise<Handler> {
  const runtime = await openAwsRuntime();
  const cluster = new ClusterInfo(runtime);
  return openDoor(runtime, () => cluster.clusterId());
}

/**
 * Makes nothing: this function has no right to write to the catalog. As long as nobody has asked `rest` for
 * the id, nobody can name it.
 */
async function readClusterIdIfMade({ stores }: AwsRuntime): Promise<string | undefined> {
  const item = await stores.metadata.get(clusterKey);
  return item === undefined ? undefined : readClusterId(item);
}

function openDoor(runtime: AwsRuntime, clusterId: () => Promise<string | undefined>): Handler {
  const { topics, logs, codecs, clock, random, log } = runtime;
  const seen: { clusterId?: string; baseUrl: string } = { baseUrl: 'https://localhost' };
  const app = createRestApp({
    ...{ topics, logs, codecs, clock, random, log },
    groups: groupsWhenNeeded(runtime),
    metadata: runtime.stores.metadata,
    cluster: clusterAt(seen),
    producerIds: new ProducerIds(runtime),
    settings: settingsOf(runtime),
  });
  const serve = async ({ request, body }: ReceivedRequest, caller: Caller): Promise<Response> => {
    const id = seen.clusterId ?? (await clusterId());
    if (id !== undefined) seen.clusterId = id;
    if (caller.baseUrl !== undefined) seen.baseUrl = caller.baseUrl;
    return app.fetch(request, caller, body && (() => body));
  };
  return httpHandler({
    serve: (received) => serve(received, { ...received.caller, baseUrl: received.baseUrl }),
    // Lambda freezes the process after the answer: page-outs that go on behind it must have ended.
    afterAnswer: () => logs.drain(),
    failed: (error) => log.error('unexpected failure at the door', { error }),
  });
}

/** One request an environment at a time, so what was seen last is the request's own. */
function clusterAt(seen: { readonly clusterId?: string; readonly baseUrl: string }): RestCluster {
  const brokerSettings = { brokerId, defaultPartitions: 1, autoCreateTopics: false };
  return {
    get clusterId() {
      return seen.clusterId ?? '';
    },
    get brokers() {
      const { hostname, port } = new URL(seen.baseUrl);
      return [{ id: brokerId, host: hostname, port: port === '' ? 443 : Number(port), rack: null }];
    },
    controllerId: brokerId,
    leaderOf: () => brokerId,
    configsOf: () => brokerConfigEntries(brokerSettings),
  };
}

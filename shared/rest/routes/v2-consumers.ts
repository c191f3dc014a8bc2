import { KafkaError } from '../../kafka/error-codes.ts';
import type {
  ConsumerInstance,
  HeldPartition,
  InstanceSettings,
} from '../../storage/items/consumer-instance.ts';
import { noMembership } from '../../storage/items/consumer-instance.ts';
import { autoCommit, commitOffsets, readSoFar } from '../consumers/commit.ts';
import { fetchRecords as fetchFromInstance } from '../consumers/fetch.ts';
import { checkInstanceName, newInstanceId } from '../consumers/instance-names.ts';
import { readInstanceSettings } from '../consumers/instance-settings.ts';
import {
  changeInstance,
  type InstanceName,
  loadInstance,
  removeInstance,
  createInstance as storeInstance,
} from '../consumers/instance-store.ts';
import { leave } from '../consumers/leave.ts';
import { isHeld, updated } from '../consumers/positions.ts';
import { checkPattern, selectedTopics } from '../consumers/topic-selection.ts';
import * as shape from '../contract-group-shapes.ts';
import type { RestDeps } from '../deps.ts';
import { badRequest, partitionNotFound, RestError, unprocessable } from '../errors.ts';
import { parseIsoTime } from '../iso-time.ts';
import { mediaTypes } from '../negotiate.ts';
import {
  type Answer,
  type Handler,
  param,
  type RestRequest,
  readConstrained,
  readRequired,
} from '../rest-request.ts';
import { formatOf, pageAnswer, readBytesMax } from './v2-records.ts';

const done: Answer = { status: 204 };

const nameOf = (request: RestRequest): InstanceName => ({
  groupId: param(request, 'group'),
  instanceId: param(request, 'instance'),
});

const illegalState = (message: string): RestError => new RestError(409, 40903, `Illegal state: ${message}`);
const exclusive = (): RestError =>
  illegalState('Subscription to topics, partitions and pattern are mutually exclusive');

export const createInstance: Handler = async (request, deps) => {
  const body = await readConstrained(request, shape.createInstanceRequest);
  const groupId = param(request, 'group');
  const settings: InstanceSettings = readInstanceSettings(body ?? {});
  const instanceId = body?.id ?? body?.name ?? newInstanceId(deps.random);
  checkInstanceName({ groupId, instanceId });
  await storeInstance(deps, { groupId, instanceId }, settings);
  const path = `consumers/${encodeURIComponent(groupId)}/instances/${encodeURIComponent(instanceId)}`;
  return { status: 200, body: { instance_id: instanceId, base_uri: `${request.baseUrl}/${path}` } };
};

/** Commits and leaves before the instance goes: whoever takes over begins where it was. */
export const deleteInstance: Handler = async (request, deps) => {
  for (;;) {
    const seen = await loadInstance(deps, nameOf(request));
    await autoCommit(deps, seen);
    await leave(deps, seen.groupId, seen.membership.memberId);
    if (await removeInstance(deps, seen)) return done;
  }
};

export const subscribe: Handler = async (request, deps) => {
  const body = await readRequired(request, shape.subscriptionRequest);
  const topics = body.topics ?? undefined;
  const pattern = body.topic_pattern ?? undefined;
  if (topics === undefined && pattern !== undefined) await checkPattern(pattern);
  await changeInstance(deps, nameOf(request), async (seen) => {
    const { by } = seen.selection;
    if (topics !== undefined && pattern !== undefined) throw exclusive();
    if (topics?.length === 0) return nothingHeld(deps, seen);
    if (topics !== undefined) {
      if (by !== 'topics' && by !== 'nothing') throw exclusive();
      return { selection: { by: 'topics', topics: [...new Set(topics)] } };
    }
    if (pattern === undefined) return undefined;
    if (by !== 'pattern' && by !== 'nothing') throw exclusive();
    return { selection: { by: 'pattern', pattern } };
  });
  return done;
};

/** What an instance becomes that is to read nothing: it commits if it does so by itself, and leaves. */
async function nothingHeld(deps: RestDeps, seen: ConsumerInstance) {
  await autoCommit(deps, seen);
  await leave(deps, seen.groupId, seen.membership.memberId);
  return { selection: { by: 'nothing' as const }, membership: noMembership, partitions: [] };
}

export const getSubscription: Handler = async (request, deps) => {
  const { selection } = await loadInstance(deps, nameOf(request));
  const topics = selection.by === 'topics' ? selection.topics : await selectedTopics(deps, selection);
  return { status: 200, body: { topics } };
};

export const unsubscribe: Handler = async (request, deps) => {
  await changeInstance(deps, nameOf(request), (seen) => nothingHeld(deps, seen));
  return done;
};

export const assign: Handler = async (request, deps) => {
  const { partitions } = await readRequired(request, shape.partitionsRequest);
  await changeInstance(deps, nameOf(request), async (seen) => {
    const { by } = seen.selection;
    if (by !== 'assignment' && by !== 'nothing') throw exclusive();
    if (partitions.length === 0) return nothingHeld(deps, seen);
    const held = await autoCommit(deps, seen);
    const wanted = new Map<string, HeldPartition>();
    for (const { topic, partition } of partitions) {
      const known = held.find((one) => one.topic === topic && one.partition === partition);
      const fresh = { topic, partition, position: -1n, committed: -1n };
      wanted.set(JSON.stringify([topic, partition]), known ?? fresh);
    }
    return { selection: { by: 'assignment' }, partitions: [...wanted.values()] };
  });
  return done;
};

export const getAssignments: Handler = async (request, deps) => {
  const { partitions } = await loadInstance(deps, nameOf(request));
  const body = { partitions: partitions.map(({ topic, partition }) => ({ topic, partition })) };
  return { status: 200, body };
};

/** No Accept, or one that takes anything, takes the format of the instance. */
const namesFormat = (request: RestRequest): boolean =>
  /vnd\.kafka|application\/json/i.test(request.headers.get('accept') ?? '');

const typeOf = {
  binary: mediaTypes.v2Binary,
  json: mediaTypes.v2Json,
  text: mediaTypes.v2Text,
} as const;

export const fetchRecords: Handler = async (request, deps) => {
  const isNamed = namesFormat(request);
  const maxBytes = numberOf(request, 'max_bytes');
  const { page, format } = await fetchFromInstance(deps, nameOf(request), {
    format: isNamed ? formatOf(request) : undefined,
    timeoutMs: numberOf(request, 'timeout'),
    recordBytesMax: Math.min(
      maxBytes === undefined || maxBytes === 0 ? readBytesMax : maxBytes,
      readBytesMax,
    ),
    signal: request.signal,
  });
  const answer = pageAnswer(page, deps);
  return isNamed ? answer : { ...answer, type: typeOf[format] };
};

/** A whole number from the query; a negative one stands for none, as in R. Throws 400. */
function numberOf({ query }: RestRequest, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^-?[0-9]{1,19}$/.test(text)) throw badRequest(`${name} must be a whole number.`);
  return text.startsWith('-') ? undefined : Number(text);
}

const int64Max = 2n ** 63n - 1n;

/** Throws 422 for what no partition can have. */
function offsetOf(value: number | string, most: bigint): bigint {
  const offset = BigInt(value);
  if (offset < 0n || offset > most) throw unprocessable(`${offset} is no offset.`);
  return offset;
}

export const commitOffsetsOf: Handler = async (request, deps) => {
  const body = await readConstrained(request, shape.commitRequest);
  const named = body?.offsets?.map(({ topic, partition, offset, metadata }) => {
    return { topic, partition, offset: offsetOf(offset, int64Max - 1n) + 1n, metadata };
  });
  await changeInstance(deps, nameOf(request), async (seen) => {
    const offsets = named ?? readSoFar(seen);
    await commitOffsets(deps, seen, offsets);
    const changed = seen.partitions.flatMap((held) => {
      const one = offsets.findLast((it) => it.topic === held.topic && it.partition === held.partition);
      return one === undefined || one.offset === held.committed ? [] : [{ ...held, committed: one.offset }];
    });
    return changed.length === 0 ? undefined : { partitions: updated(seen.partitions, changed) };
  });
  return { status: 200, body: [] };
};

export const getCommitted: Handler = async (request, deps) => {
  const body = await readConstrained(request, shape.partitionsRequest);
  if (body === undefined) throw partitionNotFound('Partition not found: the body names none.');
  const { groupId } = await loadInstance(deps, nameOf(request));
  const { error, offsets } = await deps.groups.offsets.fetch({
    groupId,
    partitions: body.partitions,
    ...{ memberId: '', memberEpoch: -1, requireStable: false },
  });
  if (error !== 'NONE') throw new KafkaError(error);
  const found = offsets.filter(({ offset }) => offset >= 0n);
  return {
    status: 200,
    body: {
      offsets: found.map(({ topic, partition, offset, metadata }) => ({
        topic,
        partition,
        offset,
        metadata,
      })),
    },
  };
};

type Place = { readonly topic: string; readonly partition: number };
type Seek = Place & { readonly position: bigint };

/** All or none: a partition that is not held is 409. */
async function seekTo(
  request: RestRequest,
  deps: RestDeps,
  wanted: readonly Place[],
  find: () => Promise<readonly Seek[]>,
): Promise<Answer> {
  await changeInstance(deps, nameOf(request), async ({ partitions }) => {
    const stranger = wanted.find((place) => !isHeld(partitions, place));
    if (stranger)
      throw illegalState(`No current assignment for partition ${stranger.topic}-${stranger.partition}`);
    const seeks = await find();
    if (seeks.length === 0) return undefined;
    const moved = partitions.flatMap((held) => {
      const seek = seeks.findLast((one) => one.topic === held.topic && one.partition === held.partition);
      return seek === undefined ? [] : [{ ...held, position: seek.position }];
    });
    return { partitions: updated(partitions, moved) };
  });
  return done;
}

export const seek: Handler = async (request, deps) => {
  const body = await readRequired(request, shape.positionsRequest);
  const offsets = (body.offsets ?? []).map(({ topic, partition, offset }): Seek => {
    return { topic, partition, position: offsetOf(offset, int64Max) };
  });
  const times = (body.timestamps ?? []).map(({ topic, partition, timestamp }) => {
    const timeMs = parseIsoTime(timestamp, { needsZone: true });
    if (timeMs === undefined)
      throw badRequest(`timestamp is not a time in ISO 8601: ${timestamp.slice(0, 100)}`);
    return { topic, partition, timeMs };
  });
  return seekTo(request, deps, [...offsets, ...times], async () => [
    ...offsets,
    ...(await Promise.all(
      times.map(async (one) => ({ ...one, position: await offsetAt(deps, one, one.timeMs) })),
    )),
  ]);
};

/** The first record at or after a time; past the last one, the end. */
async function offsetAt(deps: RestDeps, place: Place, timeMs: bigint): Promise<bigint> {
  const partition = await partitionOf(deps, place);
  const found = await deps.logs.offsetForTimestamp(partition, timeMs);
  return found?.offset ?? (await deps.logs.offsets(partition)).highWatermark;
}

async function partitionOf({ topics }: RestDeps, { topic: name, partition }: Place) {
  const topic = await topics.find(name);
  if (topic !== undefined && partition < topic.partitions) return { topicId: topic.topicId, partition };
  throw partitionNotFound(`Partition not found: ${name}-${partition}.`);
}

const seekToEdge =
  (edge: 'logStartOffset' | 'highWatermark'): Handler =>
  async (request, deps) => {
    const { partitions } = await readRequired(request, shape.partitionsRequest);
    return seekTo(request, deps, partitions, () =>
      Promise.all(
        partitions.map(async (place) => {
          const offsets = await deps.logs.offsets(await partitionOf(deps, place));
          return { ...place, position: offsets[edge] };
        }),
      ),
    );
  };

export const seekToBeginning: Handler = seekToEdge('logStartOffset');
export const seekToEnd: Handler = seekToEdge('highWatermark');

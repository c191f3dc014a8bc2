import { MalformedBytes } from '../base/bytes.ts';
import { ulidTimeMs } from '../base/ulid.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import type { Key } from '../storage/item.ts';
import { jobsKey, readJobs } from '../storage/items/jobs.ts';
import { hourMs, hourOf } from '../storage/items/keys.ts';
import { payloadGroupKey, payloadShards } from '../storage/items/payload.ts';
import { producerRange, readProducer } from '../storage/items/producer.ts';
import { readSegment, segmentKey } from '../storage/items/segment.ts';
import { equals, isBelow, queryAll, set } from '../storage/metadata-store.ts';
import { listAll } from '../storage/object-store.ts';
import { batchObjectHeaderBytesMax, readBatchObjectPartitions } from '../storage/objects/batch-object.ts';
import {
  isRolledObject,
  segmentObjectPrefix,
  stagedObjectsPrefix,
  ulidOfObjectKey,
} from '../storage/objects/object-keys.ts';
import { tryWrite } from '../storage/store-error.ts';
import { appendRetry, type LogContext, repeated } from './log-context.ts';
import { fence, stagedNames } from './names.ts';
import { removeAll } from './remove-all.ts';
import { isExpiring } from './stage.ts';

export type SweepOptions = {
  /** Only say what would be removed. */
  dryRun?: boolean;
};

export type Swept = { payloads: number; objects: number };

/**
 * Removes what was staged or rolled for one partition more than `sweepAgeMs` ago and is named by nothing:
 * what processes left that died between staging and sequencing. Candidates, fence, names, removal, in this
 * order.
 */
export async function sweepPartition(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  { dryRun = false }: SweepOptions = {},
): Promise<Swept> {
  const time = context.clock.nowMs() - context.settings.sweepAgeMs;
  const payloads = await oldPayloads(context, partition, config, time);
  const objects = await oldRolledObjects(context, partition, time);
  const none = { payloads: 0, objects: 0 };
  if (payloads.length === 0 && objects.length === 0) return none;
  if (!dryRun) await fence(context, partition, time);
  const { head, ids } = await stagedNames(context, partition);
  if (!head) return none; // the topic is being deleted: its data goes another way
  const unnamedPayloads = payloads.filter(({ sk }) => !ids.has(sk));
  const unnamedObjects = await unnamed(context, partition, objects, head.newSeg?.object);
  if (!dryRun) await removeAll(context, unnamedPayloads);
  if (!dryRun) await context.stores.objects.delete(unnamedObjects);
  if (!dryRun) await forgetExpiredProducers(context, partition);
  if (!dryRun && payloads.length > 0) await noteSweptTo(context, partition, time, ids);
  return { payloads: unnamedPayloads.length, objects: unnamedObjects.length };
}

/**
 * Payload items staged at or before `time`, since the last sweep got through; where they expire, expiry
 * sweeps.
 */
async function oldPayloads(
  context: LogContext,
  partition: PartitionId,
  config: LogConfig,
  time: number,
): Promise<Key[]> {
  if (isExpiring(context, config)) return [];
  const { metadata } = context.stores;
  const jobs = await metadata.get(jobsKey(partition));
  if (!jobs) return [];
  const keys: Key[] = [];
  for (const hour of hoursBetween(Number(readJobs(jobs).stagedSweptMs), time)) {
    for (let shard = 0; shard < payloadShards; shard++) {
      for await (const { key } of queryAll(metadata, { pk: payloadGroupKey(partition, hour, shard) })) {
        if (ulidTimeMs(key.sk) <= time) keys.push(key);
      }
    }
  }
  return keys;
}

export function hoursBetween(fromMs: number, throughMs: number): string[] {
  const hours: string[] = [];
  for (let time = fromMs - (fromMs % hourMs); time <= throughMs; time += hourMs) hours.push(hourOf(time));
  return hours;
}

async function oldRolledObjects(
  context: LogContext,
  partition: PartitionId,
  time: number,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listAll(context.stores.objects, segmentObjectPrefix(partition))) {
    const id = ulidOfObjectKey(key);
    if (id !== undefined && isRolledObject(key) && ulidTimeMs(id) <= time) keys.push(key);
  }
  return keys;
}

/**
 * A rolled object is named by `newSeg` or by the one segment item with its base offset, read after the head.
 */
async function unnamed(
  context: LogContext,
  partition: PartitionId,
  objects: readonly string[],
  newSegObject: string | undefined,
): Promise<string[]> {
  const keys = objects.map((object) => segmentKey(partition, baseOffsetOf(object)));
  const items = await context.stores.metadata.getMany(keys);
  return objects.filter((object, place) => {
    const item = items[place];
    return object !== newSegObject && (item === undefined || readSegment(item).object !== object);
  });
}

const baseOffsetOf = (object: string): bigint =>
  BigInt(/(\d{20})-[0-9A-Z]{26}\.log$/.exec(object)?.[1] ?? '0');

/**
 * Later sweeps begin where this one ended, but never above what is still named: it may become nameless later.
 */
async function noteSweptTo(
  { stores, ...context }: LogContext,
  partition: PartitionId,
  time: number,
  named: ReadonlySet<string>,
): Promise<void> {
  const oldestNamed = [...named].map(ulidTimeMs).reduce((least, ms) => Math.min(least, ms), time);
  const sweptTo = BigInt(oldestNamed);
  const update = { changes: [set(['stagedSwept'], sweptTo)], condition: isBelow(['stagedSwept'], sweptTo) };
  const policy = appendRetry({ stores, ...context });
  await tryWrite(repeated(policy, () => stores.metadata.update(jobsKey(partition), update)));
}

/** Where items do not expire by themselves: producers that `producer.id.expiration.ms` has forgotten. */
async function forgetExpiredProducers({ stores, clock }: LogContext, partition: PartitionId): Promise<void> {
  for await (const { key, item } of queryAll(stores.metadata, producerRange(partition))) {
    const { ttl, asOf } = readProducer(item);
    const hasExpired = ttl * 1000n < BigInt(clock.nowMs());
    if (hasExpired) await tryWrite(stores.metadata.remove(key, equals(['asOf'], asOf)));
  }
}

/** How many staged objects one round of the sweep holds in memory. */
const objectsPerRound = 1000;

/**
 * Removes staged objects that no partition names any more. An object may carry batches of many partitions:
 * every one that its header lists is fenced and asked [4b.b].
 */
export async function sweepStagedObjects(
  context: LogContext,
  { dryRun = false }: SweepOptions = {},
): Promise<Swept> {
  const time = context.clock.nowMs() - context.settings.sweepAgeMs;
  let removed = 0;
  let round: string[] = [];
  for await (const { key } of listAll(context.stores.objects, stagedObjectsPrefix)) {
    const id = ulidOfObjectKey(key);
    if (id === undefined || ulidTimeMs(id) > time) continue;
    round.push(key);
    if (round.length < objectsPerRound) continue;
    removed += await sweepObjects(context, round, time, dryRun);
    round = [];
  }
  removed += await sweepObjects(context, round, time, dryRun);
  return { payloads: 0, objects: removed };
}

async function sweepObjects(
  context: LogContext,
  keys: readonly string[],
  time: number,
  dryRun: boolean,
): Promise<number> {
  const readable: string[] = [];
  const listed = new Map<string, PartitionId>();
  for (const key of keys) {
    const partitions = await partitionsOf(context, key);
    if (partitions) readable.push(key);
    for (const id of partitions ?? []) listed.set(`${id.topicId}#${id.partition}`, id);
  }
  const named = new Set<string>();
  for (const partition of listed.values()) {
    if (!dryRun) await fence(context, partition, time);
    for (const id of (await stagedNames(context, partition)).ids) named.add(id);
  }
  const unnamedKeys = readable.filter((key) => !named.has(ulidOfObjectKey(key) ?? ''));
  if (!dryRun) await context.stores.objects.delete(unnamedKeys);
  return unnamedKeys.length;
}

/**
 * The partitions that may name the object; undefined when it is gone, or cannot be read: then it is left
 * alone.
 */
async function partitionsOf({ stores, log }: LogContext, key: string): Promise<PartitionId[] | undefined> {
  const begin = await stores.objects.getRange(key, 0, batchObjectHeaderBytesMax);
  if (!begin) return undefined;
  try {
    return readBatchObjectPartitions(begin);
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    log.warn('a staged object has no readable header and is left alone', { key });
    return undefined;
  }
}

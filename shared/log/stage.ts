import { type Ulid, ulid, ulidTimeMs } from '../base/ulid.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { type Entry, type EntryPlace, entryIdBytes } from '../storage/items/entry.ts';
import { payloadKey, writePayload } from '../storage/items/payload.ts';
import { encodeBatchObject } from '../storage/objects/batch-object.ts';
import { batchObjectKey } from '../storage/objects/object-keys.ts';
import type { Staged } from '../storage/staging.ts';
import type { AppendRepeat } from './api.ts';
import type { LogContext } from './log-context.ts';
import type { StagingIds } from './staging-ids.ts';

/** A batch to be stored, described by its header. */
export type BatchToStage = {
  partition: PartitionId;
  config: LogConfig;
  batch: Uint8Array;
  description: Omit<Entry, 'at' | 'sizeBytes'>;
  /** Until when it may wait for a store that throttles (ms since 1970). Default: the log's own limit. */
  giveUpMs?: number;
  /** Of an append that may be sent again by another process; the ids are made of it, else at random. */
  repeat?: AppendRepeat;
  ids?: StagingIds;
};

/** A batch whose bytes are on their way into the store, and the entry that will name them. */
export type StagedBatch = {
  entry: Entry;
  /** When it was staged (ms), unless its bytes are in the entry itself. */
  stagedMs?: number;
  staged?: Staged;
};

/**
 * Puts each batch where its size belongs: into the entry, into an item of its own, or into an object that it
 * shares with the other large ones. Always under fresh keys. `isSharing`: batches that were gathered for it
 * share an object also where each alone would be an item, if items cost more.
 */
export function stage(
  context: LogContext,
  batches: readonly BatchToStage[],
  isSharing = false,
): StagedBatch[] {
  const { entryBytesMax, itemBytesMax } = context.stores.staging.thresholds;
  const ownBytesMax = isSharing && isOneObjectCheaper(context, batches) ? entryBytesMax : itemBytesMax;
  const large = batches.filter(({ batch }) => batch.length > ownBytesMax);
  const inObjects = new Map(chunks(context, large).flatMap((chunk) => stageInObject(context, chunk)));
  return batches.map((batch) => {
    const inObject = inObjects.get(batch);
    if (inObject) return inObject;
    return batch.batch.length <= entryBytesMax ? embed(context, batch) : stageInItem(context, batch);
  });
}

/** The largest item costs as much as an object: that is how engines choose `itemBytesMax`. */
function isOneObjectCheaper({ stores }: LogContext, batches: readonly BatchToStage[]): boolean {
  const { entryBytesMax, itemBytesMax } = stores.staging.thresholds;
  let bytes = 0;
  for (const { batch } of batches) if (batch.length > entryBytesMax) bytes += batch.length;
  return bytes > itemBytesMax;
}

function embed({ random }: LogContext, { batch, description, ids }: BatchToStage): StagedBatch {
  const id = ids?.nextEntryId() ?? random.bytes(entryIdBytes);
  return { entry: entryOf({ batch, description }, { kind: 'embedded', id, batch }) };
}

const freshUlid = ({ clock, random }: LogContext, { ids }: BatchToStage): Ulid =>
  ids?.nextUlid(clock) ?? ulid(clock, random);

function stageInItem(context: LogContext, toStage: BatchToStage): StagedBatch {
  const { partition, batch, config, description } = toStage;
  const id = freshUlid(context, toStage);
  const stagedMs = ulidTimeMs(id);
  const expiresMs = expiry(context, config, stagedMs, description.maxTimestamp);
  const item = writePayload(batch, expiresMs);
  const staged = context.stores.staging.stage({ in: 'item', key: payloadKey(partition, id), item });
  return { entry: entryOf(toStage, { kind: 'item', id }), stagedMs, staged: watched(staged) };
}

function stageInObject(
  context: LogContext,
  batches: readonly [BatchToStage, ...BatchToStage[]],
): [BatchToStage, StagedBatch][] {
  const leader = batches[0];
  const id = freshUlid(context, leader);
  const { bytes, positions } = encodeBatchObject(batches);
  const staged = watched(context.stores.staging.stage({ in: 'object', key: batchObjectKey(id), bytes }));
  return batches.map((batch, place) => {
    const position = positions[place] ?? 0;
    if (leader.ids && batch.ids) batch.ids.sharesObject(leader.ids, position);
    const entry = entryOf(batch, { kind: 'object', id, position });
    return [batch, { entry, stagedMs: ulidTimeMs(id), staged }];
  });
}

/** Whoever updates after it sees the failure; nobody else needs to hear of it. */
function watched(staged: Staged): Staged {
  staged.done.catch(() => {});
  return staged;
}

const entryOf = (
  { batch, description }: Pick<BatchToStage, 'batch' | 'description'>,
  at: EntryPlace,
): Entry => ({
  ...description,
  sizeBytes: batch.length,
  at,
});

type Chunk = [BatchToStage, ...BatchToStage[]];

function chunks(context: LogContext, batches: readonly BatchToStage[]): Chunk[] {
  const all: Chunk[] = [];
  let bytes = 0;
  for (const batch of batches) {
    const last = all.at(-1);
    if (last && bytes + batch.batch.length <= context.settings.batchObjectBytesMax) {
      last.push(batch);
      bytes += batch.batch.length;
    } else {
      all.push([batch]);
      bytes = batch.batch.length;
    }
  }
  return all;
}

const dayMs = 86_400_000;
const expiringRetentionMsMax = BigInt(30 * dayMs);

/**
 * Whether payloads of the topic may be left to expiry: never for compacted topics, nor where records are kept
 * long.
 */
export const isExpiring = (context: LogContext, { cleanupPolicy, retentionMs }: LogConfig): boolean =>
  context.stores.staging.thresholds.expires &&
  !cleanupPolicy.includes('compact') &&
  retentionMs >= 0n &&
  retentionMs <= expiringRetentionMsMax;

/**
 * When the store may forget a payload: two days after retention would, counted from staging. Readers leave it
 * out one day after (`hasExpired`), so nobody looks for what may be gone. A record dated more than a day
 * ahead never expires here: retention may still keep it then.
 */
function expiry(
  context: LogContext,
  config: LogConfig,
  stagedMs: number,
  maxTimestamp: bigint,
): number | undefined {
  if (!isExpiring(context, config) || !isDatedBefore(stagedMs, maxTimestamp)) return undefined;
  return stagedMs + Number(config.retentionMs) + 2 * dayMs;
}

const isDatedBefore = (stagedMs: number, maxTimestamp: bigint): boolean =>
  maxTimestamp <= BigInt(stagedMs + dayMs);

/** Whether the store may have forgotten the entry's payload, whatever the topic's retention is. */
export const mayBeForgotten = ({ stores, clock }: LogContext, { at }: Entry): boolean =>
  at.kind === 'item' && stores.staging.thresholds.expires && ulidTimeMs(at.id) + 2 * dayMs < clock.nowMs();

/** By rule a payload counts as below the log start a day after retention could have removed it (I9, I10). */
export function hasExpired(context: LogContext, config: LogConfig, entry: Entry): boolean {
  if (entry.at.kind !== 'item' || !isExpiring(context, config)) return false;
  const stagedMs = ulidTimeMs(entry.at.id);
  if (!isDatedBefore(stagedMs, entry.maxTimestamp)) return false;
  return stagedMs + Number(config.retentionMs) + dayMs < context.clock.nowMs();
}

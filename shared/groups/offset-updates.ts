import type { TopicId } from '../kafka/topic-partition.ts';
import type { Item } from '../storage/item.ts';
import {
  blockOf,
  type CommittedOffset,
  newOffsetBlock,
  offsetAttribute,
  offsetBlockCreatedMs,
  offsetBlockKey,
  partitionsPerBlock,
  readOffsetBlock,
} from '../storage/items/offset-block.ts';
import {
  absent,
  add,
  all,
  any,
  type Change,
  type Condition,
  equals,
  exists,
  isAtMost,
  isBelow,
  set,
  setFrom,
  type Update,
  unset,
} from '../storage/metadata-store.ts';
import { isStoreError, tryWrite } from '../storage/store-error.ts';
import { type GroupContext, patienceOf, pauseMs, send, sendAgain } from './group-context.ts';
import { groupLimits } from './group-settings.ts';

/**
 * The writes of one block of committed offsets. Whoever begins to read raises the fence of its
 * partitions, and every commit carries the fence of the cell that it was checked by: a commit that was
 * checked before somebody lost the right to commit lands before the new owner looks, or not at all (I5).
 */

export type OffsetBlockId = { readonly groupId: string; readonly topicId: TopicId; readonly block: number };
export type NamedBlock = OffsetBlockId & { readonly topic: string };

const keyOf = ({ groupId, topicId, block }: OffsetBlockId) => offsetBlockKey(groupId, topicId, block);
const nameOf = (partition: number): string => String(partition);

/** No update may create a block: nested paths need their maps. */
const isBlock: Condition = exists(['c']);
const countOn: Change = add(['c'], 1n);

/** Sets these offsets, unless a newer fence was raised for one of them. */
export function commitUpdate(offsets: ReadonlyMap<number, CommittedOffset>, fence: bigint): Update {
  const changes: Change[] = [countOn];
  const conditions: Condition[] = [isBlock];
  for (const [partition, offset] of offsets) {
    const name = nameOf(partition);
    changes.push(set(['o', name], offsetAttribute(offset)), set(['fence', name], fence));
    changes.push(setFrom(['s', name], ['c']));
    changes.push(offset.metadata === '' ? unset(['m', name]) : set(['m', name], offset.metadata));
    conditions.push(any(absent(['fence', name]), isAtMost(['fence', name], fence)));
  }
  return { changes, condition: all(...conditions) };
}

/** Raises the fence of these partitions. */
export function raiseUpdate(partitions: readonly number[], fence: bigint): Update {
  const conditions = partitions.map((partition) => {
    const name = nameOf(partition);
    return any(absent(['fence', name]), isBelow(['fence', name], fence));
  });
  return {
    changes: [countOn, ...partitions.map((partition) => set(['fence', nameOf(partition)], fence))],
    condition: all(isBlock, ...conditions),
  };
}

/** What became of a commit: `refused` by a newer fence; `unknown`: it may be written, or may still be. */
export type CommitOutcome = 'written' | 'refused' | 'unknown';

/**
 * Writes the offsets with this fence. After `unknown` the same offsets must be written with a newer fence, or
 * the lost write could land behind a later commit. Throws the StoreError when the store fails for too long.
 */
export async function commitOffsets(
  context: GroupContext,
  block: NamedBlock,
  offsets: ReadonlyMap<number, CommittedOffset>,
  fence: bigint,
): Promise<CommitOutcome> {
  const { metadata, clock } = context;
  const update = commitUpdate(offsets, fence);
  const startedMs = clock.nowMs();
  for (let tries = 0; ; tries++) {
    try {
      if (await send(context, () => tryWrite(metadata.update(keyOf(block), update)))) return 'written';
    } catch (error) {
      if (isStoreError(error, 'unknown')) return 'unknown';
      throw error;
    }
    const item = await send(context, () => metadata.get(keyOf(block)));
    if (item !== undefined || clock.nowMs() - startedMs > groupLimits.foldMsMax) return 'refused';
    if (tries > 0) await clock.sleep(pauseMs(context, tries));
    await putIfAbsent(context, block, {});
  }
}

function putIfAbsent(
  context: GroupContext,
  block: NamedBlock,
  fences: Readonly<Record<string, bigint>>,
): Promise<boolean> {
  const item = newOffsetBlock(block, context.clock.nowMs(), fences);
  return sendAgain(context, () => tryWrite(context.metadata.put(keyOf(block), item, absent(['c']))));
}

/**
 * The block for a reader that goes on from it: with the fence raised to `fence` for these partitions, in the
 * same step. A block that is not there yet is made: a late first commit has to find the fence too.
 */
export async function readRaised(
  context: GroupContext,
  block: NamedBlock,
  partitions: readonly number[],
  fence: bigint,
  seen?: Item,
): Promise<Item | undefined> {
  const { metadata } = context;
  const check = patienceOf(context);
  let item = seen;
  for (let tries = 0; ; tries++) {
    if (fence === 0n) return item; // nobody ever lost the right to commit
    if (tries > 1) await context.clock.sleep(pauseMs(context, tries));
    check(undefined);
    if (item === undefined) {
      const fences = Object.fromEntries(partitions.map((partition) => [nameOf(partition), fence]));
      await putIfAbsent(context, block, fences);
    } else {
      const { fences } = readOffsetBlock(item);
      const low = partitions.filter((partition) => (fences.get(partition) ?? -1n) < fence);
      if (low.length === 0) return item;
      const raised = await raise(context, block, low, fence);
      if (raised !== undefined) return raised;
    }
    item = await send(context, () => metadata.get(keyOf(block)));
  }
}

/** The whole block after the raise. Undefined: it has changed, or the answer was lost; look again. */
async function raise(
  context: GroupContext,
  block: OffsetBlockId,
  partitions: readonly number[],
  fence: bigint,
): Promise<Item | undefined> {
  const update = raiseUpdate(partitions, fence);
  try {
    return await send(context, () => context.metadata.update(keyOf(block), update));
  } catch (error) {
    if (isStoreError(error, 'conditionFailed', 'unknown')) return undefined;
    throw error;
  }
}

/**
 * The offsets of these partitions are gone, and no commit from before fits any more (`raisesAll`: of no
 * partition of the block). What was committed or read with a newer fence stays. Answers the partitions.
 */
export async function forgetOffsets(
  context: GroupContext,
  block: OffsetBlockId,
  chooses: (partition: number, offset: CommittedOffset) => boolean,
  fence: bigint,
  raisesAll = false,
): Promise<number[]> {
  const { metadata } = context;
  const check = patienceOf(context);
  for (let tries = 0; ; tries++) {
    if (tries > 0) await context.clock.sleep(pauseMs(context, tries));
    check(undefined);
    const item = await send(context, () => metadata.get(keyOf(block)));
    if (item === undefined) return [];
    const { offsets, counter, fences } = readOffsetBlock(item);
    const forgotten = [...offsets]
      .filter(([partition, offset]) => (fences.get(partition) ?? 0n) <= fence && chooses(partition, offset))
      .map(([partition]) => partition);
    const raised = raisesAll ? partitionsIn(block) : forgotten;
    const isRaised = raised.every((partition) => (fences.get(partition) ?? -1n) >= fence);
    if (forgotten.length === 0 && isRaised) return [];
    const changes = [
      ...forgotten.flatMap((partition) => forgetting(partition)),
      ...raised.map((partition) => raising(partition, fences.get(partition) ?? 0n, fence)),
    ];
    const update = { changes: [countOn, ...changes], condition: equals(['c'], counter) };
    try {
      if (await send(context, () => tryWrite(metadata.update(keyOf(block), update)))) return forgotten;
    } catch (error) {
      if (!isStoreError(error, 'unknown')) throw error;
    }
  }
}

/** Whether anything is committed, or about to be, for one of these partitions, or for any. */
export async function hasOffsets(
  context: GroupContext,
  block: OffsetBlockId,
  partitions?: readonly number[],
): Promise<boolean> {
  const item = await send(context, () => context.metadata.get(keyOf(block)));
  if (item === undefined) return false;
  const { offsets, pending } = readOffsetBlock(item);
  if (partitions === undefined) return offsets.size > 0 || pending.size > 0;
  return partitions.some((partition) => offsets.has(partition));
}

const forgetting = (partition: number): Change[] =>
  ['o', 'm', 's'].map((map) => unset([map, nameOf(partition)]));

const raising = (partition: number, raised: bigint, fence: bigint): Change =>
  set(['fence', nameOf(partition)], raised > fence ? raised : fence);

const partitionsIn = ({ block }: OffsetBlockId): number[] =>
  Array.from({ length: partitionsPerBlock }, (_, place) => block * partitionsPerBlock + place);

const dayMs = 86_400_000;

/**
 * Removes a block without offsets that is a day old; one that is written to meanwhile stays. `ofDeleted`: the
 * topic is gone, and with it what its offsets meant.
 */
export async function removeIfEmptied(
  context: GroupContext,
  block: OffsetBlockId,
  ofDeleted = false,
): Promise<boolean> {
  const { metadata, clock } = context;
  const item = await send(context, () => metadata.get(keyOf(block)));
  if (item === undefined) return false;
  const { offsets, pending, counter } = readOffsetBlock(item);
  const isOld = clock.nowMs() - offsetBlockCreatedMs(item) >= dayMs;
  if (pending.size > 0 || (!ofDeleted && (offsets.size > 0 || !isOld))) return false;
  const isSame = equals(['c'], counter);
  return sendAgain(context, () => tryWrite(metadata.remove(keyOf(block), isSame)));
}

/** Partitions by the block that they are in. */
export function byBlock<T>(partitions: Iterable<T>, numberOf: (of: T) => number): Map<number, T[]> {
  const blocks = new Map<number, T[]>();
  for (const partition of partitions) {
    const block = blockOf(numberOf(partition));
    const found = blocks.get(block);
    if (found === undefined) blocks.set(block, [partition]);
    else found.push(partition);
  }
  return blocks;
}

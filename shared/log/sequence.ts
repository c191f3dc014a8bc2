import { assert } from '../base/assert.ts';
import type { EntryProducer } from '../storage/items/entry.ts';
import {
  absent,
  add,
  all,
  any,
  append,
  type Change,
  type Condition,
  equals,
  isBelow,
  set,
  sizeOf,
  type Update,
} from '../storage/metadata-store.ts';
import type { StagingThresholds } from '../storage/staging.ts';
import { producerValue, valueAfter, valueBefore } from './producer-sequence.ts';

/** A staged batch on its way to its offset. */
export type BatchToSequence = {
  encodedEntry: Uint8Array;
  recordCount: number;
  stagedMs?: number;
  producer?: EntryProducer;
  /**
   * How the head must know the producer: as a rule `expected`; `absent` after a read showed that the head
   * does not hold it, with the head's `evicted` at that read.
   */
  form: { is: 'expected' } | { is: 'absent'; evicted: bigint };
};

/**
 * The one write that gives staged batches their offsets, in the order given (I2, I3, I4). No I/O, so every
 * rule is a line in a test. The condition is false on an absent item: no update can create a head.
 */
export function sequence(group: readonly BatchToSequence[], thresholds: StagingThresholds): Update {
  const recordCount = group.reduce((sum, batch) => sum + batch.recordCount, 0);
  const entryBytes = group.reduce((sum, batch) => sum + batch.encodedEntry.length, 0);
  const producers = chainsOf(group);
  return {
    changes: [
      add(['next'], BigInt(recordCount)),
      append(
        ['tail'],
        group.map((batch) => batch.encodedEntry),
      ),
      add(['tailBytes'], BigInt(entryBytes)),
      ...producers.map(producerChange),
    ],
    condition: all(
      isBelow(sizeOf(['tail']), BigInt(thresholds.tailEntriesMax)),
      isBelow(['tailBytes'], BigInt(thresholds.tailBytesMax)),
      ...stagedAfterSweep(group),
      ...producers.map(producerCondition),
    ),
  };
}

/**
 * A sweep may have begun to remove what was staged at or before `swept`: such keys may not be named any more
 * [2.b].
 */
function stagedAfterSweep(group: readonly BatchToSequence[]): Condition[] {
  const times = group.flatMap(({ stagedMs }) => (stagedMs === undefined ? [] : [stagedMs]));
  return times.length === 0 ? [] : [isBelow(['swept'], BigInt(Math.min(...times)))];
}

/** The batches of one producer in a group: the first meets the head's value, the last leaves the new one. */
type Chain = { producerId: string; first: BatchToSequence & { producer: EntryProducer }; next: bigint };

function chainsOf(group: readonly BatchToSequence[]): Chain[] {
  const chains = new Map<string, Chain>();
  for (const batch of group) {
    const { producer } = batch;
    if (!producer) continue;
    const producerId = producer.producerId.toString();
    const next = valueAfter(producer, batch.recordCount);
    const chain = chains.get(producerId);
    if (chain) {
      assert(chain.next === valueBefore(producer), "a producer's batches in a group are in sequence");
      chain.next = next;
    } else chains.set(producerId, { producerId, first: { ...batch, producer }, next });
  }
  return [...chains.values()];
}

const producerChange = ({ producerId, next }: Chain): Change => set(['prod', producerId], next);

function producerCondition({ producerId, first }: Chain): Condition {
  const value = ['prod', producerId] as const;
  const isNext = equals(value, valueBefore(first.producer));
  if (first.form.is === 'absent') return all(absent(value), equals(['evicted'], first.form.evicted));
  if (first.producer.baseSequence !== 0) return isNext;
  const isOfOlderEpoch = isBelow(value, producerValue(first.producer.producerEpoch, 0));
  // Once anybody was evicted it may have been this one [1.a].
  const isNew = all(absent(value), equals(['evicted'], 0n));
  return any(isNext, isOfOlderEpoch, isNew);
}

/**
 * Whether `batch` may travel behind `group` in one update: a producer's batches only without a gap between
 * them.
 */
export function mayFollow(group: readonly BatchToSequence[], batch: BatchToSequence): boolean {
  const { producer } = batch;
  if (!producer) return true;
  const before = group.findLast((other) => other.producer?.producerId === producer.producerId);
  if (!before?.producer) return true;
  return valueAfter(before.producer, before.recordCount) === valueBefore(producer);
}

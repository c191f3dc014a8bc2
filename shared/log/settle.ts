import { backoffMs } from '../base/retry.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { isSamePlace, type PlacedEntry } from '../storage/items/entry.ts';
import { type PartitionHead, tailEntries } from '../storage/items/partition-head.ts';
import type { Outcome } from '../storage/store-error.ts';
import { appendRetry, asKafkaError, type LogContext, loadHead } from './log-context.ts';
import { retryWhileMoving } from './moved.ts';
import { pageOut } from './page-out.ts';
import { pagesInOrder } from './pages.ts';
import { type PendingAppend, restage, type Sequenced } from './pending-append.ts';
import { standing } from './producer-sequence.ts';
import { findEvicted, findRepeat, isSameBatch } from './repeat.ts';

/** What a look at the head says about an append that was refused, or whose outcome is unknown. */
type Verdict =
  | { is: 'stored'; baseOffset: Offset }
  | { is: 'error'; error: KafkaError }
  /** The batch before it in its producer's sequence is not there. */
  | { is: 'tooEarly' }
  | { is: 'sendAgain' };

/**
 * Brings an append to its end after the condition failed or an answer was lost: reads what is there, and
 * either finds the batch stored, or names the error, or sends it again (storage.md, Append).
 */
export async function settle(
  context: LogContext,
  partition: PartitionId,
  pending: PendingAppend,
  send: () => Promise<Outcome<Sequenced>>,
): Promise<Sequenced> {
  const { clock, settings } = context;
  const deadlineMs = clock.nowMs() + settings.appendTimeoutMs;
  const earlyUntilMs = clock.nowMs() + settings.earlyMsMax;
  for (let tries = 0; ; tries++) {
    const head = await loadHead(context, partition);
    const verdict = await (pending.producer ? judgeIdempotent : judgePlain)(
      context,
      partition,
      pending,
      head,
    );
    if (verdict.is === 'error') throw verdict.error;
    if (verdict.is === 'tooEarly') {
      await waitForEarlier(context, pending, earlyUntilMs);
      continue;
    }
    if (verdict.is === 'stored') return { baseOffset: verdict.baseOffset, logStartOffset: head.start };
    if (tries > 0 && clock.nowMs() >= deadlineMs) throw outOfTime(pending);
    if (await makeRoom(context, partition, pending, head, tries)) continue;
    const outcome = await send();
    if (outcome.is === 'done') return outcome.value;
    if (outcome.is === 'unknown') pending.wasUnknown = true;
    if (outcome.is === 'notApplied' && !pending.wasUnknown) throw asKafkaError(outcome.error);
    if (outcome.is !== 'refused') await clock.sleep(backoffMs(appendRetry(context), tries));
  }
}

const earlyLookMs = 50;

/**
 * A batch that comes too early may have left an older one behind that is still under way in another process.
 * Throws OUT_OF_ORDER_SEQUENCE_NUMBER when the time is over, or where it is known not to come.
 */
async function waitForEarlier(
  { clock }: LogContext,
  { followsRefused }: PendingAppend,
  untilMs: number,
): Promise<void> {
  const leftMs = untilMs - clock.nowMs();
  if (followsRefused || leftMs <= 0) throw new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER');
  await clock.sleep(Math.min(leftMs, earlyLookMs));
}

export const outcomeUnknown = (): KafkaError =>
  new KafkaError('REQUEST_TIMED_OUT', 'The outcome of the append is unknown.');

function outOfTime(pending: PendingAppend): KafkaError {
  if (pending.wasUnknown) return outcomeUnknown();
  return new KafkaError(
    'NOT_ENOUGH_REPLICAS',
    'The partition takes no more appends just now: try again later.',
  );
}

/**
 * Before the next send: a full tail is relieved (true: look again), and what may not be named is staged
 * again.
 */
async function makeRoom(
  context: LogContext,
  partition: PartitionId,
  pending: PendingAppend,
  head: PartitionHead,
  tries: number,
): Promise<boolean> {
  const { tailEntriesMax, tailBytesMax } = context.stores.staging.thresholds;
  if (head.tail.length >= tailEntriesMax || head.tailBytes >= tailBytesMax) {
    await pageOut(context, partition, head);
    if (tries > 0) await context.clock.sleep(backoffMs(appendRetry(context), tries - 1));
    return true;
  }
  const isSwept = pending.stagedMs !== undefined && head.swept >= BigInt(pending.stagedMs);
  // A plain update whose answer was lost may still arrive: two entries must never share one payload [4a.b].
  if (isSwept || pending.stagingFailed || (pending.wasUnknown && !pending.producer))
    restage(context, pending);
  return false;
}

async function judgeIdempotent(
  context: LogContext,
  partition: PartitionId,
  pending: PendingAppend,
  head: PartitionHead,
): Promise<Verdict> {
  const { producer, recordCount } = pending;
  if (!producer) return { is: 'sendAgain' };
  const own = tailEntries(head).find((entry) => isSameBatch(entry, producer, recordCount));
  if (own) return { is: 'stored', baseOffset: own.baseOffset };
  const inHead = head.prod[producer.producerId.toString()];
  // Read after the head: an eviction moves the value from the head to the item [1.p1, 1.p3].
  const value = inHead ?? (await findEvicted(context, partition, producer.producerId));
  switch (standing(value, producer, recordCount)) {
    case 'fenced':
      return failed('INVALID_PRODUCER_EPOCH');
    case 'gap':
      return { is: 'tooEarly' };
    case 'repeat': {
      // If the value came from the item, the entry may have joined the tail after our head was read [1.b2].
      const newest = inHead === undefined ? await loadHead(context, partition) : head;
      // Retention may remove a segment under the search.
      const repeat = await retryWhileMoving(context, () =>
        findRepeat(context, partition, newest, producer, recordCount),
      );
      if (repeat.is === 'found') return { is: 'stored', baseOffset: repeat.baseOffset };
      // Clients take DUPLICATE_SEQUENCE_NUMBER as stored: not to be said of what surely is not in the log.
      return failed(repeat.is === 'nowhere' ? 'OUT_OF_ORDER_SEQUENCE_NUMBER' : 'DUPLICATE_SEQUENCE_NUMBER');
    }
    case 'next':
      if (value === undefined && pending.followsRefused) return failed('OUT_OF_ORDER_SEQUENCE_NUMBER');
      pending.form = inHead === undefined ? { is: 'absent', evicted: head.evicted } : { is: 'expected' };
      return { is: 'sendAgain' };
  }
}

const failed = (
  name: 'INVALID_PRODUCER_EPOCH' | 'OUT_OF_ORDER_SEQUENCE_NUMBER' | 'DUPLICATE_SEQUENCE_NUMBER',
) => ({ is: 'error', error: new KafkaError(name) }) as const;

/** A plain batch is known by its places only: any place that a send of this request has named is its own. */
async function judgePlain(
  context: LogContext,
  partition: PartitionId,
  pending: PendingAppend,
  head: PartitionHead,
): Promise<Verdict> {
  if (!pending.wasUnknown) return { is: 'sendAgain' };
  const { ids } = pending.toStage;
  const isOwn = ({ at }: PlacedEntry): boolean =>
    ids?.has(at) || pending.namedPlaces.some((place) => isSamePlace(place, at));
  let seen = head;
  let searchedTo = pending.nextBefore ?? head.rolled;
  for (;;) {
    const inTail = tailEntries(seen).find(isOwn);
    if (inTail) return { is: 'stored', baseOffset: inTail.baseOffset };
    for await (const page of pagesInOrder(context, partition, searchedTo, seen.paged)) {
      const inPage = page.entries.find(isOwn);
      if (inPage) return { is: 'stored', baseOffset: inPage.baseOffset };
    }
    const newer = await loadHead(context, partition);
    const inNewerTail = tailEntries(newer).find(isOwn);
    if (inNewerTail) return { is: 'stored', baseOffset: inNewerTail.baseOffset };
    if (newer.rolled > (pending.nextBefore ?? 0n)) {
      // What was rolled since cannot be told apart from others' batches any more [4a.a].
      return {
        is: 'error',
        error: new KafkaError('REQUEST_TIMED_OUT', 'The outcome of the append is unknown.'),
      };
    }
    if (newer.paged === seen.paged) return { is: 'sendAgain' };
    searchedTo = seen.paged;
    seen = newer;
  }
}

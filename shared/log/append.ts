import { assert } from '../base/assert.ts';
import { backoffMs, type RetryPolicy } from '../base/retry.ts';
import { isKafkaError } from '../kafka/error-codes.ts';
import type { Offset } from '../kafka/offsets.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { type PartitionHead, partitionHeadKey, readPartitionHead } from '../storage/items/partition-head.ts';
import { isStoreError, type Outcome, outcomeOf, type StoreError } from '../storage/store-error.ts';
import { appendRetry, asKafkaError, findHead, type LogContext, repeated } from './log-context.ts';
import { pageOut, reachesPageBoundary } from './page-out.ts';
import { type PendingAppend, pendingAppend, type Sequenced } from './pending-append.ts';
import { valueAfter, valueBefore } from './producer-sequence.ts';
import { mayFollow, sequence } from './sequence.ts';
import { outcomeUnknown, settle } from './settle.ts';
import type { BatchToStage, StagedBatch } from './stage.ts';

/** What the appender tells the process when the log has grown or a page was written. */
export type AppendEvents = {
  appended(partition: PartitionId, next: Offset): void;
  pagedOut(partition: PartitionId, head: PartitionHead): void;
  /** Work that goes on behind the answer. */
  inBackground(work: Promise<void>): void;
};

/**
 * Appends to one partition from this process. While one update of the head is in flight, later appends queue
 * and go together in the next (group commit); the order of the calls is the order of the offsets.
 */
export class PartitionAppender {
  private readonly context: LogContext;
  private readonly partition: PartitionId;
  private readonly events: AppendEvents;
  private waiting: PendingAppend[] = [];
  private isDraining = false;
  private lastNext: Offset | undefined;
  /** The newest head that an answer has shown. */
  private newest: PartitionHead | undefined;
  private relief: Promise<void> | undefined;
  private isReliefWanted = false;

  constructor(context: LogContext, partition: PartitionId, events: AppendEvents) {
    this.context = context;
    this.partition = partition;
    this.events = events;
  }

  get isIdle(): boolean {
    return !this.isDraining;
  }

  /**
   * Resolves with the offset once the batch is in the log; rejects with a KafkaError or the store's failure.
   */
  append(toStage: BatchToStage, staged: StagedBatch): Promise<Sequenced> {
    return new Promise((resolve, reject) => {
      this.waiting.push(pendingAppend(toStage, staged, resolve, reject));
      if (!this.isDraining) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    await Promise.resolve(); // appends of the same turn travel together
    while (this.waiting.length > 0) {
      const group = this.takeGroup();
      try {
        await this.commit(group);
      } catch (error) {
        for (const member of group) this.refuse(member, error);
      }
    }
    this.isDraining = false;
  }

  private takeGroup(): PendingAppend[] {
    const { groupEntriesMax, groupBytesMax } = this.context.stores.staging.thresholds;
    const group: PendingAppend[] = [];
    let bytes = 0;
    for (const pending of this.waiting) {
      bytes += pending.encodedEntry.length;
      const isFull = group.length === groupEntriesMax || (group.length > 0 && bytes > groupBytesMax);
      if (isFull || !mayFollow(group, pending)) break;
      group.push(pending);
    }
    this.waiting = this.waiting.slice(group.length);
    return group;
  }

  private async commit(group: readonly PendingAppend[], siblings = group): Promise<void> {
    // A repeat looks first: another process may have stored it.
    if (group.some(({ wasUnknown }) => wasUnknown)) return this.settleEach(group, siblings);
    for (const member of group) member.nextBefore = this.lastNext ?? member.nextBefore;
    const outcome = await this.sendWhereRoom(group);
    if (outcome.is === 'done') return this.answer(group, outcome.value);
    if (outcome.is === 'notApplied') return this.rejectOrResend(group, siblings, outcome.error);
    if (outcome.is === 'unknown') for (const member of group) member.wasUnknown = true;
    if (outcome.is === 'refused' && group.length > 1) return this.commitEach(group);
    await this.settleEach(group, siblings);
  }

  /** Sends the group; refused for a full tail, it waits until there is room and sends it again, together. */
  private async sendWhereRoom(group: readonly PendingAppend[]): Promise<Outcome<PartitionHead>> {
    const { clock, settings } = this.context;
    const deadlineMs = clock.nowMs() + settings.appendTimeoutMs;
    for (;;) {
      if (this.newest && this.isFull(this.newest)) await this.relief;
      const outcome = await this.send(group);
      if (outcome.is !== 'refused' || clock.nowMs() >= deadlineMs) return outcome;
      const head = await findHead(this.context, this.partition);
      if (!head || !this.isFull(head)) return outcome;
      await this.waitForRoom(head, deadlineMs);
    }
  }

  /**
   * Whoever filled a page moves it. Those who meet a full tail look on for a while, each for a time of its
   * own, and step in only if nothing has moved: a hundred that page out at once take the units that one of
   * them needs.
   */
  private async waitForRoom(full: PartitionHead, deadlineMs: number): Promise<void> {
    const { clock } = this.context;
    for (let looks = 0; clock.nowMs() < deadlineMs; looks++) {
      await clock.sleep(backoffMs(appendRetry(this.context), looks));
      const head = await findHead(this.context, this.partition);
      if (!head || !this.isFull(head)) return;
      if (head.paged === full.paged) return this.relieveFrom(head);
    }
  }

  private isFull({ tail, tailBytes }: PartitionHead): boolean {
    const { tailEntriesMax, tailBytesMax } = this.context.stores.staging.thresholds;
    return tail.length >= tailEntriesMax || tailBytes >= tailBytesMax;
  }

  /**
   * Surely not applied. If some bytes could not be staged, only their appends fail; the neighbours go without
   * them.
   */
  private async rejectOrResend(
    group: readonly PendingAppend[],
    siblings: readonly PendingAppend[],
    error: StoreError,
  ): Promise<void> {
    const unstaged = group.filter(({ stagingFailed }) => stagingFailed);
    const failed = unstaged.length > 0 ? unstaged : group;
    const reason = unstaged.length > 0 && error.cause ? error.cause : error;
    for (const member of failed) this.refuse(member, asKafkaError(reason), siblings);
    const rest = group.filter((member) => !member.isRefused);
    // Not together: where one is missing, its producer's sequence has a gap that the group's condition does
    // not see.
    await this.commitEach(rest);
  }

  /** A refusal of the group says nothing of its members: each goes alone, in order. */
  private async commitEach(group: readonly PendingAppend[]): Promise<void> {
    for (const member of group) if (!member.isRefused) await this.commit([member], group);
  }

  private async settleEach(
    group: readonly PendingAppend[],
    siblings: readonly PendingAppend[],
  ): Promise<void> {
    for (const member of group) {
      if (member.isRefused) continue;
      try {
        const result = await settle(this.context, this.partition, member, () => this.sendAlone(member));
        this.noteNext(result.baseOffset + BigInt(member.recordCount));
        member.resolve(result);
      } catch (error) {
        // Once an answer was lost, no later failure of the store proves that the batch is not in the log.
        const isUnknown = member.wasUnknown && isStoreError(error);
        this.refuse(member, isUnknown ? outcomeUnknown() : asKafkaError(error), siblings);
      }
    }
  }

  /**
   * A partition that does not know a producer takes whatever comes first as its begin. So those that follow a
   * refused batch in its producer's sequence, and were sent before its producer could know, must not begin
   * it: the refused one could never be stored again.
   */
  private refuse(member: PendingAppend, error: unknown, siblings: readonly PendingAppend[] = []): void {
    if (member.isRefused) return;
    member.isRefused = true;
    member.reject(error);
    if (!member.producer || isKafkaError(error, 'DUPLICATE_SEQUENCE_NUMBER')) return;
    const next = valueAfter(member.producer, member.recordCount);
    for (const other of [...siblings, ...this.waiting]) {
      const { producer } = other;
      if (producer?.producerId !== member.producer.producerId || valueBefore(producer) !== next) continue;
      other.followsRefused = true;
    }
  }

  private async sendAlone(member: PendingAppend): Promise<Outcome<Sequenced>> {
    const outcome = await this.send([member]);
    if (outcome.is !== 'done') return outcome;
    const head = outcome.value;
    this.afterAppend([member], head);
    return {
      is: 'done',
      value: { baseOffset: head.next - BigInt(member.recordCount), logStartOffset: head.start },
    };
  }

  /** The one conditional update. Repeated here only while it was surely not applied. */
  private async send(group: readonly PendingAppend[]): Promise<Outcome<PartitionHead>> {
    const { metadata, staging } = this.context.stores;
    for (const member of group) member.namedPlaces.push(member.current.entry.at);
    const update = sequence(group, staging.thresholds);
    const after = group.flatMap(({ current }) => (current.staged ? [current.staged] : []));
    const outcome = await outcomeOf(
      repeated(this.patienceFor(group), () =>
        metadata.update(partitionHeadKey(this.partition), update, { after }),
      ),
    );
    return outcome.is === 'done' ? { is: 'done', value: readPartitionHead(outcome.value) } : outcome;
  }

  /** As long as the most patient of the group waits; then what is surely not stored is told so. */
  private patienceFor(group: readonly PendingAppend[]): RetryPolicy {
    const policy = appendRetry(this.context);
    const nowMs = this.context.clock.nowMs();
    const waits = group.map(({ toStage: { giveUpMs } }) =>
      giveUpMs === undefined ? policy.totalMsMax : giveUpMs - nowMs,
    );
    return { ...policy, totalMsMax: Math.max(0, ...waits) };
  }

  private answer(group: readonly PendingAppend[], head: PartitionHead): void {
    let baseOffset = head.next - group.reduce((sum, { recordCount }) => sum + BigInt(recordCount), 0n);
    assert(baseOffset >= 0n, 'an append grows the log by its records');
    for (const member of group) {
      member.resolve({ baseOffset, logStartOffset: head.start });
      baseOffset += BigInt(member.recordCount);
    }
    this.afterAppend(group, head);
  }

  private afterAppend(group: readonly PendingAppend[], head: PartitionHead): void {
    this.noteNext(head.next);
    this.noteHead(head);
    if (!reachesPageBoundary(this.context.settings, head.tail, group.length)) return;
    this.events.inBackground(this.relieveFrom(head));
  }

  /**
   * Pages out, one run at a time in this process; what comes meanwhile is moved by the run that is under way.
   */
  private relieveFrom(head: PartitionHead): Promise<void> {
    this.isReliefWanted = true;
    this.relief ??= this.relieve(head).finally(() => {
      this.relief = undefined;
    });
    return this.relief;
  }

  private async relieve(head: PartitionHead): Promise<void> {
    let from: PartitionHead | undefined = head;
    while (from && this.isReliefWanted) {
      this.isReliefWanted = false;
      const paged = await pageOut(this.context, this.partition, from);
      if (paged) {
        this.noteHead(paged);
        this.events.pagedOut(this.partition, paged);
      }
      from = this.newest;
    }
  }

  /** Of two answers the one that saw more; both offsets only grow. */
  private noteHead(head: PartitionHead): void {
    const { newest } = this;
    if (!newest || (head.next >= newest.next && head.paged >= newest.paged)) this.newest = head;
  }

  private noteNext(next: Offset): void {
    if (this.lastNext === undefined || next > this.lastNext) this.lastNext = next;
    this.events.appended(this.partition, next);
  }
}

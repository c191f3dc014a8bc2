import type { GroupCell } from '../storage/items/group-cell.ts';
import { isStoreError, StoreError } from '../storage/store-error.ts';
import { nextSweepMs } from './classic-round.ts';
import { removeDeadLeases, removeUnnamed } from './cleanup.ts';
import { decideGroup, type GroupAnswer, type GroupEvent, isDead, nextDueMs } from './decide-group.ts';
import { gatherEvents, type MemberLeases } from './gather.ts';
import type { GroupContext } from './group-context.ts';
import { pauseMs } from './group-context.ts';
import { groupLimits } from './group-settings.ts';
import type { Leases } from './leases.ts';
import {
  putIndex,
  readCell,
  readStoredCell,
  replaceCell,
  type StoredCell,
  takeSweep,
} from './stored-cell.ts';
import type { SubscribedTopics } from './subscribed-topics.ts';

/** What became of events: the cell that holds them, and what each is answered. */
export type Folded = { readonly cell: GroupCell; readonly answers: readonly GroupAnswer[] };

type Request = {
  events: readonly GroupEvent[];
  readonly resolve: (folded: Folded) => void;
  readonly reject: (error: unknown) => void;
};

/** How hard one try goes: `look` writes nothing, `gather` takes along what the leases say. */
type Effort = 'look' | 'write' | 'gather';

/**
 * The groups as this process folds what happens to them: read the cell, decide, replace it if it has not
 * changed. Requests of one group queue behind the write in flight and go together in the next one.
 */
export class GroupCells {
  private readonly context: GroupContext;
  private readonly leases: Leases;
  private readonly topics: SubscribedTopics;
  private readonly queues = new Map<string, Request[]>();
  private readonly listeners = new Map<string, Set<(cell: GroupCell) => void>>();

  constructor(context: GroupContext, leases: Leases, topics: SubscribedTopics) {
    this.context = context;
    this.leases = leases;
    this.topics = topics;
  }

  /** The cell, after whatever is due has been folded. */
  async read(groupId: string): Promise<GroupCell> {
    const cell = await readCell(this.context, groupId);
    if (nextDueMs(cell) > this.context.clock.nowMs()) return cell;
    return (await this.fold(groupId, [])).cell;
  }

  /**
   * Folds these events into the group. Throws the StoreError when that did not succeed in `foldMsMax`; then
   * they may still be folded, by this process or by another one.
   */
  fold(groupId: string, events: readonly GroupEvent[]): Promise<Folded> {
    return new Promise((resolve, reject) => {
      const request = { events, resolve, reject };
      const queue = this.queues.get(groupId);
      if (queue !== undefined) {
        queue.push(request);
        return;
      }
      const started = [request];
      this.queues.set(groupId, started);
      void this.drain(groupId, started);
    });
  }

  /** Calls `listener` with each cell that this process writes, until the returned function is called. */
  listen(groupId: string, listener: (cell: GroupCell) => void): () => void {
    const listeners = this.listeners.get(groupId) ?? new Set();
    this.listeners.set(groupId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(groupId) === listeners) this.listeners.delete(groupId);
    };
  }

  private async drain(groupId: string, queue: Request[]): Promise<void> {
    while (queue.length > 0) {
      const batch: Request[] = [];
      try {
        const folded = await this.foldBatch(groupId, queue, batch);
        let from = 0;
        for (const { events, resolve } of batch) {
          resolve({ cell: folded.cell, answers: folded.answers.slice(from, from + events.length) });
          from += events.length;
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.queues.delete(groupId);
  }

  private async foldBatch(groupId: string, queue: Request[], batch: Request[]): Promise<Folded> {
    const { clock } = this.context;
    const startedMs = clock.nowMs();
    let effort: Effort = 'write';
    for (let tries = 0; ; tries++) {
      batch.push(...queue.splice(0));
      try {
        const folded = await this.foldOnce(groupId, batch, effort);
        if (folded !== undefined) return folded;
      } catch (error) {
        if (!isStoreError(error, 'conditionFailed', 'conflict', 'throttled', 'unknown')) throw error;
        if (clock.nowMs() - startedMs > groupLimits.foldMsMax) throw lostTooLong(error);
        if (effort === 'look') continue;
        // Often whoever won has folded us in.
        if (error.kind === 'conditionFailed' || error.kind === 'unknown') {
          effort = 'look';
          continue;
        }
      }
      await clock.sleep(pauseMs(this.context, tries));
      effort = effort === 'look' ? 'gather' : effort;
    }
  }

  /** One try. Undefined: it only looked, and there is something to write. */
  private async foldOnce(
    groupId: string,
    batch: readonly Request[],
    effort: Effort,
  ): Promise<Folded | undefined> {
    const own = batch.flatMap(({ events }) => events);
    const stored = await readStoredCell(this.context, groupId);
    const before = effort === 'look' ? stored.cell : await this.swept(groupId, stored.cell);
    const mustLook = before !== stored.cell || this.isSyncDue(before) || effort === 'gather';
    const leases = effort !== 'look' && mustLook ? await this.leases.all(groupId) : undefined;
    const gathered =
      leases === undefined ? [] : await gatherEvents(this.context, groupId, before, leases, own);
    const events = [...gathered, ...own];
    const decision = decideGroup(before, events, await this.topics.momentFor(before, events));
    const answers = decision.answers.slice(gathered.length);
    if (decision.cell === before) {
      if (leases !== undefined) await removeDeadLeases(this.context, this.leases, groupId, leases, before);
      return { cell: before, answers };
    }
    if (effort === 'look') return undefined;
    const cell = { ...decision.cell, version: before.version + 1n };
    try {
      await this.write(groupId, { ...stored, cell: before }, cell, leases);
    } catch (error) {
      if (isStoreError(error, 'unknown')) markFolded(batch, answers);
      throw error;
    }
    return { cell, answers };
  }

  private async write(
    groupId: string,
    before: StoredCell,
    after: GroupCell,
    leases: MemberLeases | undefined,
  ): Promise<void> {
    if (isDead(before.cell) && !isDead(after)) await putIndex(this.context, groupId);
    await replaceCell(this.context, groupId, before.cell.version, after);
    for (const listener of this.listeners.get(groupId) ?? []) listener(after);
    await removeUnnamed(this.context, this.leases, groupId, before, after);
    if (leases !== undefined) await removeDeadLeases(this.context, this.leases, groupId, leases, after);
  }

  /** The cell with its next sweep, if this process is the one that looks for dead members now. */
  private async swept(groupId: string, cell: GroupCell): Promise<GroupCell> {
    const nowMs = this.context.clock.nowMs();
    if (cell.sweepAtMs === 0 || cell.sweepAtMs > nowMs) return cell;
    const sessionsMs =
      cell.type === 'classic'
        ? cell.members.map(({ sessionTimeoutMs }) => sessionTimeoutMs)
        : [this.context.settings.consumerSessionTimeoutMs];
    const sweepAtMs = nextSweepMs(sessionsMs, nowMs);
    const isTaken = await takeSweep(this.context, groupId, cell.sweepAtMs, sweepAtMs);
    return isTaken ? { ...cell, sweepAtMs } : cell;
  }

  private isSyncDue(cell: GroupCell): boolean {
    if (cell.type !== 'classic' || cell.syncDeadlineMs === 0) return false;
    return cell.syncDeadlineMs <= this.context.clock.nowMs();
  }
}

/**
 * After an unknown outcome a heartbeat may find that its member has already got what it asked for; one that
 * was refused in that fold has got nothing.
 */
function markFolded(batch: readonly Request[], answers: readonly GroupAnswer[]): void {
  let place = 0;
  for (const request of batch) {
    request.events = request.events.map((event) => {
      const isAdmitted = answers[place++]?.is === 'heartbeat';
      return event.kind === 'heartbeat' && isAdmitted ? { ...event, mayBeFolded: true } : event;
    });
  }
}

const lostTooLong = (cause: StoreError): StoreError =>
  cause.kind === 'conditionFailed'
    ? new StoreError('conflict', 'others kept changing the group', { cause })
    : cause;

import type { GroupCell } from '../storage/items/group-cell.ts';
import { isStoreError } from '../storage/store-error.ts';
import { nextDueMs } from './decide-group.ts';
import type { GroupCells } from './group-cell.ts';
import type { GroupContext } from './group-context.ts';
import type { Leases, Lessee } from './leases.ts';

/** What ended a wait without an answer. */
export type WaitEnd = 'over' | 'aborted';

/** One JoinGroup or SyncGroup that waits for its group. */
export type Wait<A> = {
  readonly lessee: Lessee;
  /** The version of the cell that told it to wait: older ones, read before and come late, say nothing. */
  readonly seen: bigint;
  /** Looks at a cell: the answer, or undefined to go on waiting. */
  readonly look: (cell: GroupCell) => A | undefined;
  readonly waitMsMax: number;
  readonly signal?: AbortSignal | undefined;
};

type Parked = {
  readonly lessee: Lessee;
  readonly untilMs: number;
  renewAtMs: number;
  /** True when it ended with this cell. */
  readonly saw: (cell: GroupCell) => boolean;
  readonly end: (how: WaitEnd) => void;
  readonly fail: (error: unknown) => void;
};

const firstDelayMs = 50;
const delayMsMax = 1_000;
const delayGrowth = 1.5;

/**
 * Those who wait for one group in this process, with one watcher for all of them: it is woken by each write
 * of this process, reads the cell now and then, does what is due, and keeps the leases of those who wait.
 */
class GroupWatch {
  private readonly groupId: string;
  private readonly context: GroupContext;
  private readonly cells: GroupCells;
  private readonly leases: Leases;
  private readonly parked = new Set<Parked>();
  private newest: GroupCell | undefined;
  private wake = new AbortController();
  private readonly onEnd: () => void;

  constructor(
    groupId: string,
    context: GroupContext,
    cells: GroupCells,
    leases: Leases,
    onEnd: (watch: GroupWatch) => void,
  ) {
    this.onEnd = () => onEnd(this);
    this.groupId = groupId;
    this.context = context;
    this.cells = cells;
    this.leases = leases;
  }

  add(parked: Parked): void {
    this.parked.add(parked);
    this.wake.abort();
  }

  remove(parked: Parked): void {
    this.parked.delete(parked);
    if (this.parked.size === 0) this.wake.abort();
  }

  /** Watches until nobody waits any more. */
  async run(): Promise<void> {
    const stop = this.cells.listen(this.groupId, (cell) => this.saw(cell));
    let delayMs = firstDelayMs;
    try {
      while (this.parked.size > 0) {
        const seen = this.newest?.version;
        const isWoken = await this.sleep(delayMs);
        if (this.parked.size === 0) return;
        if (!isWoken) await this.look();
        const hasMoved = isWoken || this.newest?.version !== seen;
        delayMs = hasMoved ? firstDelayMs : Math.min(delayMsMax, delayMs * delayGrowth);
        await this.keep();
      }
    } catch (error) {
      for (const parked of this.parked) parked.fail(error);
      this.parked.clear();
    } finally {
      // In the same step as the look at who waits: nobody can be added to a watch that has ended.
      stop();
      this.onEnd();
    }
  }

  private saw(cell: GroupCell): void {
    if (this.newest !== undefined && cell.version < this.newest.version) return;
    this.newest = cell;
    for (const parked of this.parked) if (parked.saw(cell)) this.parked.delete(parked);
    this.wake.abort();
  }

  /** True if something happened before the time was over. */
  private async sleep(delayMs: number): Promise<boolean> {
    const nowMs = this.context.clock.nowMs();
    const ends = [...this.parked].map(({ untilMs }) => untilMs);
    const dueMs = this.newest === undefined ? Number.POSITIVE_INFINITY : nextDueMs(this.newest);
    // What is due and stays so is somebody else's work just now: no reason to read without a pause.
    const untilDueMs = dueMs > nowMs ? dueMs - nowMs : delayMs;
    this.wake = new AbortController();
    const { signal } = this.wake;
    await this.context.clock.sleep(
      Math.max(1, Math.min(delayMs, untilDueMs, ...ends.map((end) => end - nowMs))),
      signal,
    );
    return signal.aborted;
  }

  private async look(): Promise<void> {
    try {
      this.saw(await this.cells.read(this.groupId));
    } catch (error) {
      if (!isStoreError(error)) throw error;
      this.context.log.debug('a group that is waited for could not be read', {
        groupId: this.groupId,
        error,
      });
    }
  }

  /** Ends the waits whose time is over, and keeps the others alive. */
  private async keep(): Promise<void> {
    const nowMs = this.context.clock.nowMs();
    const renewals: Promise<void>[] = [];
    for (const parked of this.parked) {
      if (parked.untilMs <= nowMs) {
        this.parked.delete(parked);
        parked.end('over');
      } else if (parked.renewAtMs <= nowMs) {
        parked.renewAtMs = nowMs + parked.lessee.sessionTimeoutMs / 3;
        renewals.push(this.leases.renewWaiting(parked.lessee));
      }
    }
    await Promise.all(renewals);
  }
}

/** Where requests wait for their groups. */
export class GroupWatches {
  private readonly context: GroupContext;
  private readonly cells: GroupCells;
  private readonly leases: Leases;
  private readonly watches = new Map<string, GroupWatch>();

  constructor(context: GroupContext, cells: GroupCells, leases: Leases) {
    this.context = context;
    this.cells = cells;
    this.leases = leases;
  }

  /** Waits until a look at the cell finds an answer, the time is over, or the signal is aborted. */
  wait<A>({ lessee, seen, look, waitMsMax, signal }: Wait<A>): Promise<A | WaitEnd> {
    if (signal?.aborted) return Promise.resolve('aborted');
    const { clock } = this.context;
    return new Promise<A | WaitEnd>((resolve, reject) => {
      const onAbort = (): void => {
        watch.remove(parked);
        resolve('aborted');
      };
      const settle = <T>(end: (value: T) => void): ((value: T) => void) => {
        return (value) => {
          signal?.removeEventListener('abort', onAbort);
          end(value);
        };
      };
      const answer = settle<A | WaitEnd>(resolve);
      const parked: Parked = {
        lessee,
        untilMs: clock.nowMs() + waitMsMax,
        renewAtMs: clock.nowMs() + lessee.sessionTimeoutMs / 3,
        saw: (cell) => {
          const found = cell.version < seen ? undefined : look(cell);
          if (found !== undefined) answer(found);
          return found !== undefined;
        },
        end: answer,
        fail: settle(reject),
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const watch = this.watchOf(lessee.groupId, parked);
    });
  }

  private watchOf(groupId: string, first: Parked): GroupWatch {
    const known = this.watches.get(groupId);
    if (known !== undefined) {
      known.add(first);
      return known;
    }
    const watch = new GroupWatch(groupId, this.context, this.cells, this.leases, (ended) => {
      if (this.watches.get(groupId) === ended) this.watches.delete(groupId);
    });
    this.watches.set(groupId, watch);
    watch.add(first);
    void watch.run();
    return watch;
  }
}

import {
  leaseStamp,
  leaseTtl,
  type MemberLease,
  memberLeaseKey,
  memberLeaseRange,
  memberOfLease,
  readMemberLease,
  type WantToJoin,
  writePendingLease,
} from '../storage/items/member-lease.ts';
import {
  absent,
  all,
  any,
  type Change,
  type Condition,
  equals,
  exists,
  isAtMost,
  queryAll,
  set,
  unset,
} from '../storage/metadata-store.ts';
import { tryWrite } from '../storage/store-error.ts';
import { bestEffort, type GroupContext, send, sendAgain } from './group-context.ts';

/** A member as its lease is kept. */
export type Lessee = {
  readonly groupId: string;
  readonly memberId: string;
  readonly sessionTimeoutMs: number;
};

const renewalsRemembered = 20_000;

/**
 * The leases of members: whoever has none that runs is expired. Every write may be applied twice or late: a
 * lease never gets shorter by one.
 */
export class Leases {
  private readonly context: GroupContext;
  /** When this process renewed a lease last, so that most heartbeats need not look. */
  private readonly renewedAtMs = new Map<string, number>();

  constructor(context: GroupContext) {
    this.context = context;
  }

  /** Hands out a member id whose owner has to come back with it (KIP-394). */
  handOut({ groupId, memberId, sessionTimeoutMs }: Lessee): Promise<void> {
    const { metadata, clock } = this.context;
    const lease = writePendingLease(clock.nowMs() + sessionTimeoutMs);
    return sendAgain(this.context, () => metadata.put(memberLeaseKey(groupId, memberId), lease));
  }

  async read(groupId: string, memberId: string, consistent = true): Promise<MemberLease | undefined> {
    const key = memberLeaseKey(groupId, memberId);
    const item = await send(this.context, () => this.context.metadata.get(key, { consistent }));
    return item === undefined ? undefined : readMemberLease(item);
  }

  /** All leases of a group, by member id. */
  async all(groupId: string): Promise<Map<string, MemberLease>> {
    const leases = new Map<string, MemberLease>();
    for await (const { key, item } of queryAll(this.context.metadata, memberLeaseRange(groupId))) {
      leases.set(memberOfLease(key), readMemberLease(item));
    }
    return leases;
  }

  /**
   * Says that the member wants to join. `isFirst`: the id was handed out and is used for the first time; then
   * false means that somebody else has used it.
   */
  async want(lessee: Lessee, want: WantToJoin, isFirst: boolean): Promise<boolean> {
    const { groupId, memberId } = lessee;
    const key = memberLeaseKey(groupId, memberId);
    const changes = [
      ...this.renewal(lessee),
      set(['want'], BigInt(want.generation)),
      set(['sub'], want.subscription),
      set(['request'], want.requestId),
      unset(['pending']),
    ];
    const write = (condition?: Condition): Promise<boolean> =>
      tryWrite(this.context.metadata.update(key, condition ? { changes, condition } : { changes }));
    if (!isFirst) return sendAgain(this.context, () => write());
    if (await sendAgain(this.context, () => write(equals(['pending'], true)))) return true;
    // Refused also by a try of our own whose answer was lost.
    const found = await this.read(groupId, memberId);
    return found?.want?.requestId === want.requestId;
  }

  /** The join was answered: the member has a whole session to go on, and wants nothing any more. */
  answered(lessee: Lessee, requestId: string): Promise<void> {
    const marks = [unset(['want']), unset(['sub']), unset(['request'])];
    return this.mark(lessee, marks, equals(['request'], requestId));
  }

  /** The member asked for its assignment. */
  synced(lessee: Lessee, generationId: number): Promise<void> {
    const generation = BigInt(generationId);
    const isNewest = any(absent(['synced']), isAtMost(['synced'], generation));
    return this.mark(
      lessee,
      [set(['synced'], generation), unset(['want'])],
      all(exists(['until']), isNewest),
    );
  }

  /**
   * Renews the lease and writes these marks. A process whose clock is ahead may have renewed it for longer:
   * then the marks count all the same.
   */
  private mark(lessee: Lessee, marks: Change[], condition: Condition): Promise<void> {
    const key = memberLeaseKey(lessee.groupId, lessee.memberId);
    const renewal = [...this.renewal(lessee), ...marks];
    return sendAgain(this.context, async () => {
      if (await this.tryUpdate(lessee, renewal, condition)) return;
      await tryWrite(this.context.metadata.update(key, { changes: marks, condition }));
    });
  }

  /** A KIP-848 member joins, or begins again. */
  async begin(lessee: Lessee): Promise<void> {
    const key = memberLeaseKey(lessee.groupId, lessee.memberId);
    const changes = this.renewal(lessee);
    await sendAgain(this.context, () => this.context.metadata.update(key, { changes }));
    this.remember(lessee);
  }

  /**
   * Renews the lease when a third of the session has passed since somebody did; never makes one. Every
   * heartbeat comes by here, so what this process remembers saves a read. Answers for how long the lease is
   * surely not due (ms); 0 also where nobody knows.
   */
  async renewIfDue(lessee: Lessee): Promise<number> {
    const { groupId, memberId, sessionTimeoutMs } = lessee;
    const nowMs = this.context.clock.nowMs();
    const thirdMs = sessionTimeoutMs / 3;
    const remembered = this.renewedAtMs.get(nameOf(lessee));
    if (remembered !== undefined && nowMs - remembered < thirdMs) return remembered + thirdMs - nowMs;
    let notDueMs = 0;
    await bestEffort(
      this.context,
      'looking for a lease',
      (async () => {
        const lease = remembered === undefined ? await this.read(groupId, memberId, false) : undefined;
        const leftMs = lease === undefined ? 0 : lease.untilMs - nowMs - (sessionTimeoutMs - thirdMs);
        const renewal = [...this.renewal(lessee), unset(['want'])];
        if (leftMs > 0) notDueMs = leftMs;
        else if (await this.tryUpdate(lessee, renewal, exists(['until']))) notDueMs = thirdMs;
      })(),
    );
    return notDueMs;
  }

  /** Renews the lease of a member whose JoinGroup waits: it still wants what it wants. */
  renewWaiting(lessee: Lessee): Promise<void> {
    const renewed: Promise<unknown> = this.tryUpdate(lessee, this.renewal(lessee), exists(['until']));
    return bestEffort(this.context, 'renewing a lease', renewed);
  }

  async remove(groupId: string, memberId: string, condition?: Condition): Promise<void> {
    this.renewedAtMs.delete(nameOf({ groupId, memberId }));
    const { metadata } = this.context;
    await sendAgain(this.context, () => metadata.remove(memberLeaseKey(groupId, memberId), condition));
  }

  private renewal({ sessionTimeoutMs }: Lessee): Change[] {
    const untilMs = this.context.clock.nowMs() + sessionTimeoutMs;
    return [
      set(['t'], leaseStamp.t),
      set(['f'], leaseStamp.f),
      set(['until'], BigInt(untilMs)),
      set(['ttl'], leaseTtl(untilMs)),
    ];
  }

  /** An update that only lengthens a lease that is there. */
  private async tryUpdate(lessee: Lessee, changes: Change[], condition: Condition): Promise<boolean> {
    const key = memberLeaseKey(lessee.groupId, lessee.memberId);
    const untilMs = BigInt(this.context.clock.nowMs() + lessee.sessionTimeoutMs);
    const guarded = all(condition, isAtMost(['until'], untilMs));
    const isDone = await tryWrite(this.context.metadata.update(key, { changes, condition: guarded }));
    if (isDone) this.remember(lessee);
    return isDone;
  }

  private remember(lessee: Lessee): void {
    const name = nameOf(lessee);
    this.renewedAtMs.delete(name);
    for (const oldest of this.renewedAtMs.keys()) {
      if (this.renewedAtMs.size < renewalsRemembered) break;
      this.renewedAtMs.delete(oldest);
    }
    this.renewedAtMs.set(name, this.context.clock.nowMs());
  }
}

const nameOf = ({ groupId, memberId }: Pick<Lessee, 'groupId' | 'memberId'>): string =>
  `${groupId}\0${memberId}`;

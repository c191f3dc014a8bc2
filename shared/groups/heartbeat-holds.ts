import type { Clock } from '../base/clock.ts';
import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { HeartbeatRequest, HeartbeatResponse } from './api.ts';
import { groupLimits } from './group-settings.ts';

/** As whom a member was answered NONE, and for how long it may be told so again. */
type Hold = {
  readonly generationId: number;
  readonly groupInstanceId: string | null;
  readonly sinceMs: number;
  readonly untilMs: number;
};

/** The members of one group whose answers are held, by id, the newest answer last. */
type HeldGroup = { readonly members: Map<string, Hold>; untilMs: number };

/** Who hears one of these learns that the group has moved on; any other error says nothing about it. */
const movedOn: ReadonlySet<KafkaErrorName> = new Set<KafkaErrorName>([
  ...(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'] as const),
  ...(['FENCED_INSTANCE_ID', 'GROUP_ID_NOT_FOUND'] as const),
]);

/**
 * `gateway.heartbeat.hold.ms`: NONE that the store has answered to a member's Heartbeat is said again for a
 * while without asking. Nothing is fenced by heartbeats, so a held answer can only make a member notice later
 * that the group has moved on. What this process sees of a group's changes ends all its holds at once: also
 * those that would come of answers still under way.
 */
export class HeartbeatHolds {
  private readonly clock: Clock;
  private readonly holdMs: number;
  /**
   * The one that was answered last comes last. A group that is forgotten and held again is another object: by
   * that an answer under way knows that it is too old.
   */
  private readonly groups = new Map<string, HeldGroup>();
  /** How many changes of a group are under way here. */
  private readonly changing = new Map<string, number>();
  private held = 0;

  constructor(clock: Clock, holdMs: number) {
    this.clock = clock;
    this.holdMs = holdMs;
  }

  /** Members whose answers are held, or were until not long ago. */
  get size(): number {
    return this.held;
  }

  /** What `ask` answers; 'held': NONE, and nobody was asked. */
  async heartbeat<T>(
    request: HeartbeatRequest,
    ask: () => Promise<T>,
    read: (answer: T) => HeartbeatResponse,
  ): Promise<T | 'held'> {
    if (this.holdMs <= 0) return ask();
    const askedMs = this.clock.nowMs();
    if (this.isHeld(request, askedMs)) return 'held';
    const { groupId } = request;
    const group = this.groups.get(groupId) ?? { members: new Map(), untilMs: askedMs + this.holdMs };
    this.groups.set(groupId, group);
    try {
      const answer = await ask();
      const { error, mayStandMs } = read(answer);
      this.heard(groupId, [error]);
      if (error === 'NONE') this.hold(group, request, askedMs, mayStandMs);
      return answer;
    } finally {
      if (group.members.size === 0 && this.groups.get(groupId) === group) this.groups.delete(groupId);
    }
  }

  /** While `work` may change the groups nothing of them is held; of what was held before nothing is left. */
  async during<T>(groupIds: readonly string[], work: () => Promise<T>): Promise<T> {
    if (this.holdMs <= 0) return work();
    for (const groupId of groupIds) this.changes(groupId, 1);
    try {
      return await work();
    } finally {
      for (const groupId of groupIds) this.changes(groupId, -1);
    }
  }

  /** What somebody of the group was answered. */
  heard(groupId: string, errors: Iterable<KafkaErrorName>): void {
    for (const error of errors) if (movedOn.has(error)) this.forget(groupId);
  }

  private isHeld({ groupId, memberId, generationId, groupInstanceId }: HeartbeatRequest, nowMs: number) {
    const hold = this.groups.get(groupId)?.members.get(memberId);
    if (hold?.generationId !== generationId || hold.groupInstanceId !== groupInstanceId) return false;
    return hold.sinceMs <= nowMs && nowMs < hold.untilMs; // a clock that was set back ends it
  }

  private hold(group: HeldGroup, request: HeartbeatRequest, sinceMs: number, mayStandMs: number): void {
    const { groupId, memberId, generationId, groupInstanceId } = request;
    if (this.groups.get(groupId) !== group || this.changing.has(groupId)) return;
    const forMs = Math.min(this.holdMs, mayStandMs);
    if (forMs <= 0) return;
    const untilMs = sinceMs + forMs;
    this.drop(group, memberId);
    group.members.set(memberId, { generationId, groupInstanceId, sinceMs, untilMs });
    this.held++;
    group.untilMs = Math.max(group.untilMs, untilMs);
    this.groups.delete(groupId);
    this.groups.set(groupId, group);
    this.tidy(group);
  }

  /** Drops what has run out, oldest first, and what there is no room for. */
  private tidy(group: HeldGroup): void {
    const nowMs = this.clock.nowMs();
    for (const [memberId, { untilMs }] of group.members) {
      if (untilMs > nowMs) break;
      this.drop(group, memberId);
    }
    for (const [groupId, { untilMs }] of this.groups) {
      if (untilMs > nowMs && this.held <= groupLimits.heldHeartbeatsMax) break;
      this.forget(groupId);
    }
  }

  private drop(group: HeldGroup, memberId: string): void {
    if (group.members.delete(memberId)) this.held--;
  }

  private changes(groupId: string, by: 1 | -1): void {
    const changing = (this.changing.get(groupId) ?? 0) + by;
    if (changing > 0) this.changing.set(groupId, changing);
    else this.changing.delete(groupId);
    this.forget(groupId);
  }

  private forget(groupId: string): void {
    this.held -= this.groups.get(groupId)?.members.size ?? 0;
    this.groups.delete(groupId);
  }
}

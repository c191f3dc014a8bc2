import type { Slice } from './group-bodies.ts';
import type { GroupCalls, Speaker } from './group-calls.ts';
import type { Habits, MemberPlan } from './group-plan.ts';
import { happens } from './scheduler.ts';
import type { World } from './world.ts';

/** What members have around them. */
export type Surroundings = {
  /** One that nobody had before. */
  subscription(): string;
  /** All that there is to be assigned. */
  slices(): readonly Slice[];
  /** Starts the same program once more. */
  start(plan: MemberPlan, afterMs: number): void;
  /** Clients keep to the rules: nothing befalls them any more. */
  isQuiet(): boolean;
};

type Position = Map<Slice, bigint>;

/** What consumers of both protocols have in common: they process, commit, and come to grief. */
export abstract class Life {
  readonly calls: GroupCalls;
  readonly plan: MemberPlan;
  readonly next: Surroundings;
  memberId = '';
  subscription: string;
  /** It was let in, and has not heard since that it is out. */
  isIn = false;
  /** Its program has ended. */
  isGone = false;
  /** Somebody stops it: it leaves when it comes to it. */
  isToldToGo = false;
  /** Wishes of somebody outside, for its next heartbeat. */
  wish: 'changes' | 'leaves' | undefined;
  private committing: Promise<void> | undefined;

  constructor(calls: GroupCalls, plan: MemberPlan, next: Surroundings) {
    this.calls = calls;
    this.plan = plan;
    this.next = next;
    this.subscription = next.subscription();
  }

  abstract live(): Promise<void>;

  get world(): World {
    return this.calls.world;
  }

  /** Whether this befalls it now. */
  does(what: keyof Habits): boolean {
    if (this.wish === what) {
      this.wish = undefined;
      return true;
    }
    if (this.next.isQuiet()) return false;
    return happens(this.world.random, this.calls.plan.habits[what]);
  }

  /** Its program ends, and is started again after this time. */
  end(againAfterMs?: number): void {
    if (this.isGone) return;
    this.isGone = true;
    if (againAfterMs !== undefined) this.next.start(this.plan, againAfterMs);
  }

  /** Where it goes on with these slices, as soon as it is told. */
  async positions(speaker: () => Speaker, slices: readonly Slice[], isOfEpoch: boolean): Promise<Position> {
    if (slices.length === 0) return new Map();
    for (let tries = 0; tries < 10 && !this.isGone; tries++) {
      const found = await this.calls.fetch(speaker(), slices, isOfEpoch);
      if (found !== undefined) return found;
      await this.world.pause(500);
    }
    return new Map();
  }

  /** Processes one record more of each slice, and commits that while it does something else. */
  commitLater(speaker: Speaker, position: Position): void {
    for (const [slice, offset] of position) position.set(slice, offset < 0n ? 1n : offset + 1n);
    // One after another: the next one is not sent before this one is heard of, or given up.
    if (this.committing !== undefined || position.size === 0) return;
    this.committing = this.calls.commit(speaker, new Map(position)).then(() => {
      this.committing = undefined;
    });
  }

  /** What is committed of its slices, as it is told. */
  look(speaker: Speaker, position: Position): void {
    if (position.size > 0) void this.calls.fetch(speaker, [...position.keys()], false);
  }
}

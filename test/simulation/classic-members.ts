import type { JoinGroupResponse } from '../../shared/groups/api.ts';
import type { Slice } from './group-bodies.ts';
import { errorOf, type GroupCalls } from './group-calls.ts';
import type { MemberPlan } from './group-plan.ts';
import { Life } from './member-life.ts';
import { happens, oneOf, spread } from './scheduler.ts';

/** A consumer of the classic protocol, as careless as consumers are. */
export class ClassicMember extends Life {
  private generation = -1;

  /** All that its program does, until it ends. */
  override async live(): Promise<void> {
    while (!this.isGone) {
      const joined = await this.join();
      if (joined === undefined) {
        if (this.isToldToGo) this.end();
        continue;
      }
      this.isIn = true;
      this.memberId = joined.memberId;
      this.generation = joined.generationId;
      const own = await this.sync(joined);
      if (own === undefined || this.isGone) continue;
      await this.work(own);
    }
  }

  private get speaker() {
    return { memberId: this.memberId, generation: this.generation, instanceId: this.plan.instanceId };
  }

  private async join(): Promise<JoinGroupResponse | undefined> {
    const { calls, world, plan } = this;
    const { instanceId, knowsIds, name } = plan;
    const { memberId, subscription } = this;
    const joining = { memberId, instanceId, subscription, knowsIds, clientId: name };
    if (this.does('hurries')) {
      void calls.join(joining);
      await world.pause(calls.plan.tempoMs / 2);
      // Not for nothing: it has something else to say.
      if (happens(world.random, 0.5)) this.subscription = this.next.subscription();
    }
    const answer = await calls.join({ ...joining, subscription: this.subscription });
    const error = errorOf(answer);
    if (answer.is === 'ok' && error === 'NONE') return answer.value;
    if (answer.is === 'ok' && error === 'MEMBER_ID_REQUIRED') {
      this.memberId = answer.value.memberId;
      return undefined;
    }
    this.hears(error);
    await world.pause(calls.plan.tempoMs / 2);
    return undefined;
  }

  /** What it is given; undefined: it has to join again. */
  private async sync(joined: JoinGroupResponse): Promise<readonly Slice[] | undefined> {
    const { calls, world } = this;
    if (this.does('stalls')) await world.pause(calls.plan.sessionMs);
    const share = (): ReadonlyMap<string, Slice[]> =>
      joined.skipAssignment ? new Map() : this.share(joined.members.map(({ memberId }) => memberId));
    if (joined.members.length > 0 && this.does('hurries')) void calls.sync(this.speaker, share());
    const { error, slices } = await calls.sync(this.speaker, share());
    if (error === 'NONE') return slices;
    this.hears(error);
    return undefined;
  }

  private share(memberIds: readonly string[]): Map<string, Slice[]> {
    const shares = new Map<string, Slice[]>(memberIds.map((memberId) => [memberId, []]));
    if (memberIds.length === 0) return shares;
    for (const slice of this.next.slices()) shares.get(oneOf(this.world.random, memberIds))?.push(slice);
    return shares;
  }

  /** Fetches, then commits and lives until it has to join again. */
  private async work(own: readonly Slice[]): Promise<void> {
    const { calls, world } = this;
    const position = await this.positions(() => this.speaker, own, false);
    for (;;) {
      await world.pause(calls.plan.tempoMs);
      if (await this.mishap()) return;
      if (this.isGone) return;
      if (this.does('commits')) this.commitLater(this.speaker, position);
      if (this.does('looks')) this.look(this.speaker, position);
      const error = await calls.heartbeat(this.speaker);
      if (error === 'NONE' || error === 'unknown' || error === 'NOT_COORDINATOR') continue;
      for (let more = 0; more < 3 && this.does('lingers'); more++) {
        this.commitLater(this.speaker, position);
        await world.pause(calls.plan.tempoMs);
      }
      this.hears(error);
      return;
    }
  }

  /** True: it joins again, or is gone. */
  private async mishap(): Promise<boolean> {
    const { calls, world } = this;
    if (this.does('stalls')) await world.clock.sleep(spread(world.random, 0.5, 4) * calls.plan.sessionMs);
    if (this.isToldToGo || this.does('leaves')) {
      if (happens(world.random, 0.8)) await calls.leave([this.speaker]);
      this.end(this.isToldToGo ? undefined : spread(world.random, 0.1, 10) * calls.plan.tempoMs);
      return true;
    }
    if (this.does('dies')) {
      this.end(spread(world.random, 0.05, 3) * calls.plan.sessionMs);
      return true;
    }
    if (this.plan.instanceId !== null && this.does('isDoubled')) this.next.start(this.plan, 0);
    if (!this.does('changes')) return false;
    this.subscription = this.next.subscription();
    return true;
  }

  private hears(error: string): void {
    if (error === 'UNKNOWN_MEMBER_ID') {
      this.memberId = '';
      this.isIn = false;
    }
    if (error === 'FENCED_INSTANCE_ID') this.end();
  }
}

/** What it means to start one. */
export const classicMember = (calls: GroupCalls, plan: MemberPlan, next: Life['next']): ClassicMember =>
  new ClassicMember(calls, plan, next);

import type { ConsumerGroupHeartbeatRequest, TopicPartitions } from '../../shared/groups/api.ts';
import type { Slice } from './group-bodies.ts';
import { errorOf, partitionOf, type Speaker, slicesOf, topicName } from './group-calls.ts';
import { Life } from './member-life.ts';
import { happens, spread } from './scheduler.ts';

const leaves = -1;
const leavesForAWhile = -2;

/** A consumer of the new protocol (KIP-848). */
export class ConsumerMember extends Life {
  private epoch = 0;
  private owned = new Map<Slice, bigint>();
  /** Told to have just these; what it has beyond them it gives back in its own time. */
  private told: readonly Slice[] | undefined;
  /** It says everything: at first, and after an answer that it did not hear. */
  private saysAll = true;
  private starts = 0;
  private last: ConsumerGroupHeartbeatRequest | undefined;

  override async live(): Promise<void> {
    this.begin();
    while (!this.isGone) {
      await this.beat();
      if (this.isGone) return;
      await this.world.pause(this.calls.plan.tempoMs);
      if (await this.mishap()) return;
      if (this.does('commits')) this.commitLater(this.speaker, this.owned);
      if (this.does('looks')) this.look(this.speaker, this.owned);
      if (this.told !== undefined && happens(this.world.random, 0.6)) await this.obey(this.told);
    }
  }

  private get speaker(): Speaker {
    return { memberId: this.memberId, generation: this.epoch, instanceId: this.plan.instanceId };
  }

  /** From nothing: under an id of its own, or of the group's making. */
  private begin(): void {
    const { plan, calls, world } = this;
    const own = `${plan.name}-${calls.plan.longName}${Math.floor(world.random.next() * 1e9)}.${this.starts++}`;
    this.memberId = plan.knowsIds ? own : '';
    this.startOver();
  }

  private startOver(): void {
    this.epoch = 0;
    this.owned = new Map();
    this.told = undefined;
    this.saysAll = true;
  }

  private request(memberEpoch: number): ConsumerGroupHeartbeatRequest {
    const { plan, calls, memberId } = this;
    const isAll = this.saysAll || memberEpoch === 0;
    const names = plan.subscribesBy === 'names' ? [topicName, this.subscription] : null;
    return {
      groupId: calls.plan.group,
      memberId,
      memberEpoch,
      groupInstanceId: plan.instanceId,
      rackId: null,
      rebalanceTimeoutMs: isAll ? calls.plan.rebalanceMs : -1,
      subscribedTopicNames: isAll ? names : null,
      subscribedTopicRegex: isAll && names === null ? `${topicName}|${this.subscription}` : null,
      serverAssignor: null,
      topicPartitions: isAll || happens(this.world.random, 0.7) ? this.partitions() : null,
      clientId: plan.name,
      clientHost: '/127.0.0.1',
      requiresMemberId: plan.knowsIds,
    };
  }

  private partitions(): TopicPartitions {
    if (this.owned.size === 0) return new Map();
    const topicId = this.world.topics.find(({ name }) => name === topicName)?.topicId ?? '';
    return new Map([[topicId, [...this.owned.keys()].map(partitionOf).sort((a, b) => a - b)]]);
  }

  private async beat(): Promise<void> {
    const request = this.request(this.epoch);
    if (this.last !== undefined && this.does('hurries')) this.repeatLater(this.last);
    if (request.memberEpoch > 0) this.last = request;
    const answer = await this.calls.consumerHeartbeat(request);
    const error = errorOf(answer);
    if (answer.is !== 'ok' || error !== 'NONE') {
      this.hears(error);
      return;
    }
    const { memberId, memberEpoch, assignment } = answer.value;
    this.saysAll = false;
    this.isIn = true;
    this.epoch = memberEpoch;
    this.memberId = memberId ?? this.memberId;
    if (assignment !== null) await this.isTold(slicesOf(assignment));
  }

  /** An answer that nobody waits for any more: the network had kept the request. */
  private repeatLater(request: ConsumerGroupHeartbeatRequest): void {
    this.world.spawn(async () => {
      await this.world.pause(this.calls.plan.tempoMs * 2);
      await this.calls.consumerHeartbeat(request, true);
    });
  }

  /** What is new it takes at once; what it has to give back it keeps for a while. */
  private async isTold(slices: readonly Slice[]): Promise<void> {
    const isLess = [...this.owned.keys()].some((slice) => !slices.includes(slice));
    this.told = slices;
    if (!isLess || happens(this.world.random, 0.3)) await this.obey(slices);
  }

  private async obey(slices: readonly Slice[]): Promise<void> {
    this.told = undefined;
    for (const slice of [...this.owned.keys()]) if (!slices.includes(slice)) this.owned.delete(slice);
    const added = slices.filter((slice) => !this.owned.has(slice));
    for (const slice of added) this.owned.set(slice, -1n);
    // What it owns it says from now on, though it does not know yet where to begin.
    this.saysAll = true;
    const found = await this.positions(() => this.speaker, added, happens(this.world.random, 0.5));
    for (const slice of added) {
      const offset = found.get(slice);
      if (offset === undefined) this.owned.delete(slice);
      else if (this.owned.has(slice)) this.owned.set(slice, offset);
    }
  }

  /** True: its program has ended. */
  private async mishap(): Promise<boolean> {
    const { calls, world, plan } = this;
    if (this.does('stalls')) {
      await world.clock.sleep(spread(world.random, 0.5, 4) * calls.plan.sessionMs);
      if (this.does('lingers')) this.commitLater(this.speaker, this.owned);
    }
    if (this.isToldToGo || this.does('leaves')) {
      const isForAWhile = plan.instanceId !== null && !this.isToldToGo && happens(world.random, 0.6);
      if (happens(world.random, 0.9)) {
        const request = { ...this.request(isForAWhile ? leavesForAWhile : leaves), topicPartitions: null };
        await calls.consumerHeartbeat(request);
      }
      this.end(this.isToldToGo ? undefined : spread(world.random, 0.1, 10) * calls.plan.tempoMs);
      return true;
    }
    if (this.does('dies')) {
      this.end(spread(world.random, 0.05, 3) * calls.plan.sessionMs);
      return true;
    }
    if (plan.instanceId !== null && this.does('isDoubled')) this.next.start(plan, 0);
    if (this.does('changes')) {
      this.subscription = this.next.subscription();
      this.saysAll = true;
    }
    return false;
  }

  private hears(error: string): void {
    this.saysAll = true;
    if (error === 'FENCED_INSTANCE_ID') this.end();
    // A second one of an instance that lives gives up; so does the first when it is gone.
    if (error === 'UNRELEASED_INSTANCE_ID' && happens(this.world.random, 0.2)) {
      this.end(this.calls.plan.sessionMs);
    }
    const mustRejoin = ['UNKNOWN_MEMBER_ID', 'FENCED_MEMBER_EPOCH', 'GROUP_ID_NOT_FOUND'];
    if (!mustRejoin.includes(error)) return;
    if (this.does('lingers')) this.commitLater(this.speaker, this.owned);
    this.isIn = false;
    if (this.isToldToGo) this.end();
    this.startOver();
  }
}

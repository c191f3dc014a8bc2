import { utf8Decode, utf8Encode } from '../../shared/base/bytes.ts';
import { ulid } from '../../shared/base/ulid.ts';
import type {
  Again,
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  SyncGroupResponse,
  TopicPartitions,
} from '../../shared/groups/api.ts';
import type { OffsetFetchResponse, PartitionError } from '../../shared/groups/offsets-api.ts';
import type { KafkaErrorName } from '../../shared/kafka/error-codes.ts';
import type { Assigned, Slice } from './group-bodies.ts';
import type { GroupsPlan } from './group-plan.ts';
import { happens, oneOf } from './scheduler.ts';
import type { System } from './system.ts';
import { type Answer, conclude, type Slot, type World } from './world.ts';

/** As whom a member of a classic group speaks. */
export type Speaker = {
  readonly memberId: string;
  readonly generation: number;
  readonly instanceId: string | null;
};

export type Joining = {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly subscription: string;
  readonly knowsIds: boolean;
  readonly clientId: string;
};

export const topicName = 'orders';
export const sliceOf = (partition: number): Slice => `${topicName}/${partition}`;
export const partitionOf = (slice: Slice): number => Number(slice.slice(slice.indexOf('/') + 1));

/** The calls of members, each written down. Every call may go to another process. */
export class GroupCalls {
  readonly world: World;
  readonly plan: GroupsPlan;
  /** From then on a JoinGroup must be answered within this time. */
  mustEndMs: number | undefined;
  private syncs = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(world: World, plan: GroupsPlan) {
    this.world = world;
    this.plan = plan;
  }

  /** Until some round is complete. */
  nextRound(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  ask<T>(
    call: (system: System) => Promise<T>,
    tooLate?: (answer: Answer<T>) => void,
    broker: Slot = oneOf(this.world.random, this.world.brokers),
  ): Promise<Answer<T>> {
    return broker.ask(call, tooLate);
  }

  /** One JoinGroup with one request id, asked again as long as the answer is `again`. */
  async join(joining: Joining): Promise<Answer<JoinGroupResponse>> {
    const { world, plan, mustEndMs } = this;
    const { memberId, instanceId, subscription } = joining;
    const body = {
      does: 'join' as const,
      group: plan.group,
      memberId,
      instanceId,
      subscription,
      ...(mustEndMs === undefined ? {} : { mustEndMs }),
    };
    const operation = world.history.invoke('member', body, world.clock.nowMs());
    const answer = await this.untilJoined(this.joinRequest(joining));
    if (errorOf(answer) === 'NONE') for (const wake of this.waiting.splice(0)) wake();
    conclude(world, operation, judged(answer), (joined) => ({
      generation: joined.generationId,
      joinedAs: joined.memberId,
      leader: joined.leader,
      members: joined.members.map((member) => ({
        memberId: member.memberId,
        subscription: utf8Decode(member.metadata),
      })),
    }));
    return answer;
  }

  private joinRequest(joining: Joining): JoinGroupRequest {
    const { group, sessionMs, rebalanceMs, longName } = this.plan;
    return {
      groupId: group,
      memberId: joining.memberId,
      groupInstanceId: joining.instanceId,
      protocolType: 'consumer',
      protocols: [{ name: `range${longName.repeat(3)}`, metadata: utf8Encode(joining.subscription) }],
      sessionTimeoutMs: sessionMs,
      rebalanceTimeoutMs: rebalanceMs,
      clientId: joining.clientId,
      clientHost: '/127.0.0.1',
      requestId: ulid(this.world.clock, this.world.random),
      requiresKnownMemberId: joining.knowsIds,
      supportsSkippingAssignment: joining.knowsIds,
    };
  }

  private async untilJoined(first: JoinGroupRequest): Promise<Answer<JoinGroupResponse>> {
    const { random } = this.world;
    const { waitMsMax } = this.plan;
    const canComeAgain = happens(random, 0.8) || this.mustEndMs !== undefined;
    let request = first;
    for (let isAgain = false; ; isAgain = true) {
      const asked = request;
      const answer = await this.ask<JoinGroupResponse | Again>(({ groups }) =>
        groups.coordinator.joinGroup(asked, { waitMsMax, canComeAgain, isAgain }),
      );
      if (answer.is !== 'ok') return answer;
      if (!('again' in answer.value)) return { is: 'ok', value: answer.value };
      request = { ...request, memberId: answer.value.again.memberId };
      await this.world.clock.sleep(answer.value.again.afterMs);
    }
  }

  /** `share`: what the leader gives to whom; nothing from others. */
  async sync(
    { memberId, generation, instanceId }: Speaker,
    share: ReadonlyMap<string, readonly Slice[]>,
  ): Promise<{ error: string; slices: readonly Slice[] }> {
    const { world, plan } = this;
    const body = { does: 'sync' as const, group: plan.group, memberId, instanceId, generation };
    const operation = world.history.invoke('member', body, world.clock.nowMs());
    const by = `${memberId} ${this.syncs++}`;
    const assignments = [...share].map(([to, slices]) => {
      const assigned: Assigned = { by, generation, to, slices };
      return { memberId: to, assignment: utf8Encode(JSON.stringify(assigned)) };
    });
    const request = {
      groupId: plan.group,
      generationId: generation,
      memberId,
      groupInstanceId: instanceId,
      protocolType: null,
      protocolName: null,
      assignments,
    };
    const waitMsMax = Math.min(20_000, plan.rebalanceMs);
    const answer = (await this.ask(({ groups }) =>
      groups.coordinator.syncGroup(request, { waitMsMax }),
    )) as Answer<SyncGroupResponse>;
    let assigned: Assigned | undefined;
    if (answer.is === 'ok' && answer.value.assignment.length > 0) {
      assigned = JSON.parse(utf8Decode(answer.value.assignment)) as Assigned;
    }
    conclude(world, operation, judged(answer), () => (assigned === undefined ? {} : { assigned }));
    return { error: errorOf(answer), slices: assigned?.slices ?? [] };
  }

  async heartbeat({ memberId, generation, instanceId }: Speaker): Promise<string> {
    const request = {
      groupId: this.plan.group,
      generationId: generation,
      memberId,
      groupInstanceId: instanceId,
    };
    const answer = await this.ask(({ groups }) => groups.coordinator.heartbeat(request));
    return errorOf(answer);
  }

  async leave(members: readonly Speaker[]): Promise<string> {
    const request = {
      groupId: this.plan.group,
      members: members.map(({ memberId, instanceId }) => ({ memberId, groupInstanceId: instanceId })),
    };
    const answer = await this.ask(({ groups }) => groups.coordinator.leaveGroup(request));
    return errorOf(answer);
  }

  /** What each slice is answered is written down, also when it comes too late. */
  async commit(
    { memberId, generation, instanceId }: Speaker,
    offsets: ReadonlyMap<Slice, bigint>,
  ): Promise<void> {
    const { world, plan } = this;
    const sent = [...offsets].map(([slice, committed]) => {
      const body = {
        does: 'commitOffset' as const,
        group: plan.group,
        memberId,
        generation,
        slice,
        committed,
      };
      return world.history.invoke('member', body, world.clock.nowMs());
    });
    const request = {
      groupId: plan.group,
      generationId: generation,
      memberId,
      groupInstanceId: instanceId,
      knowsMemberEpochs: true,
      offsets: [...offsets].map(([slice, offset]) => ({
        topic: topicName,
        partition: partitionOf(slice),
        offset,
        leaderEpoch: -1,
        metadata: null,
      })),
    };
    const note = (answer: Answer<PartitionError[]>): void =>
      sent.forEach((operation, place) => {
        const own: Answer<{ error: KafkaErrorName }> =
          answer.is === 'ok' ? { is: 'ok', value: answer.value[place] ?? { error: 'NONE' } } : answer;
        conclude(world, operation, judged(own), () => ({}));
      });
    note(await this.ask(({ groups }) => groups.offsets.commit(request), note));
  }

  /** Where a member goes on; undefined when it was not told. */
  async fetch(
    { memberId, generation }: Speaker,
    slices: readonly Slice[],
    isOfEpoch: boolean,
  ): Promise<Map<Slice, bigint> | undefined> {
    const { world, plan } = this;
    const sent = slices.map((slice) => {
      const body = { does: 'fetchOffset' as const, group: plan.group, memberId, generation, slice };
      return world.history.invoke('member', body, world.clock.nowMs());
    });
    const request = {
      groupId: plan.group,
      partitions: slices.map((slice) => ({ topic: topicName, partition: partitionOf(slice) })),
      memberId: isOfEpoch ? memberId : '',
      memberEpoch: isOfEpoch ? generation : -1,
      requireStable: false,
    };
    const answer: Answer<OffsetFetchResponse> = await this.ask(({ groups }) => groups.offsets.fetch(request));
    const found = new Map<Slice, bigint>();
    sent.forEach((operation, place) => {
      conclude(world, operation, judged(answer), ({ offsets }) => {
        const committed = offsets[place]?.offset ?? -1n;
        found.set(slices[place] as Slice, committed);
        return { committed };
      });
    });
    return found.size === slices.length ? found : undefined;
  }

  async consumerHeartbeat(
    request: ConsumerGroupHeartbeatRequest,
    isRepeat = false,
  ): Promise<Answer<ConsumerGroupHeartbeatResponse>> {
    const { world, plan } = this;
    const body = {
      does: 'consumerHeartbeat' as const,
      group: plan.group,
      memberId: request.memberId,
      epoch: request.memberEpoch,
      owned: request.topicPartitions === null ? null : slicesOf(request.topicPartitions),
      ...(isRepeat ? { isRepeat } : {}),
    };
    const operation = world.history.invoke('member', body, world.clock.nowMs());
    const answer = await this.ask(({ groups }) => groups.coordinator.consumerGroupHeartbeat(request));
    conclude(world, operation, judged(answer), ({ memberEpoch, assignment }) => ({
      memberEpoch,
      assignment: assignment === null ? null : slicesOf(assignment),
    }));
    return answer;
  }
}

/** There is one topic: its id does not matter. */
export const slicesOf = (partitions: TopicPartitions): Slice[] =>
  [...partitions.values()].flatMap((numbers) => [...numbers].map(sliceOf));

export const errorOf = (answer: Answer<{ error: KafkaErrorName }>): string =>
  answer.is === 'ok' ? answer.value.error : 'unknown';

/** The store did not answer: whatever was asked may have happened, or may yet. */
const unknownErrors: readonly string[] = ['NOT_COORDINATOR', 'UNKNOWN_SERVER_ERROR'];

/** An answer that names an error is none. */
export function judged<T extends { readonly error: KafkaErrorName }>(answer: Answer<T>): Answer<T> {
  if (answer.is !== 'ok' || answer.value.error === 'NONE') return answer;
  const { error } = answer.value;
  return unknownErrors.includes(error) ? { is: 'unknown', error } : { is: 'fail', error };
}

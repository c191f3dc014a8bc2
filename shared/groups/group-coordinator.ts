import { forEachAtMost } from '../base/concurrency.ts';
import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type {
  Again,
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  DescribedConsumerGroup,
  DescribedGroup,
  GroupError,
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListedGroup,
  ListGroupsRequest,
  SyncGroupRequest,
  SyncGroupResponse,
  WaitOptions,
} from './api.ts';
import { consumerGroupHeartbeat, refuseHeartbeat } from './consumer-heartbeat.ts';
import { deleteGroup } from './delete-group.ts';
import {
  describeConsumerGroup,
  describeGroup,
  undescribed,
  undescribedConsumerGroup,
} from './describe-groups.ts';
import { answering, type GroupRoom } from './group-room.ts';
import { heartbeat } from './heartbeat.ts';
import { joinGroup, refuseJoin } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { listGroups } from './list-groups.ts';
import { refuseSync, syncGroup } from './sync-group.ts';

const groupsAtOnce = 16;
/** These answers leave the client without a member id, so that it begins again. */
const forgetsId: readonly KafkaErrorName[] = ['UNKNOWN_MEMBER_ID', 'GROUP_MAX_SIZE_REACHED'];

/**
 * What the doors ask about groups. Nobody is the coordinator: each call reads the group's cell, and any
 * process may serve the next one. Every call answers an error by name; what it throws is a bug.
 */
export class GroupCoordinator {
  private readonly room: GroupRoom;

  constructor(room: GroupRoom) {
    this.room = room;
  }

  /** Waits until the round is complete, at most `waitMsMax`. */
  async joinGroup(request: JoinGroupRequest, options: WaitOptions = {}): Promise<JoinGroupResponse | Again> {
    const refuse = (error: KafkaErrorName): JoinGroupResponse =>
      refuseJoin(forgetsId.includes(error) ? '' : request.memberId, error);
    return this.room.holds.during([request.groupId], () =>
      answering<JoinGroupResponse | Again>(this.room, 'NOT_COORDINATOR', refuse, () =>
        joinGroup(this.room, request, options),
      ),
    );
  }

  /** Waits until the leader has assigned, at most `waitMsMax`. */
  async syncGroup(request: SyncGroupRequest, options: WaitOptions = {}): Promise<SyncGroupResponse | Again> {
    // Java throws any other code for a store that fails out of its poll.
    return this.room.holds.during([request.groupId], () =>
      answering<SyncGroupResponse | Again>(this.room, 'REBALANCE_IN_PROGRESS', refuseSync, () =>
        syncGroup(this.room, request, options),
      ),
    );
  }

  /** Of a classic member. The store is asked unless what it said last may stand. */
  async heartbeat(request: HeartbeatRequest): Promise<HeartbeatResponse> {
    const refuse = (error: KafkaErrorName): HeartbeatResponse => ({ error, mayStandMs: 0 });
    const ask = () => answering(this.room, 'NOT_COORDINATOR', refuse, () => heartbeat(this.room, request));
    const answer = await this.room.holds.heartbeat(request, ask, (asked) => asked);
    return answer === 'held' ? { error: 'NONE', mayStandMs: 0 } : answer;
  }

  /** Up to version 2 the error of the single member is the error of the call. */
  leaveGroup(request: LeaveGroupRequest): Promise<LeaveGroupResponse> {
    const refuse = (error: KafkaErrorName): LeaveGroupResponse => ({ error, members: [] });
    return this.room.holds.during([request.groupId], () =>
      answering(this.room, 'NOT_COORDINATOR', refuse, () => leaveGroup(this.room, request)),
    );
  }

  /** KIP-848: joins, lives, gives back and takes partitions, leaves. */
  consumerGroupHeartbeat(request: ConsumerGroupHeartbeatRequest): Promise<ConsumerGroupHeartbeatResponse> {
    return answering(this.room, 'NOT_COORDINATOR', refuseHeartbeat, () =>
      consumerGroupHeartbeat(this.room, request),
    );
  }

  /** Classic groups, in the order asked. */
  describeGroups(groupIds: readonly string[]): Promise<DescribedGroup[]> {
    return eachGroup(groupIds, (groupId) =>
      answering(
        this.room,
        'NOT_COORDINATOR',
        (error) => undescribed(groupId, error),
        () => describeGroup(this.room, groupId),
      ),
    );
  }

  /** KIP-848 groups, in the order asked. */
  consumerGroupDescribe(groupIds: readonly string[]): Promise<DescribedConsumerGroup[]> {
    return eachGroup(groupIds, (groupId) =>
      answering(
        this.room,
        'NOT_COORDINATOR',
        (error) => undescribedConsumerGroup(groupId, error),
        () => describeConsumerGroup(this.room, groupId),
      ),
    );
  }

  listGroups(
    request: ListGroupsRequest = { statesFilter: [], typesFilter: [] },
  ): Promise<{ error: KafkaErrorName; groups: readonly ListedGroup[] }> {
    type Listed = { error: KafkaErrorName; groups: readonly ListedGroup[] };
    return answering<Listed>(
      this.room,
      'NOT_COORDINATOR',
      (error) => ({ error, groups: [] }),
      async () => ({ error: 'NONE', groups: await listGroups(this.room, request) }),
    );
  }

  /** Groups without living members, with everything they committed; in the order asked. */
  deleteGroups(groupIds: readonly string[]): Promise<GroupError[]> {
    return eachGroup(groupIds, (groupId) => {
      const refuse = (error: KafkaErrorName): GroupError => ({ groupId, error });
      return this.room.holds.during([groupId], () =>
        answering(this.room, 'NOT_COORDINATOR', refuse, async () => {
          await deleteGroup(this.room, groupId);
          return { groupId, error: 'NONE' as const };
        }),
      );
    });
  }
}

async function eachGroup<T>(
  groupIds: readonly string[],
  work: (groupId: string) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  await forEachAtMost(groupsAtOnce, groupIds.entries(), async ([place, groupId]) => {
    results[place] = await work(groupId);
  });
  return results;
}

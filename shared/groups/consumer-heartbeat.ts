import { KafkaError, type KafkaErrorName } from '../kafka/error-codes.ts';
import type { ConsumerMember } from '../storage/items/consumer-members.ts';
import type { GroupCell } from '../storage/items/group-cell.ts';
import type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from './api.ts';
import { assignors } from './assignors.ts';
import type { HeartbeatEvent } from './consumer-events.ts';
import { checkConsumerLeave } from './consumer-group.ts';
import { bestEffort } from './group-context.ts';
import { checkGroupId, checkGroupInstanceId, freshName, isMemberId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import type { Lessee } from './leases.ts';

const leaveForAWhileEpoch = -2;
/** A member that waits for others is asked to come back this soon. */
const unsettledIntervalMs = 1_000;

export const refuseHeartbeat = (
  error: KafkaErrorName,
  errorMessage: string | null,
): ConsumerGroupHeartbeatResponse => ({
  error,
  errorMessage,
  memberId: null,
  memberEpoch: 0,
  heartbeatIntervalMs: 0,
  assignment: null,
});

/** Everything that a member of a KIP-848 group says and hears. Throws KafkaError and StoreError. */
export async function consumerGroupHeartbeat(
  room: GroupRoom,
  request: ConsumerGroupHeartbeatRequest,
): Promise<ConsumerGroupHeartbeatResponse> {
  checkHeartbeatRequest(room, request);
  if (request.memberEpoch < 0) return leave(room, request);
  const { groupId } = request;
  const memberId = request.memberId === '' ? freshName(room.context.random) : request.memberId;
  const sessionTimeoutMs = room.context.settings.consumerSessionTimeoutMs;
  const lessee: Lessee = { groupId, memberId, sessionTimeoutMs };
  if (request.memberEpoch === 0) await room.leases.begin(lessee);
  const { cell, answers } = await room.cells.fold(groupId, [eventOf(request, memberId)]);
  const [answer] = answers;
  if (answer?.is === 'refused') {
    const isMember = cell.members.some((member) => member.memberId === memberId);
    if (request.memberEpoch === 0 && !isMember) await removeStrayLease(room, lessee);
    throw new KafkaError(answer.error);
  }
  if (answer?.is !== 'heartbeat') throw new KafkaError('UNKNOWN_SERVER_ERROR');
  if (request.memberEpoch !== 0) await room.leases.renewIfDue(lessee);
  const { consumerHeartbeatIntervalMs } = room.context.settings;
  return {
    error: 'NONE',
    errorMessage: null,
    memberId,
    memberEpoch: answer.memberEpoch,
    heartbeatIntervalMs: answer.isSettled
      ? consumerHeartbeatIntervalMs
      : Math.min(unsettledIntervalMs, consumerHeartbeatIntervalMs),
    assignment: answer.assignment,
  };
}

const eventOf = (request: ConsumerGroupHeartbeatRequest, memberId: string): HeartbeatEvent => ({
  kind: 'heartbeat',
  memberId,
  memberEpoch: request.memberEpoch,
  groupInstanceId: request.groupInstanceId,
  rackId: request.rackId,
  rebalanceTimeoutMs: request.rebalanceTimeoutMs,
  subscribedTopicNames: request.subscribedTopicNames,
  subscribedTopicRegex: request.subscribedTopicRegex,
  serverAssignor: request.serverAssignor,
  owned: request.topicPartitions,
  clientId: request.clientId,
  clientHost: request.clientHost,
  isFull:
    request.rebalanceTimeoutMs !== -1 &&
    (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null) &&
    request.topicPartitions !== null,
  mayBeFolded: false,
});

const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);

/** Everything that the request alone can be refused for. */
function checkHeartbeatRequest(room: GroupRoom, request: ConsumerGroupHeartbeatRequest): void {
  checkGroupId(request.groupId);
  const { memberId, memberEpoch, groupInstanceId } = request;
  if (memberId === '' && (request.requiresMemberId || memberEpoch !== 0))
    throw invalid('The member id is empty.');
  if (memberId !== '' && !isMemberId(memberId)) throw invalid('The member id is too long, or no text.');
  if (memberEpoch < leaveForAWhileEpoch) throw invalid(`There is no member epoch ${memberEpoch}.`);
  if (memberEpoch === leaveForAWhileEpoch && groupInstanceId === null) {
    throw invalid('Only a static member leaves for a while.');
  }
  checkGroupInstanceId(groupInstanceId);
  if (memberEpoch === 0) checkFirst(request);
  const { serverAssignor, subscribedTopicRegex } = request;
  if (serverAssignor !== null && !Object.hasOwn(assignors, serverAssignor)) {
    const known = Object.keys(assignors).join(', ');
    throw new KafkaError(
      'UNSUPPORTED_ASSIGNOR',
      `There is no assignor ${serverAssignor}; there are ${known}.`,
    );
  }
  if (subscribedTopicRegex !== null && subscribedTopicRegex !== '')
    room.subscribed.checkRegex(subscribedTopicRegex);
}

function checkFirst(request: ConsumerGroupHeartbeatRequest): void {
  if (request.rebalanceTimeoutMs < 0) throw invalid('A member that joins says its rebalance timeout.');
  if (request.topicPartitions === null || request.topicPartitions.size > 0) {
    throw invalid('A member that joins owns no partitions.');
  }
  if (request.subscribedTopicNames === null && (request.subscribedTopicRegex ?? '') === '') {
    throw invalid('A member that joins says its topics.');
  }
}

/** The lease of a member that was not let in. */
const removeStrayLease = (room: GroupRoom, { groupId, memberId }: Lessee): Promise<void> =>
  bestEffort(room.context, 'removing the lease of a refused member', room.leases.remove(groupId, memberId));

async function leave(
  room: GroupRoom,
  request: ConsumerGroupHeartbeatRequest,
): Promise<ConsumerGroupHeartbeatResponse> {
  const { groupId, memberId, memberEpoch, groupInstanceId } = request;
  const member = leaverOf(await room.cells.read(groupId), request);
  const comesBack = memberEpoch === leaveForAWhileEpoch;
  const sessionTimeoutMs = room.context.settings.consumerSessionTimeoutMs;
  // Lease first, cell second: if this process dies between the two, the sweep finishes its work.
  if (comesBack) await room.leases.begin({ groupId, memberId, sessionTimeoutMs });
  else await room.leases.remove(groupId, member.memberId);
  const event = { kind: 'consumerLeave', memberId, groupInstanceId, comesBack } as const;
  const { answers } = await room.cells.fold(groupId, [event]);
  const [answer] = answers;
  // It was there before: a fold that does not find it any more finds that it has left.
  if (answer?.is === 'refused' && answer.error === 'FENCED_INSTANCE_ID') throw new KafkaError(answer.error);
  return { ...refuseHeartbeat('NONE', null), memberId, memberEpoch };
}

function leaverOf(cell: GroupCell, request: ConsumerGroupHeartbeatRequest): ConsumerMember {
  if (cell.type !== 'consumer') throw new KafkaError('GROUP_ID_NOT_FOUND');
  const member = checkConsumerLeave(cell, request);
  if (typeof member === 'string') throw new KafkaError(member);
  return member;
}

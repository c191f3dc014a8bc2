import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import type { ConsumerMember } from '../storage/items/consumer-members.ts';
import type { ClassicCell, ConsumerCell, GroupCell } from '../storage/items/group-cell.ts';
import { checkMember } from './classic-look.ts';

/** Who commits: a member, or with generation -1 and no member id a tool. */
export type Committer = {
  /** The generation id, or the member epoch of a KIP-848 member. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** OffsetCommit from version 9 on: the client knows KIP-848 and GROUP_ID_NOT_FOUND. */
  readonly knowsMemberEpochs: boolean;
};

export type CommitVerdict =
  /** With this fence; `errorOf` says which partitions are not the member's to commit. */
  | {
      readonly is: 'accepted';
      readonly fence: bigint;
      readonly renews: { memberId: string; sessionTimeoutMs: number } | null;
      readonly errorOf: (topicId: TopicId, partition: number) => KafkaErrorName;
    }
  /** A group that only commits has no cell yet. */
  | { readonly is: 'makesGroup' }
  | { readonly is: 'refused'; readonly error: KafkaErrorName };

const refusal = (error: KafkaErrorName): CommitVerdict => ({ is: 'refused', error });
const noError = (): KafkaErrorName => 'NONE';

/** Whether this commit may be written now, as the cell says. */
export function checkCommit(
  cell: GroupCell,
  committer: Committer,
  consumerSessionTimeoutMs: number,
): CommitVerdict {
  const isUnknown = cell.type === 'classic' && cell.state === 'Dead';
  if (committer.generationId < 0 && committer.memberId === '' && committer.groupInstanceId === null) {
    if (isUnknown) return { is: 'makesGroup' };
    if (cell.members.length > 0) return refusal('UNKNOWN_MEMBER_ID');
    return { is: 'accepted', fence: cell.fence, renews: null, errorOf: noError };
  }
  if (isUnknown) {
    if (committer.generationId < 0) return refusal('UNKNOWN_MEMBER_ID');
    return refusal(committer.knowsMemberEpochs ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION');
  }
  return cell.type === 'classic'
    ? checkClassicCommit(cell, committer)
    : checkConsumerCommit(cell, committer, consumerSessionTimeoutMs);
}

function checkClassicCommit(cell: ClassicCell, committer: Committer): CommitVerdict {
  const found = checkMember(cell, committer);
  if (found.is === 'refused') return found;
  if (committer.generationId !== cell.generation) return refusal('ILLEGAL_GENERATION');
  if (cell.state === 'CompletingRebalance') return refusal('REBALANCE_IN_PROGRESS');
  const { memberId, sessionTimeoutMs } = found.member;
  return {
    is: 'accepted',
    fence: cell.fence,
    renews: { memberId, sessionTimeoutMs },
    errorOf: noError,
  };
}

function checkConsumerCommit(
  cell: ConsumerCell,
  { memberId, generationId, knowsMemberEpochs }: Committer,
  sessionTimeoutMs: number,
): CommitVerdict {
  const member = cell.members.find((candidate) => candidate.memberId === memberId);
  if (member === undefined) return refusal('UNKNOWN_MEMBER_ID');
  if (!knowsMemberEpochs) return refusal('UNSUPPORTED_VERSION');
  if (member.hasLeft || generationId < 0 || generationId > member.memberEpoch) {
    return refusal('STALE_MEMBER_EPOCH');
  }
  return {
    is: 'accepted',
    fence: cell.fence,
    renews: { memberId, sessionTimeoutMs },
    errorOf: (topicId, partition) => epochError(member, generationId, topicId, partition),
  };
}

/** An older epoch is taken for what the member has had since then, or earlier. */
function epochError(
  member: ConsumerMember,
  memberEpoch: number,
  topicId: TopicId,
  partition: number,
): KafkaErrorName {
  if (memberEpoch === member.memberEpoch) return 'NONE';
  const since = member.assigned.get(topicId)?.get(partition);
  return since !== undefined && since <= memberEpoch ? 'NONE' : 'STALE_MEMBER_EPOCH';
}

/** Why OffsetFetch of a member (version 9 and up) is refused; 'NONE' if it is not. */
export function checkOffsetFetch(
  cell: GroupCell,
  { memberId, memberEpoch }: { readonly memberId: string; readonly memberEpoch: number },
): KafkaErrorName {
  if (memberId === '' && memberEpoch < 0) return 'NONE';
  if (cell.type === 'classic') return 'NONE';
  const member = cell.members.find((candidate) => candidate.memberId === memberId);
  if (member === undefined) return 'UNKNOWN_MEMBER_ID';
  return member.memberEpoch === memberEpoch ? 'NONE' : 'STALE_MEMBER_EPOCH';
}

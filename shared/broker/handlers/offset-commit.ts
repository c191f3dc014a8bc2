import { byTopic } from '../by-topic.ts';
import { codeOf, type Handler } from '../handler.ts';

const firstWithMemberEpochs = 9; // KIP-848

/** OffsetCommit v2–9. The retention time of v2–4 is not looked at: `offsets.retention.minutes` says. */
export const offsetCommit: Handler<'OffsetCommit'> = async (broker, request, { version }) => {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request;
  const offsets = request.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => ({
      topic: name,
      partition: partitionIndex,
      offset: committedOffset,
      leaderEpoch: committedLeaderEpoch,
      metadata: committedMetadata,
    })),
  );
  const knowsMemberEpochs = version >= firstWithMemberEpochs;
  const whose = { groupId, generationId, memberId, groupInstanceId, knowsMemberEpochs };
  const committed = await broker.offsets.commit({ ...whose, offsets });
  return {
    topics: byTopic(committed, ({ partition, error }) => ({
      partitionIndex: partition,
      errorCode: codeOf(error),
    })),
  };
};

import type { FetchedOffset, OffsetFetchResponse } from '../../groups/offsets-api.ts';
import type { TopicPartition } from '../../kafka/topic-partition.ts';
import type { BrokerContext } from '../broker-context.ts';
import { byTopic } from '../by-topic.ts';
import { codeOf, type Handler } from '../handler.ts';

const firstWithManyGroups = 8; // KIP-709

type Topics = readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[] | null;

/** OffsetFetch v1–9. No topics (null): everything that the group has committed. */
export const offsetFetch: Handler<'OffsetFetch'> = async (broker, request, { version }) => {
  const { requireStable } = request;
  if (version < firstWithManyGroups) {
    const { groupId, topics } = request;
    const fetched = await fetchFor(broker, { groupId, topics, memberId: '', memberEpoch: -1, requireStable });
    return { errorCode: codeOf(fetched.error), topics: shownByTopic(fetched.offsets) };
  }
  const groups = request.groups.map(async ({ groupId, topics, memberId, memberEpoch }) => {
    const member = { memberId: memberId ?? '', memberEpoch };
    const fetched = await fetchFor(broker, { groupId, topics, ...member, requireStable });
    return { groupId, errorCode: codeOf(fetched.error), topics: shownByTopic(fetched.offsets) };
  });
  return { groups: await Promise.all(groups) };
};

function fetchFor(
  { offsets }: BrokerContext,
  {
    topics,
    ...whose
  }: { groupId: string; topics: Topics; memberId: string; memberEpoch: number; requireStable: boolean },
): Promise<OffsetFetchResponse> {
  return offsets.fetch({ ...whose, partitions: topics === null ? null : topics.flatMap(partitionsOf) });
}

const partitionsOf = ({ name, partitionIndexes }: NonNullable<Topics>[number]): TopicPartition[] =>
  partitionIndexes.map((partition) => ({ topic: name, partition }));

const shownByTopic = (offsets: readonly FetchedOffset[]) =>
  byTopic(offsets, ({ partition, offset, leaderEpoch, metadata, error }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: codeOf(error),
  }));

import { codeOf, type Handler } from '../handler.ts';

const firstWithOwnId = 1; // KIP-1082: the client makes its member id

/** ConsumerGroupHeartbeat v0–1 (KIP-848). */
export const consumerGroupHeartbeat: Handler<'ConsumerGroupHeartbeat'> = async (broker, request, call) => {
  const { instanceId, topicPartitions, ...rest } = request;
  const { error, assignment, ...beat } = await broker.groups.consumerGroupHeartbeat({
    ...rest,
    groupInstanceId: instanceId,
    topicPartitions:
      topicPartitions && new Map(topicPartitions.map((owned) => [owned.topicId, owned.partitions])),
    clientId: call.clientId ?? '',
    clientHost: `/${call.caller.clientHost}`,
    requiresMemberId: call.version >= firstWithOwnId,
  });
  const given = assignment && [...assignment].map(([topicId, partitions]) => ({ topicId, partitions }));
  return { ...beat, errorCode: codeOf(error), assignment: given ? { topicPartitions: given } : null };
};

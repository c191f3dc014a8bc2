import { byTopic } from '../by-topic.ts';
import { codeOf, type Handler } from '../handler.ts';

/** OffsetDelete v0 (KIP-496). */
export const offsetDelete: Handler<'OffsetDelete'> = async (broker, { groupId, topics }) => {
  const partitions = topics.flatMap(({ name, partitions: wanted }) =>
    wanted.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
  );
  const { error, partitions: deleted } = await broker.offsets.delete(groupId, partitions);
  return {
    errorCode: codeOf(error),
    topics: byTopic(deleted, ({ partition, error: own }) => ({
      partitionIndex: partition,
      errorCode: codeOf(own),
    })),
  };
};

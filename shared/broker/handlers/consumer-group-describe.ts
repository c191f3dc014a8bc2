import type { NamedPartitions } from '../../groups/api.ts';
import { kafkaErrors } from '../../kafka/error-codes.ts';
import { codeOf, type Handler } from '../handler.ts';

const consumerMember = 1;

/** ConsumerGroupDescribe v0–1 (KIP-848). */
export const consumerGroupDescribe: Handler<'ConsumerGroupDescribe'> = async (broker, { groupIds }) => {
  const described = await broker.groups.consumerGroupDescribe(groupIds);
  return {
    groups: described.map(({ error, members, ...group }) => ({
      ...group,
      errorCode: codeOf(error),
      errorMessage: error === 'NONE' ? null : kafkaErrors[error].message,
      members: members.map(({ assignment, targetAssignment, subscribedTopicNames, ...member }) => ({
        ...member,
        subscribedTopicNames: [...subscribedTopicNames],
        assignment: named(assignment),
        targetAssignment: named(targetAssignment),
        memberType: consumerMember,
      })),
    })),
  };
};

const named = (assignment: NamedPartitions) => ({
  topicPartitions: assignment.map(({ topicId, topicName, partitions }) => ({
    topicId,
    topicName,
    partitions: [...partitions],
  })),
});

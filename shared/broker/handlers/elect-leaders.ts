import { kafkaErrors } from '../../kafka/error-codes.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { codeOf, type Handler, noError, settled } from '../handler.ts';
import { partitionFinder } from '../partitions-asked.ts';

type TopicWanted = NonNullable<RequestOf<'ElectLeaders'>['topicPartitions']>[number];
type TopicAnswer = ResponseOf<'ElectLeaders'>['replicaElectionResults'][number];
type PartitionAnswer = TopicAnswer['partitionResult'][number];

const electionTypes = [0, 1]; // preferred, unclean

/**
 * ElectLeaders v0–2. Who leads follows from who lives: no partition ever needs an election. All of them
 * (null): none is named, since Kafka leaves out those that needed none.
 */
export const electLeaders: Handler<'ElectLeaders'> = async (broker, { electionType, topicPartitions }) => {
  const wanted = topicPartitions ?? [];
  const find = partitionFinder(broker);
  const isKnown = electionTypes.includes(electionType);
  return {
    errorCode: isKnown ? noError : codeOf('INVALID_REQUEST'),
    replicaElectionResults: await answerEach(wanted, (topic) =>
      isKnown ? answered(broker, find, topic) : Promise.resolve(refused(topic, electionType)),
    ),
  };
};

const refused = ({ topic, partitions }: TopicWanted, electionType: number): TopicAnswer => ({
  topic,
  partitionResult: partitions.map((partitionId) => ({
    partitionId,
    errorCode: codeOf('INVALID_REQUEST'),
    errorMessage: `There is no election type ${electionType}.`,
  })),
});

async function answered(
  broker: BrokerContext,
  find: ReturnType<typeof partitionFinder>,
  { topic: name, partitions }: TopicWanted,
): Promise<TopicAnswer> {
  const { code, message } = kafkaErrors.ELECTION_NOT_NEEDED;
  const partitionResult = await answerEach(partitions, (partitionId) =>
    settled<PartitionAnswer>(
      broker,
      async () => {
        await find(name, partitionId);
        return { partitionId, errorCode: code, errorMessage: message };
      },
      (failure) => ({ partitionId, ...failure }),
      'REQUEST_TIMED_OUT',
    ),
  );
  return { topic: name, partitionResult };
}
